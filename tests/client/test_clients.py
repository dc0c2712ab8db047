"""Both clients against a real server: what arrives there, what comes back, what is retried."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from shortlist import (
    AsyncClient,
    BatchRecommendQuery,
    Client,
    ContextEvent,
    DeadlineExceeded,
    Event,
    EventType,
    Filter,
    HealthStatus,
    InvalidArgument,
    ItemInput,
    NotFound,
    Options,
    ResourceExhausted,
    SeenItemsPolicy,
    ShortlistError,
    StreamRecommendRequest,
    Unavailable,
    UserAttribute,
    errors,
)

Connect = Callable[..., Any]
UNAVAILABLE = errors.status_pb2.Status(code=14, message="draining")


def test_recommend_sends_every_option_and_returns_the_answer(server: Any, connect: Connect) -> None:
    answer = connect(server.address).recommend(
        "u1",
        count=3,
        request_id="r1",
        candidate_count=50,
        context_events=[ContextEvent(item_id="i9", event_type=EventType.EVENT_TYPE_CLICK, value=0.0)],
        user_attributes=[UserAttribute(key="country", value="France")],
        excluded_item_ids=["i7", "i8"],
        filter=Filter(included_categories=["tea"]),
        seen_items_policy=SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP,
        diversity=0.25,
        include_trace=True,
    )
    sent = server.requests[0]
    assert (sent.user_id, sent.count, sent.candidate_count, sent.diversity) == ("u1", 3, 50, 0.25)
    assert list(sent.excluded_item_ids) == ["i7", "i8"]
    assert list(sent.filter.included_categories) == ["tea"]
    assert sent.context_events[0].HasField("value")
    assert [(each.key, each.value) for each in sent.user_attributes] == [("country", "France")]
    assert sent.seen_items_policy == SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP
    assert (answer.request_id, answer.bundle_version, answer.trace[0].left_count) == ("r1", "b1", 7)
    assert [(i.item_id, i.title, i.reason.text) for i in answer.items] == [("i1", "Kettle", "Because you bought Tea")]


def test_recommend_without_options_asks_for_twenty_and_leaves_the_rest_to_the_server(
    server: Any, connect: Connect
) -> None:
    connect(server.address).recommend("u1")
    assert {field.name for field, _ in server.requests[0].ListFields()} == {"user_id", "count"}
    assert server.requests[0].count == 20


def test_an_option_that_the_method_lacks_is_refused_here(server: Any, connect: Connect) -> None:
    with pytest.raises((TypeError, ValueError), match="colour"):
        connect(server.address).recommend("u1", colour="red")
    assert server.requests == []


def test_retrieve_rank_and_similar_items(server: Any, connect: Connect) -> None:
    client = connect(server.address)
    assert client.retrieve("u1").items[0].item_id == "i2"
    assert server.requests[-1].candidate_count == 400
    ranked = client.rank("u1", ["i3", "i4"])
    assert list(server.requests[-1].item_ids) == ["i3", "i4"]
    assert list(ranked.unknown_item_ids) == ["i4"]
    assert client.similar_items("i1", count=5, excluded_item_ids=["i2"]).items[0].item_id == "i5"
    assert (server.requests[-1].item_id, server.requests[-1].count) == ("i1", 5)


def test_items_are_written_told_listed_and_deleted(server: Any, connect: Connect) -> None:
    client = connect(server.address)
    assert client.upsert_items([ItemInput(item_id="i1", price=0), ItemInput(item_id="i2")]).created_count == 2
    assert server.requests[-1].items[0].HasField("price")
    assert client.get_item("i1").item.item_id == "i1"
    page = client.list_items(page_size=1, page_token="t1")
    assert ([item.item_id for item in page.items], page.next_page_token) == (["i7"], "t2")
    assert (server.requests[-1].page_size, server.requests[-1].page_token) == (1, "t1")
    assert client.delete_items(["i1", "i2"]).deleted_count == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.upsert_items([ItemInput(item_id="i1")]),
        lambda client: client.delete_items(["i1"]),
        lambda client: client.get_item("i1"),
        lambda client: client.list_items(),
        lambda client: client.get_user("u1"),
        lambda client: client.export_user("u1"),
        lambda client: client.delete_user("u1"),
    ],
)
def test_what_is_asked_of_items_and_users_is_tried_again(server: Any, connect: Connect, call: Any) -> None:
    server.failures = [UNAVAILABLE]
    call(connect(server.address, Options(timeout=20, batch_timeout=20)))
    assert len(server.requests) == 2


def test_a_user_is_told_exported_and_forgotten(server: Any, connect: Connect) -> None:
    client = connect(server.address)
    assert client.get_user("u1").live_event_count == 2
    page = client.export_user("u1", page_size=1, page_token="t1")
    assert ([event.item_id for event in page.events], page.next_page_token) == (["i6"], "t2")
    assert (server.requests[-1].page_size, server.requests[-1].page_token) == (1, "t1")
    assert client.delete_user("u1").deleted_event_count == 3
    assert [request.user_id for request in server.requests] == ["u1"] * 3


def test_batch_keeps_the_queries_in_order(server: Any, connect: Connect) -> None:
    queries = [BatchRecommendQuery(user_id=f"u{i}", count=i + 1) for i in range(3)]
    assert len(connect(server.address).batch_recommend(queries).recommendations) == 3
    assert list(server.requests[0].queries) == queries


def test_every_call_has_a_deadline_by_default_and_its_own_when_asked(server: Any, connect: Connect) -> None:
    client = connect(server.address, Options(timeout=3, batch_timeout=30))
    client.recommend("u1")
    client.batch_recommend([BatchRecommendQuery()])
    client.recommend("u1", timeout=60)
    # The wire rounds a timeout up by a little.
    assert server.deadlines[0] < 4 < server.deadlines[1] < 31 < server.deadlines[2] < 62


def test_a_late_answer_ends_with_deadline_exceeded(server: Any, connect: Connect) -> None:
    server.hold.clear()
    with pytest.raises(DeadlineExceeded) as caught:
        connect(server.address).recommend("u1", timeout=0.2)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize("method", ["recommend", "write_events"])
def test_unavailable_is_tried_again(server: Any, connect: Connect, method: str) -> None:
    server.failures = [UNAVAILABLE, UNAVAILABLE]
    client = connect(server.address, Options(timeout=20, batch_timeout=20))
    if method == "recommend":
        assert client.recommend("u1").bundle_version == "b1"
    else:
        assert client.write_events([Event(user_id="u1", item_id="i1")]).accepted_count == 1
        assert len({request.events[0].event_id for request in server.requests}) == 1
    assert len(server.requests) == 3


def test_unavailable_four_times_is_given_up(server: Any, connect: Connect) -> None:
    server.failures = [UNAVAILABLE] * 9
    with pytest.raises(Unavailable, match="draining"):
        connect(server.address, Options(timeout=20)).recommend("u1")
    assert len(server.requests) == 4


def test_retries_can_be_turned_off(server: Any, connect: Connect) -> None:
    server.failures = [UNAVAILABLE]
    with pytest.raises(Unavailable):
        connect(server.address, Options(max_attempts=1)).recommend("u1")
    assert len(server.requests) == 1


def test_overload_is_not_tried_again_and_says_when_to_come_back(server: Any, connect: Connect, overloaded: Any) -> None:
    server.failures = [overloaded]
    with pytest.raises(ResourceExhausted) as caught:
        connect(server.address).recommend("u1")
    error = caught.value
    assert (error.reason, error.metadata, error.retry_after) == ("OVERLOADED", {"queue": "64"}, 0.25)
    assert str(error) == "RESOURCE_EXHAUSTED (OVERLOADED): too much to do"
    assert len(server.requests) == 1


def test_every_violation_is_decoded(server: Any, connect: Connect, invalid: Any) -> None:
    server.failures = [invalid]
    with pytest.raises(InvalidArgument) as caught:
        connect(server.address).recommend("u1", count=-1)
    assert [(v.field, v.description) for v in caught.value.violations] == [
        ("count", "is 1 to 500, not -1"),
        ("user_id", "is 1 to 128 characters"),
    ]
    assert caught.value.retry_after is None


def test_a_code_without_a_class_of_its_own_keeps_its_code(server: Any, connect: Connect) -> None:
    server.failures = [errors.status_pb2.Status(code=13, message="id 42")]
    with pytest.raises(ShortlistError) as caught:
        connect(server.address).recommend("u1")
    assert (type(caught.value), caught.value.code) == (ShortlistError, grpc.StatusCode.INTERNAL)


def test_nobody_there_is_unavailable(connect: Connect) -> None:
    with pytest.raises(Unavailable):
        connect("127.0.0.1:1", Options(timeout=5)).recommend("u1")


def test_stream_answers_in_order_and_goes_on_after_an_error(server: Any, connect: Connect) -> None:
    messages = [StreamRecommendRequest(request_id=f"r{i}", count=-1 if i == 1 else 1) for i in range(4)]
    answers = list(connect(server.address).stream_recommend(messages))
    assert [a.request_id for a in answers] == ["r0", "r1", "r2", "r3"]
    assert [a.HasField("error") for a in answers] == [False, True, False, False]
    error = errors.from_status(answers[1].error)
    assert isinstance(error, InvalidArgument)
    assert error.violations[0].field == "count"


def test_leaving_a_stream_early_stops_sending(server: Any, connect: Connect) -> None:
    client = connect(server.address)
    answers = client.stream_recommend(StreamRecommendRequest(request_id=str(i), count=1) for i in itertools.count())
    assert next(answers).request_id == "0"
    answers.close()
    assert client.recommend("u1").bundle_version == "b1"


def test_stream_raises_when_it_ends_with_an_error(server: Any, connect: Connect, overloaded: Any) -> None:
    server.failures = [overloaded]
    with pytest.raises(ResourceExhausted):
        list(connect(server.address).stream_recommend([StreamRecommendRequest()]))


def test_events_get_an_id_once_and_keep_the_one_they_have(server: Any, connect: Connect) -> None:
    events = [Event(user_id="u1", item_id="i1"), Event(event_id="e1", user_id="u1", item_id="i2")]
    client = connect(server.address)
    client.write_events(events)
    client.write_events(events)
    first, second = ([e.event_id for e in request.events] for request in server.requests)
    assert first == second
    assert first[1] == "e1"
    assert first[0]


def test_health_tells_services_apart(server: Any, connect: Connect) -> None:
    client = connect(server.address)
    assert client.health() is HealthStatus.SERVING
    assert client.health("shortlist.v1.EventService") is HealthStatus.NOT_SERVING
    with pytest.raises(NotFound):
        client.health("shortlist.v1.Nobody")


def test_the_token_travels_with_every_call(server: Any, connect: Connect) -> None:
    tokens = iter(["first", "second"])
    client = connect(server.address, Options(token=lambda: next(tokens)))
    client.recommend("u1")
    client.write_events([Event(user_id="u1", item_id="i1")])
    assert [m["authorization"] for m in server.metadata] == ["Bearer first", "Bearer second"]


def test_waiting_for_a_server_that_comes_up_late(server: Any, connect: Connect) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        connect("127.0.0.1:1", Options(timeout=0.3, wait_for_ready=True)).recommend("u1")
    assert time.monotonic() - began >= 0.29


def test_a_closed_client_is_closed(server: Any) -> None:
    with Client(server.address) as client:
        client.recommend("u1")
    with pytest.raises(ValueError, match="closed"):
        client.recommend("u1")


async def test_asynchronous_messages_and_many_calls_at_once(server: Any) -> None:
    async def messages() -> Any:
        for i in range(3):
            yield StreamRecommendRequest(request_id=f"r{i}", count=1)

    async with AsyncClient(server.address, Options(timeout=20)) as client:
        assert [a.request_id async for a in client.stream_recommend(messages())] == ["r0", "r1", "r2"]
        answers = await asyncio.gather(*(client.recommend("u1", request_id=f"q{i}") for i in range(20)))
    assert [a.request_id for a in answers] == [f"q{i}" for i in range(20)]
