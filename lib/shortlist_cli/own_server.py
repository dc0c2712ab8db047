"""A server of one's own: a process that serves a folder of bundles for as long as a command needs it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shortlist_core.errors import UnavailableError
from shortlist_core.processes import python_module

_METRICS = "metrics at http://"


@contextmanager
def own_server(bundles: Path) -> Iterator[tuple[str, str]]:
    """A server on free ports of this machine, as `shortlist serve` starts it, and drained at the end.

    Gives its address and that of its metrics. Raises UnavailableError where it does not start.
    """
    command = python_module("shortlist_cli.main", "serve", "--bundles", str(bundles), "--address", "127.0.0.1:0")
    command += ["--metrics-address", "127.0.0.1:0", "--log-level", "warning"]
    # Ctrl-C in a terminal goes to all processes of a group; this one ends when its command does.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        if not (lines[0].startswith("SERVING on ") and lines[2].startswith(_METRICS)):
            raise UnavailableError("NOT_SERVING", "the server did not start; it says why above")
        metrics = lines[2].removeprefix(_METRICS).strip().removesuffix("/metrics")
        yield lines[0].removeprefix("SERVING on ").split(": ")[0], metrics
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
