"""Starts `shortlist serve` as an operator does: real processes over fake models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import server_fakes as fakes
from server_fakes import Gate

sys.path.append(str(Path(__file__).parent))

from serve_process import FAKE_SHORTLIST, Ended, Run

import shortlist_cli.main
from shortlist_server.process import worker


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop") / "bundles"
    fakes.publish(directory)
    return directory


@pytest.fixture
def serve(bundles: Path, tmp_path: Path, system_test: None) -> Iterator[Run]:
    """Starts `shortlist serve` over fakes with these arguments; ends what a failing test leaves behind."""
    started: list[subprocess.Popen[str]] = []

    def run(
        *arguments: str, folder: Path = bundles, program: Sequence[str] = FAKE_SHORTLIST, **environment: str
    ) -> subprocess.Popen[str]:
        shop = ["--bundles", str(folder), "--state", f"sqlite:{tmp_path}/state.sqlite"]
        defaults = [] if "--tenants" in arguments else shop
        defaults += [] if "--address" in arguments else ["--address", "127.0.0.1:0"]
        process = subprocess.Popen(
            [*program, "serve", *defaults, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ended:
    """How `shortlist serve` with these arguments ends in this process, and what it has to say."""

    def end(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", "serve", *arguments])
        monkeypatch.setattr(worker, "prepare", lambda settings: None)  # this process keeps its logs and environment
        with pytest.raises(SystemExit) as exited:
            shortlist_cli.main.run()
        return exited.value.code, capsys.readouterr().err

    return end


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")
