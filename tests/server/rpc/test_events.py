from __future__ import annotations

import base64
import json

from server_wire import Running, failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import Event, EventType


def event(number: int = 1, item: str = "i39", **fields) -> Event:
    return Event(event_id=f"e{number}", user_id="new", item_id=item, **fields)


async def write(running: Running, *events: Event):
    return await running.events.WriteEvents(event_api.WriteEventsRequest(events=events))


async def test_a_written_event_counts_in_the_next_answer(running: Running) -> None:
    before = await running.api.Recommend(api.RecommendRequest(user_id="new", count=1))
    assert before.items[0].item_id == "i39"
    await write(running, event(event_type=EventType.EVENT_TYPE_LIKE))
    after = await running.api.Recommend(api.RecommendRequest(user_id="new", count=1))
    assert after.items[0].item_id == "i38"
    assert after.items[0].reason.text == "Because you liked Item number 39: often chosen together."
    other = await running.api.Recommend(api.RecommendRequest(user_id="bob", count=1))
    assert other.items[0].item_id == "i39"


async def test_an_event_id_counts_once_however_often_it_is_written(running: Running) -> None:
    first = await write(running, event(1), event(2), event(1))
    assert (first.accepted_count, first.duplicate_count) == (2, 1)
    again = await write(running, event(1, item="i5"), event(3))
    assert (again.accepted_count, again.duplicate_count) == (1, 1)
    assert [each.item_id for each in running.store.history("new", 10)] == ["i39"] * 3


async def test_a_batch_with_one_broken_event_is_refused_as_a_whole(running: Running) -> None:
    broken = Event(event_id="e9", user_id="", item_id="i\u2028", value=float("nan"), attribution_token="x" * 1_025)
    got = await failure(write(running, event(1), broken))
    assert set(got.violations) == {
        f"events[1].{field}" for field in ("user_id", "item_id", "value", "attribution_token")
    }
    assert running.store.history("new", 10) == []


async def test_none_and_too_many_events_are_refused(running: Running) -> None:
    assert set((await failure(write(running))).violations) == {"events"}
    assert set((await failure(write(running, *(event(i) for i in range(1_001))))).violations) == {"events"}
    assert (await write(running, *(event(i) for i in range(1_000)))).accepted_count == 1_000


async def test_everything_that_an_event_says_is_kept(running: Running) -> None:
    sent = event(event_type=EventType.EVENT_TYPE_RATING, value=0.0, session_id="s", attribution_token="t")
    sent.event_time.FromMicroseconds(1_234_567)
    await write(running, sent)
    [kept] = running.store.history("new", 10)
    assert (kept.time, kept.type, kept.value, kept.session_id, kept.attribution_token) == (1_234_567, 8, 0.0, "s", "t")


async def test_an_event_on_an_item_that_the_bundle_does_not_know_is_kept_and_passed_over(running: Running) -> None:
    await write(running, event(item="of the next bundle"))
    assert len(running.store.history("new", 10)) == 1
    response = await running.api.Recommend(api.RecommendRequest(user_id="new", count=1, include_trace=True))
    assert response.items[0].item_id == "i39"
    assert (response.trace[0].entered_count, response.trace[0].left_count) == (1, 0)


async def test_the_token_of_an_answer_ties_an_event_to_it(running: Running) -> None:
    answer = await running.api.Recommend(api.RecommendRequest(request_id="r1", user_id="new", count=1))
    await write(running, event(attribution_token=answer.attribution_token))
    [kept] = running.store.history("new", 10)
    told = json.loads(base64.urlsafe_b64decode(kept.attribution_token + "=="))
    assert told == ["r1", answer.bundle_version, 0]
