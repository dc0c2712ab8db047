from __future__ import annotations

import itertools
import weakref
from dataclasses import replace

import numpy as np
import pytest
from conftest import Start
from hypothesis import given, settings
from hypothesis import strategies as st
from server_wire import Running
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import event_service_pb2 as events
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users
from shortlist.v1.event_pb2 import ContextEvent, Event
from shortlist.v1.filter_pb2 import SEEN_ITEMS_POLICY_KEEP as KEEP
from waiting import eventually_async

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.types import NO_GROUP, Hits, Ranked, Reasons
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import EventType as StoredType
from shortlist_server.pipeline import response_cache
from shortlist_server.pipeline.batch import Batch, Hydrated
from shortlist_server.pipeline.cache_key import cache_key
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.pipeline.response_cache import CAPACITY, ResponseCache
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answer(n: int = 3, width: int = 3) -> Ranked:
    """The first of a batch, so its arrays are views."""
    batch = np.zeros((16, n), np.int32), np.zeros((16, n), np.float32), np.zeros((16, n, width), np.float32)
    hits = Hits(("a", "b", "c"), batch[2][0].astype(np.int32), batch[2][0])
    return Ranked(batch[0][0], batch[1][0], hits, Reasons.none(16, n).of(0, n), "v")


def arrays(ranked: Ranked) -> list[np.ndarray]:
    told = ranked.reasons
    return [
        *(ranked.items, ranked.scores, ranked.hits.ranks, ranked.hits.scores),
        *(told.speakers, told.anchors, told.done, told.shares, told.groups),
    ]


def test_an_answer_is_given_again_until_its_time_is_over() -> None:
    clock = Clock()
    answers = ResponseCache(10, clock=clock)
    assert answers.get(b"q") is None
    answers.put(b"q", answer())
    clock.now += 9.9
    held = answers.get(b"q")
    assert held is not None and held.reused and answers.get(b"other") is None
    clock.now += 0.2
    assert answers.get(b"q") is None


def test_what_is_held_holds_nothing_else_of_its_batch() -> None:
    answers = ResponseCache(10)
    given = answer()
    answers.put(b"q", given)
    held = answers.get(b"q")
    assert all(each.base is None for each in arrays(held))
    assert all(np.array_equal(a, b) for a, b in zip(arrays(held), arrays(given), strict=True))


def test_the_oldest_make_room() -> None:
    answers = ResponseCache(10, capacity=20_000)
    for i in range(40):
        answers.put(b"%d" % i, answer(50))
    there = [i for i in range(40) if answers.get(b"%d" % i)]
    assert there and there == list(range(min(there), 40)) and len(there) < 10


def test_what_is_asked_for_again_and_again_is_not_the_oldest() -> None:
    answers = ResponseCache(10, capacity=20_000)
    for i in range(40):
        answers.put(b"%d" % i, answer(50))
        assert answers.get(b"0")
    assert not answers.get(b"1")


def test_one_that_is_larger_than_all_room_is_not_held_and_takes_nothing_for_good() -> None:
    answers = ResponseCache(10, capacity=10_000)
    answers.put(b"large", answer(5_000))
    assert answers.get(b"large") is None
    answers.put(b"small", answer())
    assert answers.get(b"small")


def test_what_is_put_twice_is_counted_once_and_lasts_from_then_on() -> None:
    clock = Clock()
    answers = ResponseCache(10, capacity=10_000, clock=clock)
    for _ in range(20):
        answers.put(b"q", answer())
        clock.now += 5
    assert answers.get(b"q")


def test_thousands_of_answers_fit_by_default() -> None:
    answers = ResponseCache(10)
    for i in range(4_000):
        answers.put(b"%d" % i, answer(50, 12))
    assert answers.get(b"0") and CAPACITY < 64 << 20


@pytest.fixture
async def running(start: Start) -> Running:
    return await start(reuse_seconds=1_000)


async def recommend(running: Running, **fields: object) -> api.RecommendResponse:
    response = await running.api.Recommend(api.RecommendRequest(**fields), timeout=20)
    response.ClearField("request_id")
    response.ClearField("attribution_token")
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


def hydrated(system: LoadedBundle, live: LiveUsers, *queries: Query) -> Hydrated:
    return hydrate(live, Batch.begin(system, [PendingRequest(query, RequestContext()) for query in queries]))[0]


