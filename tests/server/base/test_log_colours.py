"""What a process logs on a terminal, with colours where it wants them, and elsewhere, as JSON alone."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

pytestmark = pytest.mark.system

PROGRAM = """
import os, sys, warnings, logging
import structlog
from shortlist_server.base import logs
logs.configure("info")
structlog.get_logger().warning("not_served", bundle="b1", request_id="\x1b[31m" + "r" * 1000)
if not sys.stderr.isatty():
    os.write(2, b"E1129 02:12:26.435953   20353 chttp2.cc:1403] a secret\\n")
    logging.getLogger("lib").error("failed for %s", "a secret")
    try:
        raise KeyError("a secret")
    except KeyError:
        structlog.get_logger().exception("broken")
logs.release()
print("afterwards", file=sys.stderr)
"""


def said_to_a_terminal(environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-P", "-c", PROGRAM], stderr=theirs, check=True, env={**os.environ, **environment})
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 1 << 16):
            said += data
    except OSError:  # the end of a terminal
        pass
    os.close(ours)
    return said.decode()


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colours_unless_it_says_no(environment: dict[str, str], coloured: bool) -> None:
    said = said_to_a_terminal({"NO_COLOR": "", "TERM": "xterm", **environment})
    assert ("\x1b[" in said) == coloured
    assert "not_served" in said
    assert "\x1b[31mrrr" not in said, "a caller colours the terminal"
    assert "afterwards" in said


def test_a_pipe_gets_json_alone_of_short_lines_without_payload() -> None:
    ended = subprocess.run([sys.executable, "-P", "-c", PROGRAM], capture_output=True, text=True, check=True)
    *logged, last = ended.stderr.splitlines()
    lines = [json.loads(line) for line in logged]
    assert [line["event"] for line in lines if line["event"] != "printed"] == ["not_served", "library", "broken"]
    assert [line["text"] for line in lines if line["event"] == "printed"] == ["chttp2.cc:1403"]
    assert all(len(line) < 1_000 for line in logged)
    assert "secret" not in ended.stderr
    assert last == "afterwards"
