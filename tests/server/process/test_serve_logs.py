"""A server logs lines of JSON that name no user."""

from __future__ import annotations

import signal

from serve_process import Run, address, finish
from shortlist import Client


def test_logs_are_json_without_user_ids(serve: Run) -> None:
    process = serve("--log-level", "debug")
    with Client(address(process)) as client:
        client.recommend("ann", 3)
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    lines = errors.splitlines()
    assert code == 0 and lines and all(line.startswith("{") and line.endswith("}") for line in lines)
    assert '"event": "call"' in errors and '"ann"' not in errors
