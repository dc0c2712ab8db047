"""A real server process over fake models, and a real gateway process in front of it, asked over real HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path += [str(Path(__file__).parent), str(Path(__file__).parents[1] / "server")]

import server_fakes
from gateway_http import GatewayWith
from gateway_process import Process, Run

from shortlist_bundle.reports import write_report
from shortlist_gateway.process import serving
from shortlist_gateway.settings import Settings


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Iterator[Run]:
    """Starts `shortlist COMMAND ARGUMENTS` over fakes, waits until it serves, and kills it at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> Process:
        log = tmp_path_factory.mktemp("log") / "stderr"
        popen = subprocess.Popen(
            [sys.executable, "-P", str(server_fakes.PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            stderr=log.open("w"),
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
        started.append(popen)
        assert popen.stdout is not None
        line = popen.stdout.readline()
        assert line.startswith("SERVING"), log.read_text()
        address = line.split(" on ")[1].split(": ")[0].split(", ")[0]
        return Process(popen, address, log)

    yield start
    for popen in started:
        popen.kill()
        popen.communicate()


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop") / "bundles"
    for _ in range(2):  # so that there is one to roll back to
        newest = server_fakes.publish(directory).versions()[-1]
    write_report(directory, newest, "<!doctype html><title>Report</title>")
    return directory


@pytest.fixture
def serve(run: Run, bundles: Path, tmp_path: Path) -> Run:
    """Starts a server of its own for a test."""

    def start(*arguments: str, **environment: str) -> Process:
        where = ["--bundles", str(bundles), "--state", f"sqlite:{tmp_path}/state.sqlite", "--address", "127.0.0.1:0"]
        return run("serve", *where, *arguments, **environment)

    return start


@pytest.fixture
def put_before(run: Run) -> Run:
    """Starts a gateway of its own for a test, before the server with this address."""

    def start(address: str, *arguments: str, **environment: str) -> Process:
        return run("gateway", "--address", "127.0.0.1:0", "--server", address, *arguments, **environment)

    return start


@pytest.fixture(scope="session")
def server(run: Run, bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Process:
    state = tmp_path_factory.mktemp("state") / "state.sqlite"
    return run("serve", "--bundles", str(bundles), "--state", f"sqlite:{state}", "--address", "127.0.0.1:0")


@pytest.fixture(scope="session")
def gateway(run: Run, server: Process) -> Process:
    return run("gateway", "--address", "127.0.0.1:0", "--server", server.address)


@pytest.fixture
def gateway_with(server: Process) -> GatewayWith:
    """A gateway in this process with settings of its own: `async with gateway_with(idle_seconds=1) as address`."""

    @asynccontextmanager
    async def begin(**values: Any) -> AsyncIterator[str]:
        settings = Settings("127.0.0.1:0", server.address, **({"grace_seconds": 1} | values))
        async with serving(settings) as address:
            yield address

    return begin