def test_a_cache_key_tells_nothing_of_the_user_and_takes_no_room(system: LoadedBundle, store) -> None:
    live = LiveUsers(store)
    query = Query("r-1234", "ann", (StoredEvent("e", "ann", "i20", 1, StoredType.VIEW),), excluded=("i7",) * 1_000)
    assert len(cache_key(hydrated(system, live, query), 0)) == 16  # a digest
    live.close()


@pytest.mark.parametrize(
    "changed", [{"item_id": "i9"}, {"time": 2}, {"type": StoredType.CART}, {"value": 2.0}], ids=str
)
def test_every_field_of_an_event_is_part_of_the_cache_key(system: LoadedBundle, store, changed: dict) -> None:
    live = LiveUsers(store)
    event = StoredEvent("e", "", "i8", 1, StoredType.VIEW)
    contexts = [(event,), (replace(event, **changed),), (event, event)]
    batch = hydrated(system, live, *(Query("r", context=each) for each in contexts))
    assert len({cache_key(batch, i) for i in range(3)}) == 3
    live.close()


def test_groups_and_what_others_do_are_part_of_what_is_asked_for_somebody_unknown(system: LoadedBundle, store) -> None:
    live = LiveUsers(store)
    batch = hydrated(system, live, *(Query("r", user) for user in ("", "", "ann")))
    groups = np.array([[1, NO_GROUP], [2, NO_GROUP], [1, 2]], np.int32)
    batch = replace(batch, queries=replace(batch.queries, groups=groups))
    before = [cache_key(batch, i) for i in range(3)]
    assert before[0] != before[1]
    system.online_popularity.version += 1
    assert [cache_key(batch, i) == before[i] for i in range(3)] == [False, False, True]
    live.close()


SEQUENCES = itertools.count(1)
ROOM = 20
user, place = st.integers(0, 3), st.integers(0, 9)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), user, st.integers(0, 1)),
        st.tuples(st.just("take"), user, place),
        st.tuples(st.just("delete"), user, place),
        st.tuples(st.just("write"), user, place),
        st.tuples(st.just("erase"), user, place),
    ),
    min_size=15,
    max_size=40,
)


@pytest.fixture(scope="module")
def trained(trained_bundle) -> LoadedBundle:
    return LoadedBundle.load(trained_bundle.load(), 1, ROOM)


@settings(max_examples=25)
@given(steps)
def test_answers_given_again_are_those_that_would_be_made_anew(trained: LoadedBundle, steps) -> None:
    """Of a really trained system, whatever happens in between to users and to what was on top of the last answer."""
    live, thread, answers = LiveUsers(store := open_store("sqlite::memory:")), RankThread(), ResponseCache(1_000)
    live._follower.close()  # what others do shows later where answers are given again, which is not what is compared
    names = [*trained.histories.ids.take(range(2)), "new", ""]
    shown = trained.bundled.ids.take(range(10))

    def ask(plan: Query, held: ResponseCache | None) -> Ranked:
        request = PendingRequest(plan, RequestContext())
        Pipeline(live, thread, held).recommend(trained, [request], Run())
        return request.result()

    for kind, number, place in steps:
        name, item = names[number], shown[place]
        if kind == "ask":
            plan = Query("r", name, count=10, candidate_count=50, keep_seen=bool(place))
            given, made = ask(plan, answers), ask(plan, None)
            assert all(np.array_equal(x, y) for x, y in zip(arrays(given), arrays(made), strict=True))
            assert (given.hits.sources, given.reasons.sources) == (made.hits.sources, made.reasons.sources)
            shown = trained.items.ids.take(given.items)
        elif kind == "take" and name:
            event = StoredEvent(f"e{next(SEQUENCES)}", name, item, trained.histories.as_of + place)
            store.append([event])
        elif kind == "erase" and name:
            store.erase(name)
        elif kind in ("delete", "write"):
            new = CatalogItem(f"new {number}" if place else item, f"Title {place}") if kind == "write" else None
            trained.apply_changes([CatalogChange(next(SEQUENCES), new.item_id if new else item, new, 0)])
    thread.close()
    live.close()
    store.close()
