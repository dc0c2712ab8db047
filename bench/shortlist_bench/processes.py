"""Servers as processes of their own: Shortlist, and those it is compared with, which announce themselves alike."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shortlist_bench.machine import ONE_THREAD, pinned
from shortlist_core.processes import python_module


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    address: str
    pid: int
    seconds_to_serving: float


@contextmanager
def shortlist(
    bundles: Path, cores: Sequence[int], workers: int = 1, reuse: float = 0, polite: bool = False
) -> Iterator[Server]:
    """Shortlist with a store of its own that is thrown away afterwards; every answer is made anew, unless it may be
    reused for so many seconds. `polite` as below.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["serve", "--bundles", str(bundles), "--address", "127.0.0.1:0"]
        command += ["--state", f"sqlite:{folder}/state.sqlite", "--workers", str(workers), "--log-level", "error"]
        command += ["--reuse", str(reuse)]
        with python_server("shortlist_cli.main", command, cores, polite=polite) as server:
            yield server


@contextmanager
def python_server(
    module: str, arguments: Sequence[str], cores: Sequence[int], polite: bool = False
) -> Iterator[Server]:
    """Runs a module that prints `SERVING on ADDRESS: ...`, kept on these cores, ended by SIGTERM.

    `polite`: it gives way to the load generator, which then is not starved where they share cores.
    """
    begun = time.perf_counter()
    command = [*(["nice", "-n", "5"] if polite else []), *pinned(cores, python_module(module, *arguments))]
    environment = {**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryFile("w+") as errors:  # libraries are talkative: shown only where a server fails
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line.startswith("SERVING on "):
                errors.seek(0)
                raise RuntimeError(f"{module} {' '.join(arguments)} did not come up: {line}{errors.read()[-2_000:]}")
            address = line.removeprefix("SERVING on ").partition(": ")[0]
            yield Server(address.strip(), process.pid, time.perf_counter() - begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
