"""A server answers the same question with the answer that it holds, until anything that counts in it changes."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from answer_arrays import arrays
from conftest import Start
from server_wire import Running
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import event_service_pb2 as events
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.event_pb2 import ContextEvent, Event
from shortlist.v1.filter_pb2 import SEEN_ITEMS_POLICY_KEEP as KEEP
from waiting import eventually_async

from shortlist_core.types import Ranked
from shortlist_server.pipeline import response_cache


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(reuse_seconds=1_000)


async def recommend(running: Running, **fields: object) -> api.RecommendResponse:
    response = await running.api.Recommend(api.RecommendRequest(**fields), timeout=20)
    response.ClearField("request_id")
    response.ClearField("attribution_token")
    response.ClearField("next_page_token")
    return response


async def test_who_asks_the_same_again_is_answered_the_same_without_a_search(running: Running) -> None:
    first = await recommend(running, user_id="ann", count=5)
    assert await recommend(running, user_id="ann", count=5) == first
    assert running.system.retriever.calls == ["retrieve"] and running.system.ranker.calls == 1


async def test_each_answer_has_a_request_and_a_token_of_its_own(running: Running) -> None:
    ask = api.RecommendRequest(user_id="ann", count=5)
    one, other = await running.api.Recommend(ask), await running.api.Recommend(ask)
    assert one.request_id != other.request_id and one.attribution_token != other.attribution_token


@pytest.mark.parametrize(
    "changed",
    [
        {"count": 4},
        {"candidate_count": 30},
        {"diversity": 0.5},
        {"seen_items_policy": KEEP},
        {"excluded_item_ids": ["i7"]},
        {"context_events": [ContextEvent(item_id="i20")]},
        {"user_id": "bob"},
        {"user_id": ""},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_another_question_is_answered_anew(running: Running, changed: dict) -> None:
    asked = {"user_id": "ann", "count": 5, "candidate_count": 20}
    await recommend(running, **asked)
    await recommend(running, **(asked | changed))
    assert running.system.retriever.calls == ["retrieve"] * 2


async def test_those_of_whom_nothing_is_known_share_an_answer(running: Running) -> None:
    assert await recommend(running, user_id="never seen") == await recommend(running)
    assert running.system.retriever.calls == ["retrieve"]


async def test_an_event_counts_in_the_next_answer(running: Running) -> None:
    before = await recommend(running, user_id="ann", count=3)
    top = before.items[0].item_id
    await running.events.WriteEvents(
        events.WriteEventsRequest(events=[Event(event_id="e1", user_id="ann", item_id=top)])
    )
    after = await recommend(running, user_id="ann", count=3)
    assert top not in [item.item_id for item in after.items]


async def test_a_deleted_item_is_in_no_answer_any_more_and_a_new_title_in_the_next(running: Running) -> None:
    first = await recommend(running, count=3)
    top, second = (item.item_id for item in first.items[:2])
    await running.catalog.DeleteItems(catalog.DeleteItemsRequest(item_ids=[top]))
    await running.catalog.UpsertItems(
        catalog.UpsertItemsRequest(items=[catalog.ItemInput(item_id=second, title="Another")])
    )
    after = await recommend(running, count=3)
    assert after.items[0].item_id == second and after.items[0].title == "Another"


async def test_who_was_deleted_is_answered_as_somebody_unknown(running: Running) -> None:
    await recommend(running, user_id="ann", count=3)
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    assert await recommend(running, user_id="ann", count=3) == await recommend(running, count=3)


async def test_a_lesser_answer_is_not_given_again(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(running.system.ranker, "before", fail)
        assert (await recommend(running, count=3)).degraded
    assert not (await recommend(running, count=3)).degraded


@pytest.mark.parametrize(("broken", "asked"), [("reasons", {}), ("vectors", {"diversity": 0.5})])
async def test_nor_one_that_lacks_what_it_carries_no_flag_for(running: Running, monkeypatch, broken, asked) -> None:
    of = running.system.retriever if broken == "reasons" else running.system.ranker

    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(of, broken, fail)
        await recommend(running, count=3, **asked)
    whole = await recommend(running, count=3, **asked)
    assert await recommend(running, count=3, **asked) == whole and whole.items[0].reason.text
    assert running.system.ranker.calls == 2


async def test_an_answer_that_was_held_says_that_live_events_cannot_be_read(running: Running, monkeypatch) -> None:
    await recommend(running, user_id="ann", count=3)

    def fail(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(running.store, "read", fail)
    degraded = (await recommend(running, user_id="ann", count=3)).degraded
    assert len(degraded) == 1 and running.system.retriever.calls == ["retrieve"]
    monkeypatch.undo()
    assert not (await recommend(running, user_id="ann", count=3)).degraded


async def test_who_asks_for_a_trace_sees_every_stage_at_work(running: Running) -> None:
    for _ in range(2):
        assert len((await recommend(running, count=3, include_trace=True)).trace) == 5
    assert running.system.retriever.calls == ["retrieve"] * 2


async def test_it_can_be_turned_off(start: Start) -> None:
    running = await start(reuse_seconds=0)
    for _ in range(2):
        await recommend(running, count=3)
    assert running.system.retriever.calls == ["retrieve"] * 2


@pytest.mark.parametrize("away", [False, True])
async def test_answers_are_let_go_without_further_requests(start: Start, monkeypatch, away: bool) -> None:
    running = await start(reuse_seconds=0.05)
    held: list[weakref.ref[np.ndarray]] = []
    own = response_cache._copied

    def watched(answer: Ranked) -> Ranked:
        held.extend(map(weakref.ref, arrays(copied := own(answer))))
        return copied

    monkeypatch.setattr(response_cache, "_copied", watched)
    await recommend(running, user_id="ann", count=3)
    assert held
    if away:
        monkeypatch.setattr(running.store, "position", lambda: 1 / 0)
    # The follower of the store's log looks twice a second.
    await eventually_async(lambda: all(array() is None for array in held))
