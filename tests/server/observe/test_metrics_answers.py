"""Answers are counted with their stages, batches, sources and degradations."""

from __future__ import annotations

import asyncio
import threading
import time

from conftest import Start
from counted_calls import LOOPBACK, RECOMMEND, until
from scrape import metrics
from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api
from waiting import eventually_async

from shortlist_server.observe.prometheus import STAGES


async def test_a_recommendation_is_counted_with_its_stages_and_sources(counted: Running) -> None:
    await counted.api.Recommend(api.RecommendRequest(user_id="ann", request_id="req-1", count=5))
    now = await metrics(counted)
    assert now.value("grpc_server_started_total", **RECOMMEND) == 1
    assert now.calls("Recommend") == {"OK": 1}
    assert now.value("grpc_server_handling_seconds_count", **RECOMMEND) == 1
    assert 0 < now.value("grpc_server_handling_seconds_sum", **RECOMMEND) < 60
    assert now.series("shortlist_stage_seconds_count") == {(stage,): 1 for stage in STAGES}
    assert all(seconds > 0 for seconds in now.series("shortlist_stage_seconds_sum").values())
    assert now.value("shortlist_batch_size_count") == now.value("shortlist_batch_size_sum") == 1
    assert now.series("shortlist_recommendations_total") == {("computed",): 1, ("reused",): 0}
    assert set(now.series("shortlist_degraded_total").values()) == {0}
    shown = {source: number for (source,), number in now.series("shortlist_shown_items_total").items()}
    assert shown == {"item_item": 5, "popular_14d": 0, "fresh": 0, "buy_again": 0}  # ann's reasons name what she has
    assert set(now.series("shortlist_requests_pending").values()) == {0}


async def test_an_answer_that_is_given_again_counts_as_reused_and_its_items_as_shown(start: Start) -> None:
    counted = await start(**LOOPBACK)
    for _ in range(3):
        await counted.api.Recommend(api.RecommendRequest(count=5))
    now = await metrics(counted)
    assert now.series("shortlist_recommendations_total") == {("computed",): 1, ("reused",): 2}
    assert now.value("shortlist_stage_seconds_count", stage="hydrate") == 3
    assert now.value("shortlist_stage_seconds_count", stage="rank") == 1
    assert now.value("shortlist_shown_items_total", source="popular_14d") == 15


async def test_requests_that_share_a_batch_count_its_stages_once(counted: Running, stuck: threading.Event) -> None:
    first = asyncio.ensure_future(counted.api.Recommend(api.RecommendRequest()))
    await eventually_async(lambda: counted.system.retriever.calls)
    queries = [api.BatchRecommendQuery() for _ in range(16)]
    batch = asyncio.ensure_future(counted.api.BatchRecommend(api.BatchRecommendRequest(queries=queries)))
    now = await until(counted, lambda now: now.value("shortlist_requests_pending", kind="recommendations") == 17)
    assert now.value("grpc_server_started_total", **RECOMMEND) == 1 and now.calls("Recommend") == {}
    stuck.set()
    await asyncio.gather(first, batch)
    now = await metrics(counted)
    assert now.value("shortlist_batch_size_count") == 2 and now.value("shortlist_batch_size_sum") == 17
    assert now.value("shortlist_batch_size_bucket", le="1.0") == 1
    assert now.series("shortlist_stage_seconds_count") == {(stage,): 2 for stage in STAGES}
    assert now.value("shortlist_recommendations_total", made="computed") == 17
    assert now.value("shortlist_requests_pending", kind="recommendations") == 0


async def test_a_stage_counts_how_long_it_took(counted: Running) -> None:
    counted.system.ranker.before = lambda: time.sleep(0.15)  # the time that it takes is what is counted
    await counted.api.Recommend(api.RecommendRequest())
    now = await metrics(counted)
    assert now.value("shortlist_stage_seconds_sum", stage="rank") >= 0.15
    assert now.value("shortlist_stage_seconds_bucket", stage="rank", le="0.1") == 0
    assert now.value("grpc_server_handling_seconds_bucket", le="0.1", **RECOMMEND) == 0


async def test_other_answers_have_their_stages_but_are_no_shown_recommendations(counted: Running) -> None:
    await counted.api.Retrieve(api.RetrieveRequest())
    await counted.api.SimilarItems(api.SimilarItemsRequest(item_id="i1"))
    await counted.api.Rank(api.RankRequest(item_ids=["i1", "i2"]))
    now = await metrics(counted)
    counts = {"hydrate": 2, "retrieve": 3, "filter": 2, "rank": 1, "select": 3}
    assert now.series("shortlist_stage_seconds_count") == {(stage,): count for stage, count in counts.items()}
    assert now.value("shortlist_recommendations_total", made="computed") == 3
    assert set(now.series("shortlist_shown_items_total").values()) == {0}


async def test_a_degraded_answer_counts_under_its_flags(counted: Running) -> None:
    def broken() -> None:
        raise RuntimeError

    counted.system.ranker.before = broken
    counted.system.retriever.failed = ("item_item",)
    await counted.api.Recommend(api.RecommendRequest())
    now = await metrics(counted)
    degraded = {flag: number for (flag,), number in now.series("shortlist_degraded_total").items()}
    zeros = dict.fromkeys(("ranker_late", "state_unavailable", "popular_fallback", "rules_skipped"), 0)
    assert degraded == {"ranker_skipped": 1, "source_failed": 1} | zeros
    assert now.value("shortlist_recommendations_total", made="computed") == 1
