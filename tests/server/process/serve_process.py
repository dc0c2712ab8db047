"""Runs `shortlist serve` as a process of its own, and waits for what it says and how it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import server_fakes as fakes
from shortlist import Client
from waiting import PATIENCE, eventually

SHORTLIST = [sys.executable, "-P", "-m", "shortlist_cli.main"]
FAKE_SHORTLIST = [sys.executable, "-P", str(fakes.PROGRAM)]
Run = Callable[..., subprocess.Popen[str]]
Ended = Callable[..., tuple[object, str]]


def address(process: subprocess.Popen[str]) -> str:
    """Where a server says it serves."""
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.fullmatch(r"SERVING on (127\.0\.0\.1:\d+): bundle [\d-]+-[0-9a-f]{6}, 40 items\n", line)
    assert match, line + process.communicate(timeout=PATIENCE)[1]
    return match[1]


def drains(client: Client) -> None:
    """Wait until the server says that it is on its way out."""
    eventually(lambda: client.health().name == "NOT_SERVING")


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How a process ends, and what it had to say."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def zombie(pid: int) -> bool:
    """Whether a process has ended, even if nobody has asked how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
