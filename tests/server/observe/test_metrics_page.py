from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.registry import Collector
from scrape import scrape
from waiting import eventually

from shortlist_core.addresses import split
from shortlist_core.errors import UnavailableError
from shortlist_server.observe.metrics_page import MetricsPage


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("things", "Things.", registry=registry).inc(3)
    return registry


@pytest.fixture
def page(registry: CollectorRegistry) -> Iterator[MetricsPage]:
    page = MetricsPage("127.0.0.1:0", registry)
    page.start()
    yield page
    page.close()


def status(address: str, method: str, path: str) -> int:
    connection = HTTPConnection(address, timeout=10)
    connection.request(method, path)
    return connection.getresponse().status


def ask(address: str, line: str) -> bytes:
    """All that comes back for a request of one line."""
    with socket.create_connection(split(address), timeout=20) as client:
        client.sendall(f"{line}\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(4096), b""))


def until_answered(page: MetricsPage, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Scrape again and again, as a client that is hung up on does."""

    def answered() -> bool:
        try:
            assert scrape(page.address).value("things_total") == 3
        except (OSError, HTTPException):
            meanwhile()
            return False
        return True

    eventually(answered)


def test_there_is_one_page_and_nothing_else(page: MetricsPage) -> None:
    assert scrape(page.address).value("things_total") == 3
    assert status(page.address, "GET", "/metrics?name=x") == 200
    for path in ("/", "/metrics/", "/metric", "/favicon.ico"):
        assert status(page.address, "GET", path) == 404
    assert status(page.address, "POST", "/metrics") == 501


def test_head_is_get_without_the_text(page: MetricsPage) -> None:
    answers = [ask(page.address, f"{method} /metrics HTTP/1.0") for method in ("HEAD", "GET")]
    head, get = (answer.partition(b"\r\n\r\n") for answer in answers)
    assert head[0].startswith(b"HTTP/1.0 200 ") and b"Content-Length: " in head[0]
    assert head[2] == b"" and b"things_total 3.0" in get[2]


@pytest.mark.parametrize("target", ["http://[/metrics", "http://[", "*", "/metrics#x", "%", "//[/metrics"])
def test_a_target_that_is_none_is_not_found_and_not_logged(
    page: MetricsPage, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(page.address, f"GET {target} HTTP/1.0").startswith(b"HTTP/1.0 404 ")
    assert "".join(capsys.readouterr()) == ""


def test_ipv6_is_listened_on_as_well(registry: CollectorRegistry) -> None:
    page = MetricsPage("[::1]:0", registry)
    page.start()
    assert page.address.startswith("[::1]:") and scrape(page.address).value("things_total") == 3
    page.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.1", "nowhere.invalid", "a..b", "x" * 64])
def test_an_address_that_cannot_be_listened_on_is_one_line(registry: CollectorRegistry, host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"{host}:{taken.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=f"^cannot listen on {address}: .+$"):
            MetricsPage(address, registry)


def test_a_client_that_says_nothing_keeps_nobody_waiting_and_does_not_hold_up_the_end(page: MetricsPage) -> None:
    with socket.create_connection(split(page.address)):
        assert scrape(page.address).value("things_total") == 3
        page.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(split(page.address))


def test_more_than_eight_clients_at_a_time_are_hung_up_on(
    page: MetricsPage, capsys: pytest.CaptureFixture[str]
) -> None:
    clients = [socket.create_connection(split(page.address), timeout=20) for _ in range(8)]
    with socket.create_connection(split(page.address), timeout=20) as one_more:
        assert one_more.recv(1) == b""
    with pytest.raises((OSError, HTTPException)):
        scrape(page.address)
    clients[0].sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    assert clients[0].recv(15) == b"HTTP/1.0 200 OK"  # those that were there are served
    for client in clients:
        client.close()
    until_answered(page)
    assert "".join(capsys.readouterr()) == ""


@pytest.mark.parametrize("busy", ["sending", "reading"])
def test_a_slow_client_is_hung_up_on_however_busy_it_is(
    registry: CollectorRegistry, busy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = MetricsPage("127.0.0.1:0", registry, clients=1, client_seconds=0.5)
    page.start()
    text, asked = page._server.text, threading.Event()

    def long() -> bytes:
        monkeypatch.setattr(page._server, "text", text)
        asked.set()
        return text() * 1_000_000

    with socket.create_connection(split(page.address), timeout=20) as slow:
        slow.sendall(b"GET /metrics HTTP/1.0\r\n")
        if busy == "reading":
            monkeypatch.setattr(page._server, "text", long)
            slow.sendall(b"\r\n")
            assert asked.wait(20)

        def go_on() -> None:
            with suppress(ConnectionError):
                slow.sendall(b"a") if busy == "sending" else slow.recv(1)

        until_answered(page, go_on)
    page.close()
    assert "".join(capsys.readouterr()) == ""


def test_a_page_that_never_answered_gives_its_port_back(registry: CollectorRegistry) -> None:
    page = MetricsPage("127.0.0.1:0", registry)
    page.close()
    again = MetricsPage(page.address, registry)
    assert again.address == page.address
    again.close()


def test_bundles_that_serve_no_more_are_left_out_but_other_zeros_are_told(
    registry: CollectorRegistry, page: MetricsPage
) -> None:
    info = Gauge("shortlist_bundle_info", "Bundles.", ("version",), registry=registry)
    info.labels("old").set(0)
    info.labels("new").set(1)
    Gauge("pending", "Others.", registry=registry)
    now = scrape(page.address)
    assert now.series("shortlist_bundle_info") == {("new",): 1}
    assert now.value("pending") == 0


def test_a_text_that_cannot_be_made_is_logged_and_the_next_scrape_is_answered(
    registry: CollectorRegistry, page: MetricsPage, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Collector):
        def collect(self) -> Iterator[None]:
            raise KeyError("out of order")

    broken = Broken()
    registry._collector_to_names[broken] = []  # `register` would find out
    with pytest.raises(ConnectionError):
        scrape(page.address)
    del registry._collector_to_names[broken]
    assert scrape(page.address).value("things_total") == 3
    logged = "".join(capsys.readouterr())
    assert "metrics_failed" in logged and "out of order" in logged


def test_a_fault_of_the_system_is_logged_but_not_a_client_that_leaves(
    page: MetricsPage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(error: OSError) -> str:
        def text() -> bytes:
            raise error

        monkeypatch.setattr(page._server, "text", text)
        assert ask(page.address, "GET /metrics HTTP/1.0") == b""
        return "".join(capsys.readouterr())

    assert fail(BrokenPipeError(errno.EPIPE, "Broken pipe")) == fail(TimeoutError("timed out")) == ""
    logged = fail(OSError(errno.EMFILE, "Too many open files"))
    assert "metrics_failed" in logged and "Too many open files" in logged
