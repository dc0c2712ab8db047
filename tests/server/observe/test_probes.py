"""The probes beside the metrics: whether the process lives, and whether it serves."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection

from conftest import Start
from prometheus_client import CollectorRegistry
from server_wire import Running

from shortlist_server.observe.metrics_page import MetricsPage

LOOPBACK = {"metrics_address": "127.0.0.1:0"}


def ask(address: str, path: str, method: str = "GET") -> tuple[int, str]:
    connection = HTTPConnection(address, timeout=10)
    connection.request(method, path)
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    return answer.status, answer.read().decode()


async def probes(running: Running) -> tuple[tuple[int, str], tuple[int, str]]:
    """What /livez and /readyz of a server of this process say, which goes on meanwhile."""
    page = running.server.metrics_page
    assert page is not None
    return await asyncio.to_thread(ask, page.address, "/livez"), await asyncio.to_thread(ask, page.address, "/readyz")


async def test_a_server_is_ready_from_its_first_bundle_until_it_drains(start: Start) -> None:
    loading = await start(**LOOPBACK, load=False, drain_delay_seconds=2)
    assert await probes(loading) == ((200, "ok\n"), (503, "starting: no bundle is loaded yet\n"))
    await loading.server.activate(lambda: loading.system)
    assert await probes(loading) == ((200, "ok\n"), (200, "ok\n"))
    draining = asyncio.create_task(loading.server.drain())
    await loading.server.lifecycle.draining.wait()
    assert await probes(loading) == ((200, "ok\n"), (503, "draining: this server is shutting down\n"))
    await draining


def test_a_page_that_nobody_told_about_a_server_is_not_ready() -> None:
    page = MetricsPage("127.0.0.1:0", CollectorRegistry())
    page.start()
    try:
        assert ask(page.address, "/livez") == (200, "ok\n")
        assert ask(page.address, "/readyz?verbose") == (503, "starting\n")
        page.ask(lambda: "")
        assert ask(page.address, "/readyz") == (200, "ok\n")
        assert ask(page.address, "/readyz", "HEAD") == (200, "")
    finally:
        page.close()
