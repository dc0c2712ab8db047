"""Every row of the error table, read off the wire."""

from __future__ import annotations

import asyncio
import threading

import grpc
import pytest
from conftest import Start
from scrape import metrics
from server_wire import Running, decoded, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent, Event
from shortlist.v1.filter_pb2 import Filter
from waiting import eventually_async

from shortlist_core.errors import BundleRefusedError, StateError
from shortlist_server.rpc.status import ending, to_status

EVENT = Event(event_id="e1", user_id="u", item_id="i1")
LOOPBACK = {"metrics_address": "127.0.0.1:0"}


async def pending(running: Running, count: int) -> bool:
    """Whether so many recommendations have come and are not answered."""
    return (await metrics(running)).value("shortlist_requests_pending", kind="recommendations") == count


async def test_invalid_arguments_are_all_listed_by_their_paths(running: Running) -> None:
    request = api.RecommendRequest(
        request_id=" r",
        user_id="a\nb",
        count=501,
        candidate_count=-1,
        diversity=float("nan"),
        excluded_item_ids=["fine", ""],
        filter=Filter(included_categories=["x" * 129]),
        context_events=[ContextEvent(item_id="i1", value=float("inf")), ContextEvent(item_id="i1", event_type=99)],
        seen_items_policy=7,
    )
    got = await failure(running.api.Recommend(request))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT
    assert (got.info.reason, got.info.domain) == ("INVALID_ARGUMENT", "shortlist")
    assert set(got.violations) == {
        "request_id",
        "user_id",
        "count",
        "candidate_count",
        "diversity",
        "excluded_item_ids[1]",
        "filter.included_categories[0]",
        "context_events[0].value",
        "context_events[1].event_type",
        "seen_items_policy",
    }


async def test_a_batch_names_the_query_and_an_empty_one_is_refused(running: Running) -> None:
    queries = [api.BatchRecommendQuery(), api.BatchRecommendQuery(count=501), api.BatchRecommendQuery(user_id=" ")]
    got = await failure(running.api.BatchRecommend(api.BatchRecommendRequest(queries=queries)))
    assert set(got.violations) == {"queries[1].count", "queries[2].user_id"}
    assert (await failure(running.api.BatchRecommend(api.BatchRecommendRequest()))).violations.keys() == {"queries"}


async def test_more_violations_than_metadata_has_room_for_still_arrive(running: Running) -> None:
    events = [Event(value=float("nan")) for _ in range(1_000)]
    got = await failure(running.events.WriteEvents(event_api.WriteEventsRequest(events=events)))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "events[0].event_id" in got.violations
    assert got.violations["..."].endswith("more") and got.message.startswith("4000 fields")


async def test_bytes_that_are_no_message_are_an_invalid_argument(running: Running) -> None:
    method = running.channel.unary_unary("/shortlist.v1.RecommendationService/Recommend")
    got = await failure(method(b"\xff\xff\xff"))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT and set(got.violations) == {"request"}


