"""Every call is counted once, under its method and the code that it ends with."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import grpc
import pytest
from conftest import Start
from counted_calls import LOOPBACK, RECOMMEND, SERVICE, until
from google.protobuf import descriptor_pool
from prometheus_client import CollectorRegistry
from scrape import metrics
from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import Event

from shortlist_server.observe.metrics_page import MetricsPage
from shortlist_server.process.app import HEALTH, SERVICES
from shortlist_server.rpc.auth import Authority


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


async def test_without_an_address_nobody_listens_and_calls_are_answered(start: Start) -> None:
    running = await start()
    assert running.server.metrics_page is None
    assert (await running.api.Recommend(api.RecommendRequest(count=1))).items
