from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.registry import Collector
from scrape import scrape

from core.addresses import split
from core.errors import UnavailableError
from server import metrics_page
from server.metrics_page import MetricsPage


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


def test_there_is_one_page_and_nothing_else(page: MetricsPage) -> None:
    assert scrape(page.address).value("things_total") == 3
    assert status(page.address, "GET", "/metrics?name=x") == 200
    for path in ("/", "/metrics/", "/metric", "/favicon.ico"):
        assert status(page.address, "GET", path) == 404
    assert status(page.address, "POST", "/metrics") == 501


def test_ipv6_is_listened_on_as_well(registry: CollectorRegistry) -> None:
    page = MetricsPage("[::1]:0", registry)
    page.start()
    assert page.address.startswith("[::1]:") and scrape(page.address).value("things_total") == 3
    page.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "203.0.113.1", "nowhere.invalid"])
def test_an_address_that_cannot_be_listened_on_is_one_line(registry: CollectorRegistry, host: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"{host}:{taken.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=f"^cannot listen on {address}: .+$"):
            MetricsPage(address, registry)


def test_a_client_that_says_nothing_keeps_nobody_waiting_and_does_not_hold_up_the_end(
    page: MetricsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_page._Handler, "timeout", None)  # it is waited for as long as it takes
    with socket.create_connection(split(page.address)):
        assert scrape(page.address).value("things_total") == 3
        page.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(split(page.address))


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
