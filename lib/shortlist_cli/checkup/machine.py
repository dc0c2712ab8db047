"""Checks of the machine that Shortlist is to run on: versions, cores, memory, files, disk, clock, compiled loops."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from shortlist_cli.checkup.finding import Finding, Verdict, judged
from shortlist_kernels.cache import compiled_loops

_OURS = "shortlist-server"
_TENSORFLOW = ("tensorflow", "tensorflow-cpu")
_CGROUP = Path("/sys/fs/cgroup")
_MEMINFO = Path("/proc/meminfo")

_CONNECTIONS = 4_096  # the most that a worker takes
_FILES_BESIDE = 1_024  # those of a bundle, of the store, of libraries
_GIB = 1 << 30
_TIME_ERROR = 5  # what Linux calls a clock that nothing corrects
_TIMEX_BYTES = 512  # more than the structure has on any processor


def machine() -> list[Finding]:
    """What was found about this machine."""
    return [check() for check in CHECKS]


def versions() -> Finding:
    """Whether all libraries are there."""
    found = f"Shortlist {metadata.version(_OURS)}, Python {platform.python_version()}"
    required = (each for each in metadata.requires(_OURS) or () if "extra ==" not in each)
    names = [re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in required]
    if missing := [name for name in names if not _version(name)]:
        return Finding("versions", f"{found}; without {', '.join(missing)}", Verdict.BAD, "install Shortlist anew")
    tensorflow = next(filter(None, map(_version, _TENSORFLOW)), "")
    if not tensorflow:
        advice = "install the extra: shortlist-server[cpu], or [gpu]"
        return Finding("versions", f"{found}; without TensorFlow", Verdict.BAD, advice)
    return Finding("versions", f"{found}, TensorFlow {tensorflow}, grpcio {_version('grpcio')}")


def cores() -> Finding:
    """How many cores this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = f"{usable} of {os.cpu_count()}"
    if (quota := _quota()) and quota < usable:
        found, usable = f"{found}; the control group allows {quota:g}", int(quota)
    if usable < 2:
        advice = "one worker serves here; a training beside it takes its core: train elsewhere, or add cores"
        return Finding("cores", found, Verdict.WARNING, advice)
    return Finding("cores", found, advice=f"to use them all: shortlist serve --workers {usable}")


def memory() -> Finding:
    """How much memory is free, by the machine and by the control group."""
    try:
        said = dict(re.findall(r"^(\w+):\s+(\d+) kB", _MEMINFO.read_text(), re.MULTILINE))
        free, whole = int(said["MemAvailable"]) << 10, int(said["MemTotal"]) << 10
    except (OSError, KeyError):
        return Finding("memory", "not told here", Verdict.UNKNOWN)
    if (most := _number(_CGROUP / "memory.max")) is not None and most < whole:
        free, whole = min(free, most - (_number(_CGROUP / "memory.current") or 0)), most
    advice = "a worker takes about 0.5 GiB besides the files that all share; a training takes more"
    verdict = judged(free, 2 * _GIB, _GIB)
    return Finding(
        "memory", f"{free / _GIB:.1f} of {whole / _GIB:.1f} GiB free", verdict, advice if verdict != "good" else ""
    )


def file_limit() -> Finding:
    """How many files a process may have open; each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = _CONNECTIONS + _FILES_BESIDE
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return Finding("open files", "no limit" if soft == resource.RLIM_INFINITY else f"{soft:,} a process")
    how = f"ulimit -n {needed}" if hard == resource.RLIM_INFINITY or hard >= needed else "raise the hard limit"
    advice = f"a worker takes {_CONNECTIONS:,} connections: {how}, or LimitNOFILE={needed} in systemd"
    return Finding("open files", f"{soft:,} a process", Verdict.WARNING, advice)


def disk() -> Finding:
    """Whether there is space for temporary files, among them the counts of workers."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    verdict = judged(free, _GIB, _GIB // 10)
    advice = "make space there, or name another folder in TMPDIR" if verdict != Verdict.GOOD else ""
    return Finding("temporary folder", f"{free / _GIB:.1f} GiB free in {folder}", verdict, advice)


def clock() -> Finding:
    """Whether the clock is right: events, expiry of tokens and ages of bundles go by it."""
    now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if Path(__file__).stat().st_mtime > time.time() + 86_400:
        return Finding("clock", f"{now}, before Shortlist was installed", Verdict.BAD, "set the clock: timedatectl")
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        state = -1
    if state < 0:
        return Finding("clock", f"{now}; whether it is corrected is not told here", Verdict.UNKNOWN)
    if state == _TIME_ERROR:
        advice = "start a time service, such as chrony: events and tokens of several machines go by their clocks"
        return Finding("clock", f"{now}, corrected by nothing", Verdict.WARNING, advice)
    return Finding("clock", f"{now}, kept right")


def loops() -> Finding:
    """Whether the loops are compiled, for which the first start of an installation takes its time."""
    if found := compiled_loops():
        return Finding("compiled loops", f"{len(found)} in {found[0].parent}")
    advice = "start a server once, as while an image is built, or keep the folder in NUMBA_CACHE_DIR"
    return Finding("compiled loops", "none: the next start takes some 15 s more", Verdict.WARNING, advice)


CHECKS: tuple[Callable[[], Finding], ...] = (versions, cores, memory, file_limit, disk, clock, loops)
"""In the order in which they are shown."""


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _quota() -> float | None:
    """Cores' worth of time that the control group allows; None where there is no such limit."""
    try:
        most, period = (_CGROUP / "cpu.max").read_text().split()
        return None if most == "max" else int(most) / int(period)
    except (OSError, ValueError):
        return None


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # absent, or `max`
        return None
