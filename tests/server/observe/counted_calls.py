"""The names that calls are counted under, and waiting until what is counted is as expected."""

from __future__ import annotations

from collections.abc import Callable

from scrape import Scrape, metrics
from server_wire import Running
from waiting import eventually_async

SERVICE = "shortlist.v1.RecommendationService"
RECOMMEND = {"grpc_type": "unary", "grpc_service": SERVICE, "grpc_method": "Recommend"}
LOOPBACK = {"metrics_address": "127.0.0.1:0"}


async def until(running: Running, holds: Callable[[Scrape], bool]) -> Scrape:
    """What ends a call is counted when the call is over for the server, which its client may know earlier."""

    async def held() -> Scrape | None:
        now = await metrics(running)
        return now if holds(now) else None

    now = await eventually_async(held)
    assert now is not None
    return now
