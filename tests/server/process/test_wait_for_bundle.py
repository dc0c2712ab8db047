"""`shortlist serve --wait-for-bundle`: a server that is there before its first bundle."""

from __future__ import annotations

import signal
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
import server_fakes as fakes
from loopback import free_address
from serve_process import Run
from shortlist import Client
from waiting import PATIENCE, eventually


def ready(address: str) -> tuple[int, str]:
    """What /readyz says; 0 while nobody listens."""
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def waits(serve: Run, tmp_path: Path) -> Run:
    """Starts a server that waits for the first bundle in a folder of the test."""
    return partial(serve, "--wait-for-bundle", folder=tmp_path / "bundles")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_once_the_first_bundle_is_published(waits: Run, tmp_path: Path, workers: str) -> None:
    (tmp_path / "bundles").mkdir()
    address, page = free_address(), free_address()
    process = waits("--workers", workers, "--address", address, "--metrics-address", page)
    assert eventually(lambda: ready(page)[0]) == 503
    assert eventually(lambda: ready(page)[1].startswith("starting: "))  # what it waits for is known a moment later
    if workers == "1":  # who of several workers listens first is left open
        with Client(address) as client:
            assert eventually(lambda: client.health().name) == "NOT_SERVING"
    version = fakes.publish(tmp_path / "bundles").current()
    assert process.stdout is not None
    assert process.stdout.readline() == f"SERVING on {address}: bundle {version}, 40 items\n"
    assert ready(page) == (200, "ok\n")
    with Client(address) as client:
        assert client.recommend("ann", 5).items
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_ends_the_waiting(waits: Run, tmp_path: Path, workers: str) -> None:
    (tmp_path / "bundles").mkdir()
    page = free_address()
    process = waits("--workers", workers, "--address", "127.0.0.1:0", "--metrics-address", page)
    assert eventually(lambda: ready(page)[0]) == 503
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, ""), errors


def test_the_folder_itself_has_to_be_there(waits: Run, tmp_path: Path) -> None:
    process = waits("--address", "127.0.0.1:0")
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (2, f"error: there is no folder '{tmp_path}/bundles'\n")
    assert list(tmp_path.iterdir()) == []
