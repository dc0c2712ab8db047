"""A real server process, of fakes or of a bundle, with any arguments and on any cores."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import server_fakes as fakes

from shortlist_bench.machine import children, pinned, processor_seconds

REAL = [sys.executable, "-P", "-m", "shortlist_cli.main"]
FAKE = [sys.executable, "-P", str(fakes.PROGRAM)]


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    address: str
    process: subprocess.Popen[str]

    @property
    def workers(self) -> list[int]:
        """The processes that answer: those that the supervisor started, or the process itself."""
        return children(self.process.pid) or [self.process.pid]

    @property
    def private_mb(self) -> float:
        """Memory that the largest worker shares with nobody."""
        return max(map(private_mb, self.workers))

    @property
    def processor_seconds(self) -> float:
        """What the workers have used of their cores so far."""
        return sum(map(processor_seconds, self.workers))


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """This thread, and those that it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def served(
    bundles: Path,
    *arguments: str,
    program: Sequence[str] = FAKE,
    cores: Sequence[int] = (),
    log: int | IO[Any] | None = None,
    ends: bool = True,
    **environment: str,
) -> Iterator[Served]:
    """A server of this folder, whose store is beside it. It makes every answer anew, unless the arguments say else.

    It logs into `server.log` beside the folder unless `log` says where; with `ends` it has to end with exit status 0.
    """
    command = [*program, "serve", "--bundles", str(bundles), "--address", "127.0.0.1:0", "--reuse", "0"]
    if "--state" not in arguments:
        command += ["--state", f"sqlite:{bundles.parent}/state.sqlite"]
    with (bundles.parent / "server.log").open("a") as own:
        process = subprocess.Popen(
            pinned(cores, [*command, *arguments]) if cores else [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=own if log is None else log,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("SERVING on "), line
        yield Served(line.removeprefix("SERVING on ").split(": ")[0], process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        ended = process.wait(60)
    assert ended == 0 or not ends, f"the server ended with {ended}"


def private_mb(pid: int) -> float:
    """Memory of a process that it shares with nobody, in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