async def test_an_unknown_item_in_similar_items_is_not_found(running: Running) -> None:
    got = await failure(running.api.SimilarItems(api.SimilarItemsRequest(item_id="who?")))
    assert (got.code, got.info.reason) == (grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND")
    assert dict(got.info.metadata) == {"item": "who?"}


def test_a_refused_bundle_is_a_failed_precondition_with_file_and_check() -> None:
    error = BundleRefusedError("b1", "items/price.npy", "is missing")
    got = decoded(to_status(error), ending(error).code, {})
    assert (got.code, got.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BUNDLE_REFUSED")
    assert dict(got.info.metadata) == {"bundle": "b1", "file": "items/price.npy", "check": "is missing"}


async def test_overload_is_refused_with_when_to_come_back_while_health_goes_on(start: Start) -> None:
    running = await start(max_pending=64, **LOOPBACK)
    free = threading.Event()
    running.system.retriever.before = lambda: free.wait(30)
    accepted = [asyncio.ensure_future(running.api.Recommend(api.RecommendRequest())) for _ in range(64)]
    try:
        await eventually_async(lambda: pending(running, 64))
        assert running.system.retriever.calls == ["retrieve"]
        got = await failure(running.api.Recommend(api.RecommendRequest()))
        assert (got.code, got.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert got.retry is not None
        pushback = int(got.trailers["grpc-retry-pushback-ms"])
        assert pushback > 0 and got.retry.retry_delay.ToMilliseconds() == pushback
        health = running.channel.unary_unary("/grpc.health.v1.Health/Check")
        assert await health(b"") == b"\x08\x01"  # SERVING
        written = await running.events.WriteEvents(event_api.WriteEventsRequest(events=[EVENT]))
        assert written.accepted_count == 1
    finally:
        free.set()
    assert all(response.items for response in await asyncio.gather(*accepted))
    assert (await running.api.Recommend(api.RecommendRequest())).items  # there is room again


async def test_without_a_bundle_calls_are_unavailable(start: Start) -> None:
    running = await start(load=False)
    got = await failure(running.api.Recommend(api.RecommendRequest()))
    assert (got.code, got.info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_BUNDLE")


async def test_a_spent_deadline_says_before_which_stage(start: Start) -> None:
    running = await start(answer_reserve_seconds=3)  # so early that the server's status wins over the client's clock
    got = await failure(running.api.Recommend(api.RecommendRequest(), timeout=2))
    assert (got.code, got.info.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_SPENT")
    assert dict(got.info.metadata) == {"stage": "hydrate"}
    assert running.system.retriever.calls == []


async def test_events_that_cannot_be_stored_are_unavailable_without_a_word_of_paths(
    running: Running, monkeypatch
) -> None:
    def gone(events) -> None:
        raise StateError("the state in /var/secret.sqlite cannot be written")

    monkeypatch.setattr(running.store, "append", gone)
    got = await failure(running.events.WriteEvents(event_api.WriteEventsRequest(events=[EVENT])))
    assert (got.code, got.info.reason) == (grpc.StatusCode.UNAVAILABLE, "STATE_UNAVAILABLE")
    assert "/var" not in got.message


async def test_anything_else_is_internal_with_an_id_that_the_log_has(running: Running, monkeypatch, capsys) -> None:
    def breaks(events) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr(running.store, "append", breaks)
    got = await failure(running.events.WriteEvents(event_api.WriteEventsRequest(events=[EVENT])))
    assert (got.code, got.info.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert "secret" not in got.message + str(got.info)
    logged = "".join(capsys.readouterr())
    assert got.info.metadata["error_id"] in logged and got.info.metadata["error_id"] in got.message
    assert "a secret" in logged


async def test_a_handler_whose_inner_task_is_cancelled_still_answers(running: Running, monkeypatch) -> None:
    async def cancelled(*_) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(running.server.engine, "recommend", cancelled)
    got = await failure(running.api.Recommend(api.RecommendRequest(), timeout=10))
    assert (got.code, got.info.reason) == (grpc.StatusCode.CANCELLED, "CANCELLED")


async def test_a_client_that_cancels_leaves_no_work_behind(start: Start) -> None:
    running = await start(**LOOPBACK)
    free = threading.Event()
    running.system.retriever.before = lambda: free.wait(30)
    first = running.api.Recommend(api.RecommendRequest())
    second = running.api.Recommend(api.RecommendRequest())
    await eventually_async(lambda: pending(running, 2))
    await eventually_async(lambda: running.system.retriever.calls == ["retrieve"])
    for call in (first, second):
        call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.wait_for(running.server.lifecycle.idle(), 5)
    free.set()
    assert (await running.api.Recommend(api.RecommendRequest())).items
    assert running.system.retriever.calls == ["retrieve", "retrieve"]  # the first one's and the last one's
    assert running.system.ranker.calls == 1


async def test_a_method_that_nobody_serves_is_unimplemented(start: Start) -> None:
    running = await start()
    got = await failure(running.channel.unary_unary("/shortlist.v1.RecommendationService/Guess")(b""))
    assert got.code == grpc.StatusCode.UNIMPLEMENTED


async def test_a_message_beyond_the_limit_is_refused(start: Start) -> None:
    running = await start(max_message_bytes=2048)
    got = await failure(running.api.Recommend(api.RecommendRequest(excluded_item_ids=["x" * 100] * 100)))
    assert got.code == grpc.StatusCode.RESOURCE_EXHAUSTED
