"""What calls, stages and bundles leave behind on the page of metrics."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
import server_fakes as fakes
from bundle_calls import CANARY, SHADOW, activate
from conftest import Start
from google.protobuf import descriptor_pool
from prometheus_client import CollectorRegistry
from scrape import Scrape, metrics
from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import Event
from waiting import eventually_async

from shortlist_bundle import BundleStore
from shortlist_core.errors import StateError
from shortlist_server.observe.metrics_page import MetricsPage
from shortlist_server.observe.prometheus import STAGES, PrometheusMetrics
from shortlist_server.process.app import HEALTH, SERVICES
from shortlist_server.rpc.auth import Authority

SERVICE = "shortlist.v1.RecommendationService"
RECOMMEND = {"grpc_type": "unary", "grpc_service": SERVICE, "grpc_method": "Recommend"}
LOOPBACK = {"metrics_address": "127.0.0.1:0"}


@pytest.fixture
async def counted(start: Start) -> Running:
    return await start(**LOOPBACK, reuse_seconds=0)


@pytest.fixture
def stuck(counted: Running) -> Any:
    """Retrieval that does not return until the event is set."""
    free = threading.Event()
    counted.system.retriever.before = lambda: free.wait(30)
    yield free
    free.set()


async def until(running: Running, holds: Callable[[Scrape], bool]) -> Scrape:
    """What ends a call is counted when the call is over for the server, which its client may know earlier."""

    async def held() -> Scrape | None:
        now = await metrics(running)
        return now if holds(now) else None

    now = await eventually_async(held)
    assert now is not None
    return now


async def test_every_method_begins_with_zeros(counted: Running) -> None:
    now = await metrics(counted)
    methods = {
        (service, method.name)
        for service in (*SERVICES, HEALTH)
        for method in descriptor_pool.Default().FindServiceByName(service).methods
    }
    started = now.series("grpc_server_started_total")
    assert {(service, method) for method, service, _ in started} == methods and set(started.values()) == {0}
    ended = now.series("grpc_server_handled_total")
    for code in ("OK", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL"):
        assert {(service, method) for own, method, service, _ in ended if own == code} == methods
    assert set(ended.values()) == {0}
    kinds = {method: kind for method, _, kind in started}
    assert (kinds["Recommend"], kinds["StreamRecommend"], kinds["Watch"]) == ("unary", "bidi_stream", "server_stream")


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
    assert shown == {"item_item": 5, "popular_14d": 0, "fresh": 0}  # ann's reasons name what she has
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


async def test_an_invalid_request_counts_as_such_and_is_no_answer(counted: Running) -> None:
    await failure(counted.api.Recommend(api.RecommendRequest(count=501)))
    await failure(counted.channel.unary_unary(f"/{SERVICE}/Recommend")(b"\xff\xff\xff"))
    now = await metrics(counted)
    assert now.value("grpc_server_started_total", **RECOMMEND) == 2
    assert now.calls("Recommend") == {"INVALID_ARGUMENT": 2}
    assert now.series("shortlist_recommendations_total") == {("computed",): 0, ("reused",): 0}


async def test_a_call_that_is_cancelled_counts_as_cancelled(counted: Running, stuck: threading.Event) -> None:
    call = counted.api.Recommend(api.RecommendRequest(), timeout=60)
    await until(counted, lambda now: now.value("grpc_server_started_total", **RECOMMEND) == 1)
    call.cancel()
    now = await until(counted, lambda now: bool(now.calls("Recommend")))
    assert now.calls("Recommend") == {"CANCELLED": 1}
    assert now.value("shortlist_requests_pending", kind="recommendations") == 0


async def test_a_call_whose_deadline_ends_while_it_is_worked_on_counts_as_late(
    counted: Running, stuck: threading.Event
) -> None:
    got = await failure(counted.api.Recommend(api.RecommendRequest(), timeout=0.3))
    assert got.code == grpc.StatusCode.DEADLINE_EXCEEDED
    now = await until(counted, lambda now: bool(now.calls("Recommend")))
    assert now.calls("Recommend") == {"DEADLINE_EXCEEDED": 1}


async def test_a_call_without_time_for_a_stage_counts_as_late(start: Start) -> None:
    running = await start(answer_reserve_seconds=3, **LOOPBACK)
    await failure(running.api.Recommend(api.RecommendRequest(), timeout=2))
    now = await metrics(running)
    assert now.calls("Recommend") == {"DEADLINE_EXCEEDED": 1}
    assert set(now.series("shortlist_stage_seconds_count").values()) == {0}


async def test_calls_beyond_the_limit_count_as_refused(start: Start) -> None:
    running = await start(max_pending=64, **LOOPBACK)
    free = threading.Event()
    running.system.retriever.before = lambda: free.wait(30)
    accepted = [asyncio.ensure_future(running.api.Recommend(api.RecommendRequest())) for _ in range(64)]
    try:
        await until(running, lambda now: now.value("shortlist_requests_pending", kind="recommendations") == 64)
        await failure(running.api.Recommend(api.RecommendRequest()))
    finally:
        free.set()
    await asyncio.gather(*accepted)
    assert (await metrics(running)).calls("Recommend") == {"RESOURCE_EXHAUSTED": 1, "OK": 64}


async def test_calls_that_nobody_may_make_count_as_such(start: Start) -> None:
    running = await start(authority=Authority([]), **LOOPBACK)
    await failure(running.api.Recommend(api.RecommendRequest()))
    assert (await metrics(running)).calls("Recommend") == {"UNAUTHENTICATED": 1}


async def test_without_a_bundle_calls_count_as_unavailable(start: Start) -> None:
    running = await start(load=False, **LOOPBACK)
    await failure(running.api.Recommend(api.RecommendRequest()))
    now = await metrics(running)
    assert now.calls("Recommend") == {"UNAVAILABLE": 1} and not now.series("shortlist_bundle_info")


async def test_a_draining_server_counts_what_it_refuses_and_then_gives_the_port_back(start: Start) -> None:
    running = await start(drain_delay_seconds=1, **LOOPBACK)
    draining = asyncio.create_task(running.server.drain())
    await running.server.lifecycle.draining.wait()
    await failure(running.api.Recommend(api.RecommendRequest()))
    assert (await metrics(running)).calls("Recommend") == {"UNAVAILABLE": 1}
    await draining
    page: Any = running.server.metrics_page
    MetricsPage(page.address, CollectorRegistry()).close()  # raises where it cannot listen


async def test_an_error_that_nobody_foresaw_counts_as_internal(
    counted: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(counted.store, "append", breaks)
    event = Event(event_id="e", user_id="u", item_id="i")
    await failure(counted.events.WriteEvents(event_api.WriteEventsRequest(events=[event])))
    now = await metrics(counted)
    assert now.calls("WriteEvents") == {"INTERNAL": 1}
    assert set(now.series("shortlist_events_written_total").values()) == {0}


async def test_a_stream_counts_once_and_at_its_end(counted: Running) -> None:
    call = counted.api.StreamRecommend()
    for _ in range(3):
        await call.write(api.StreamRecommendRequest())
        await call.read()
    stream = {"grpc_type": "bidi_stream", "grpc_service": SERVICE, "grpc_method": "StreamRecommend"}
    now = await metrics(counted)
    assert now.value("grpc_server_started_total", **stream) == 1 and now.calls("StreamRecommend") == {}
    assert now.value("shortlist_recommendations_total", made="computed") == 3
    await call.done_writing()
    assert await call.code() == grpc.StatusCode.OK
    now = await metrics(counted)
    assert now.calls("StreamRecommend") == {"OK": 1}
    assert now.value("grpc_server_handling_seconds_count", **stream) == 1


async def test_a_stream_whose_client_leaves_counts_as_cancelled(counted: Running) -> None:
    call = counted.api.StreamRecommend()
    await call.write(api.StreamRecommendRequest())
    await call.read()
    call.cancel()
    now = await until(counted, lambda now: bool(now.calls("StreamRecommend")))
    assert now.calls("StreamRecommend") == {"CANCELLED": 1}


async def test_a_degraded_answer_counts_under_its_flags(counted: Running) -> None:
    def broken() -> None:
        raise RuntimeError

    counted.system.ranker.before = broken
    counted.system.retriever.failed = ("item_item",)
    await counted.api.Recommend(api.RecommendRequest())
    now = await metrics(counted)
    degraded = {flag: number for (flag,), number in now.series("shortlist_degraded_total").items()}
    zeros = dict.fromkeys(("ranker_late", "state_unavailable", "popular_fallback"), 0)
    assert degraded == {"ranker_skipped": 1, "source_failed": 1} | zeros
    assert now.value("shortlist_recommendations_total", made="computed") == 1


async def test_methods_that_clients_make_up_become_no_series(counted: Running) -> None:
    before = {(name, tuple(labels.items())) for name, labels, _ in (await metrics(counted)).samples}
    for path in (f"/{SERVICE}/Guess", "/shortlist.v1.Nobody/Recommend"):
        got = await failure(counted.channel.unary_unary(path)(b""))
        assert got.code == grpc.StatusCode.UNIMPLEMENTED
    assert {(name, tuple(labels.items())) for name, labels, _ in (await metrics(counted)).samples} == before


async def test_nothing_that_callers_send_is_on_the_page(counted: Running) -> None:
    event = Event(event_id="event-9", user_id="user-9", item_id="i39", event_type=1)
    await counted.events.WriteEvents(event_api.WriteEventsRequest(events=[event]))
    await counted.api.Recommend(api.RecommendRequest(user_id="user-9", request_id="request-9", count=3))
    await failure(counted.api.SimilarItems(api.SimilarItemsRequest(item_id="item-9")))
    now = await metrics(counted)
    assert now.calls("SimilarItems") == {"NOT_FOUND": 1}
    for word in ("user-9", "request-9", "item-9", "event-9", "i39", "ann"):
        assert f'"{word}"' not in now.text


async def test_events_are_counted_as_stored_or_known_already(counted: Running) -> None:
    events = [Event(event_id=f"e{i % 3}", user_id="u", item_id="i1", event_type=1) for i in range(5)]
    await counted.events.WriteEvents(event_api.WriteEventsRequest(events=events))
    now = await metrics(counted)
    assert now.series("shortlist_events_written_total") == {("accepted",): 3, ("duplicate",): 2}


def test_logs_are_followed_from_the_start_as_far_as_anybody_is_alarmed() -> None:
    for log in ("events", "catalog"):
        begun = PrometheusMetrics().registry.get_sample_value("shortlist_followed_timestamp_seconds", {"log": log})
        assert begun is not None and abs(begun - time.time()) < 60


async def test_events_that_are_being_stored_are_pending(counted: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    free, append = threading.Event(), counted.store.append
    monkeypatch.setattr(counted.store, "append", lambda events: free.wait(30) and append(events))
    event = Event(event_id="e", user_id="u", item_id="i1", event_type=1)
    writing = asyncio.ensure_future(counted.events.WriteEvents(event_api.WriteEventsRequest(events=[event])))
    try:
        now = await until(counted, lambda now: now.value("shortlist_requests_pending", kind="writes") == 1)
        assert now.value("shortlist_requests_pending", kind="recommendations") == 0
    finally:
        free.set()
    await writing
    assert (await metrics(counted)).value("shortlist_requests_pending", kind="writes") == 0


async def test_a_log_that_cannot_be_followed_falls_behind_while_the_other_goes_on(
    counted: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def gone() -> int:
        asked.append(1)
        raise StateError("away")

    def followed(now: Scrape, log: str) -> float:
        return now.value("shortlist_followed_timestamp_seconds", log=log)

    begun = await metrics(counted)
    assert all(abs(followed(begun, log) - time.time()) < 60 for log in ("events", "catalog"))
    await until(counted, lambda now: all(followed(now, log) > followed(begun, log) for log in ("events", "catalog")))
    monkeypatch.setattr(counted.store, "position", gone)
    await eventually_async(lambda: asked)  # one thread follows: what it was looking at before is done
    behind = followed(await metrics(counted), "events")
    later = await until(counted, lambda now: followed(now, "catalog") > behind + 1)
    assert followed(later, "events") == behind
    monkeypatch.undo()
    await until(counted, lambda now: followed(now, "events") > behind)


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


async def test_without_an_address_nobody_listens_and_calls_are_answered(start: Start) -> None:
    running = await start()
    assert running.server.metrics_page is None
    assert (await running.api.Recommend(api.RecommendRequest(count=1))).items
