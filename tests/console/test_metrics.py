"""Live metrics: what lies between two readings of a Prometheus page, and the page that shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from browsing import Browser, Look
from waiting import eventually_async

from shortlist_console.metrics.reading import Rates, Reading, quantile

PAGE = """# TYPE grpc_server_handled_total counter
grpc_server_handled_total{{grpc_method="Recommend",grpc_code="OK"}} {ok}
grpc_server_handled_total{{grpc_method="Recommend",grpc_code="INTERNAL"}} {failed}
grpc_server_handled_total{{grpc_method="Recommend",grpc_code="NOT_FOUND"}} 5
# TYPE grpc_server_handling_seconds histogram
grpc_server_handling_seconds_bucket{{grpc_method="Recommend",le="0.01"}} {ok}
grpc_server_handling_seconds_bucket{{grpc_method="Recommend",le="+Inf"}} {ok}
# TYPE shortlist_recommendations_total counter
shortlist_recommendations_total{{made="computed"}} {ok}
# TYPE shortlist_degraded_total counter
shortlist_degraded_total{{flag="ranker_late"}} {failed}
# TYPE shortlist_requests_pending gauge
shortlist_requests_pending{{kind="recommendations"}} 3
# TYPE shortlist_bundle_info gauge
shortlist_bundle_info{{version="v1",label="stable"}} 1
"""


def test_rates_are_those_between_two_readings() -> None:
    before, after = Reading.of(PAGE.format(ok=10, failed=0), 100), Reading.of(PAGE.format(ok=110, failed=25), 150)
    rates = Rates.between(before, after, "Recommend")
    assert (rates.calls, rates.errors) == (2.5, 0.2)
    assert rates.p50 == pytest.approx(0.005)
    anew = Reading.of(PAGE.format(ok=5, failed=0), 160)
    assert Rates.between(after, anew, "Recommend").calls == 1, "a server that began anew counts from 0"
    assert Rates.between(before, before, "Recommend").p50 is None


def test_quantiles_are_even_within_a_bucket() -> None:
    buckets = {0.1: 50, 0.2: 90, float("inf"): 100}
    assert quantile(buckets, 0.25) == pytest.approx(0.05)
    assert quantile(buckets, 0.7) == pytest.approx(0.15)
    assert quantile(buckets, 0.99) == 0.2, "beyond the last bound nothing is known"
    assert quantile({}, 0.5) is None


@asynccontextmanager
async def metrics_page() -> AsyncIterator[str]:
    """Somebody's metrics, which grow with every look."""
    looks = iter(range(0, 1_000_000, 10))

    async def handle(_: web.Request) -> web.Response:
        return web.Response(text=PAGE.format(ok=next(looks), failed=1))

    app = web.Application()
    app.router.add_get("/metrics", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_the_page_shows_what_the_server_does_now(look: Look) -> None:
    async with metrics_page() as metrics:
        browser: Browser = await look(metrics_address=metrics, sample_seconds=0.01)

        async def rates_are_there() -> bool:
            return "Methods in the last" in (await browser.get("/metrics")).text

        assert await eventually_async(rates_are_there)
        page = await browser.get("/metrics")
        assert "Recommend" in page.text and "recommendations 3" in page.text and "stable v1" in page.text
        assert page.html.count("<polyline") == 3 and 'http-equiv="refresh"' not in page.html


async def test_without_an_address_the_page_says_how_to_get_metrics(browser: Browser) -> None:
    assert "shortlist console --metrics-address" in (await browser.get("/metrics")).text
