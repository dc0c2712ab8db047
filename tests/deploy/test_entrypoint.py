"""The image's entrypoint, over a `shortlist` that writes down how it was called."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deployment import DEPLOY
from waiting import eventually

PROGRAM = """#!/bin/sh
echo "$NUMBA_CACHE_DIR" > "$NOTES/loops"
trap 'echo TERM > "$NOTES/signal"; exit "${STATUS:-0}"' TERM
for argument; do echo "$argument"; done > "$NOTES/draft"
mv "$NOTES/draft" "$NOTES/arguments"
while [ -n "${WAITS:-}" ]; do sleep 0.02; done
exit "${STATUS:-0}"
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder as the image has it, with compiled loops, in which nothing can be written."""
    folder = tmp_path / "image"
    (folder / "venv/bin").mkdir(parents=True)
    program = folder / "venv/bin/shortlist"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (folder / "processor").write_bytes((DEPLOY / "image/processor").read_bytes())
    (folder / "loops/kernel_1").mkdir(parents=True)
    (folder / "loops/kernel_1/loop.nbc").write_text("machine code")
    return folder


@pytest.fixture
def start(image: Path, tmp_path: Path, system_test: None) -> Iterator[Start]:
    """Starts the entrypoint in a container's environment, with these variables besides."""
    started = []
    (tmp_path / "tmp").mkdir()

    def run(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        variables = {"SHORTLIST_IMAGE": str(image), "SHORTLIST_KEPT": "/kept", "TMPDIR": str(tmp_path / "tmp")}
        variables |= {"PATH": os.environ["PATH"], "NOTES": str(tmp_path), **environment}
        started.append(subprocess.Popen([DEPLOY / "entrypoint", *arguments], env=variables))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def called_with(folder: Path) -> list[str]:
    return eventually(lambda: (folder / "arguments").exists() and (folder / "arguments").read_text().splitlines())


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ([], "serve --bundles /kept/bundles --address 0.0.0.0:50051 --metrics-address 0.0.0.0:9464"),
        (
            ["serve", "--state", "two words"],
            "serve --bundles /kept/bundles --address 0.0.0.0:50051 --metrics-address 0.0.0.0:9464 --state|two words",
        ),
        (["gateway", "--insecure"], "gateway --address 0.0.0.0:8080 --insecure"),
        (["console", "--insecure"], "console --listen 0.0.0.0:8080 --insecure"),
        (["retrain", "--cold"], "retrain --data /kept/data --bundles /kept/bundles --cold"),
        (["bundle", "list"], "bundle list"),
    ],
)
def test_a_role_has_its_options_and_those_that_are_given(
    start: Start, tmp_path: Path, given: list[str], called: str
) -> None:
    assert start(*given).wait(30) == 0
    first, _, last = called.partition("|")
    assert called_with(tmp_path) == first.split() + ([last] if last else [])


@pytest.mark.parametrize("role", ["serve", "gateway", "console", "retrain", "train"])
def test_sigterm_reaches_the_program_and_its_status_comes_back(start: Start, tmp_path: Path, role: str) -> None:
    process = start(role, WAITS="yes", STATUS="7")
    called_with(tmp_path)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 7
    assert (tmp_path / "signal").read_text() == "TERM\n"


@pytest.mark.parametrize(("ended", "status"), [("0", 0), ("2", 2), ("3", 3), ("4", 0), ("5", 5)])
def test_too_little_to_compare_with_is_no_failure_of_a_retraining(start: Start, ended: str, status: int) -> None:
    assert start("retrain", STATUS=ended).wait(30) == status


def test_compiled_loops_lie_where_they_can_be_written(start: Start, tmp_path: Path) -> None:
    assert start("serve").wait(30) == 0
    loops = tmp_path / "tmp/loops"
    assert (tmp_path / "loops").read_text().strip() == str(loops)
    assert (loops / "kernel_1/loop.nbc").read_text() == "machine code"
    (loops / "kernel_1/more.nbc").touch()  # what this server compiled besides is there at the next start
    assert start("serve").wait(30) == 0
    assert (loops / "kernel_1/more.nbc").exists() and [each.name for each in loops.parent.iterdir()] == ["loops"]
