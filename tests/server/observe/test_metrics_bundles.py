"""The page of metrics names the bundles that serve by their labels, and counts nothing that a shadow ranks."""

from __future__ import annotations

from typing import Any

import server_fakes as fakes
from bundle_calls import CANARY, SHADOW, activate
from conftest import Start
from counted_calls import LOOPBACK
from scrape import Scrape, metrics
from shortlist.v1 import recommendation_service_pb2 as api
from waiting import eventually_async

from shortlist_bundle import BundleStore
from shortlist_server.observe.prometheus import STAGES


async def test_the_bundle_that_serves_is_told_with_its_label_and_the_one_before_no_more(
    start: Start, published: BundleStore
) -> None:
    running = await start(follow=True, bundle_poll_seconds=0.05, **LOOPBACK)
    first, second, third = published.versions()

    def info(now: Scrape) -> dict[tuple[str, ...], float]:
        return now.series("shortlist_bundle_info")

    now = await metrics(running)
    assert info(now) == {("stable", first): 1}
    assert now.series("shortlist_bundle_items") == {("stable", first): fakes.ITEMS}
    await activate(running, second)
    await activate(running, third, CANARY, 0.5)
    await activate(running, first, SHADOW)
    now = await metrics(running)
    assert info(now) == {("stable", second): 1, ("canary", third): 1, ("shadow", first): 1}
    assert now.series("shortlist_bundle_items").keys() == info(now).keys()
    await activate(running, first)
    assert ("stable", second) not in info(await metrics(running))


async def test_what_a_shadow_ranks_is_no_answer(start: Start, published: BundleStore) -> None:
    running = await start(follow=True, **LOOPBACK)
    await activate(running, published.versions()[1], SHADOW)
    serving: Any = running.server.engine.serving
    await running.api.Recommend(api.RecommendRequest(count=3))
    await eventually_async(lambda: serving.shadow.comparison().compared)
    now = await metrics(running)
    assert now.series("shortlist_stage_seconds_count") == {(stage,): 1 for stage in STAGES}
    assert now.value("shortlist_recommendations_total", made="computed") == 1
