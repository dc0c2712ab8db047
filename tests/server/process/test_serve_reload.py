"""SIGHUP: a running server takes what it can of the changed settings file, and ends for nothing that is wrong in it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from serve_process import Run, address, finish
from shortlist import Client, Options
from waiting import PATIENCE


def line(process: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """The next log line of this event."""
    assert process.stderr is not None
    for text in process.stderr:
        said: dict[str, Any] = json.loads(text)
        if said["event"] == event:
            return said
    raise AssertionError(f"the server ended without {event}")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_changed_settings_file_is_taken_on_sighup(serve: Run, tmp_path: Path, workers: str) -> None:
    file = tmp_path / "shortlist.toml"
    file.write_text("[serve]\nreuse = 5\n")
    process = serve("--workers", workers, "--grace", "2", SHORTLIST_CONFIG=str(file))
    where = address(process)

    file.write_text('[serve]\nlog_level = "debug"\nmax_user_events = 500\ngrace = 9\nreuse = 1\nworkers = 9\n')
    process.send_signal(signal.SIGHUP)
    # Flags stay what they are, and so does what a running server cannot change.
    assert line(process, "settings_need_restart")["settings"] == ["reuse_seconds"]
    for _ in range(int(workers)):
        assert line(process, "reloaded")["settings"] == ["log_level", "max_user_events"]
    with Client(where, Options(timeout=PATIENCE)) as client:
        assert client.recommend("ann", 1).items
    assert line(process, "call")["method"].endswith("Recommend")  # which is logged at `debug` alone

    file.write_text("[serve]\nlog_levle = 'info'\n")
    process.send_signal(signal.SIGHUP)
    assert "did you mean 'log_level'?" in line(process, "settings_not_reloaded")["reason"]
    assert line(process, "reloaded")["settings"] == []
    process.send_signal(signal.SIGTERM)
    assert line(process, "draining")["grace_seconds"] == 2
    assert finish(process)[0] == 0
