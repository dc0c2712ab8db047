"""What a user was shown again and again stands further behind, and comes back as time goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import server_fakes as fakes

from shortlist_core.tiring import NEVER, Tiring
from shortlist_core.types import DAY, Event, EventType
from shortlist_server.pipeline.batch import Batch, Hydrated
from shortlist_server.pipeline.cache_key import cache_key
from shortlist_server.pipeline.hydrate import LIVE_EVENTS, hydrate
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import IMPRESSIONS, StateStore

WEEKS_LATER = fakes.AS_OF + 21 * DAY
BEST = ["i39", "i38", "i37"]


class Shop(LiveUsers):
    """Live users whose clock a test sets, with a pipeline that answers them."""

    def __init__(self, store: StateStore, bundle: LoadedBundle) -> None:
        super().__init__(store)
        self.store, self.bundle, self.now, self.written = store, bundle, WEEKS_LATER, 0
        self.thread = RankThread()
        self.pipeline = Pipeline(self, self.thread)

    def clock(self) -> int:
        return self.now

    def write(self, *items: str, user: str = "ann", type: EventType = EventType.IMPRESSION) -> None:
        """At this moment or some microseconds before."""
        ids = range(self.written, self.written + len(items))
        self.written += len(items)
        times = range(self.now - len(items), self.now)
        columns = zip(ids, items, times, strict=True)
        self.store.append([Event(f"e{k}", user, item, time, type) for k, item, time in columns])

    def shows(self, user: str = "ann", count: int = 3, **query: object) -> list[str]:
        request = PendingRequest(Query("r", user, count=count, **query), RequestContext())  # type: ignore[arg-type]
        self.pipeline.recommend(self.bundle, [request], Run())
        return self.bundle.items.ids.take(request.result().items)

    def hydrated(self, *queries: Query) -> Hydrated:
        return hydrate(self, Batch.begin(self.bundle, [PendingRequest(each, RequestContext()) for each in queries]))[0]

    def close(self) -> None:
        super().close()
        self.thread.close()


@pytest.fixture
def shop(system: LoadedBundle, store: StateStore) -> Iterator[Shop]:
    shop = Shop(store, replace(system, tiring=Tiring(0.9, 86_400.0)))
    yield shop
    shop.close()


def test_an_item_that_is_shown_again_and_again_falls_and_comes_back(shop: Shop) -> None:
    assert shop.shows() == BEST
    for _ in range(5):
        shop.write(*BEST)
        shop.now += DAY // 24
    assert not set(shop.shows()) & set(BEST)
    assert shop.shows("bob") == BEST  # it has not tired for others
    places = [shop.shows(count=40).index("i39")]
    for _ in range(10):
        shop.now += DAY
        places.append(shop.shows(count=40).index("i39"))
    assert places == sorted(places, reverse=True) and places[0] > 5 and places[-1] == 0
    assert shop.shows() == BEST


def test_answers_show_the_scores_of_the_model_whatever_the_order(shop: Shop) -> None:
    shop.write(*["i39"] * 3)
    request = PendingRequest(Query("r", "ann", count=40), RequestContext())
    shop.pipeline.recommend(shop.bundle, [request], Run())
    answer = request.result()
    assert answer.scores == pytest.approx(answer.items * fakes.POINTS)
    assert answer.items[0] == 38 and 39 in answer.items


def test_what_a_user_takes_has_not_tired(shop: Shop, system: LoadedBundle) -> None:
    shop.write(*["i39"] * 9)
    assert "i39" not in shop.shows()
    shop.write("i39", type=EventType.PURCHASE)
    repeating = replace(shop.bundle, seen_items="keep")
    shop.bundle = repeating
    assert shop.shows() == BEST


def test_a_query_says_how_fast_else_the_bundle_and_a_bundle_of_before_lets_nothing_tire(shop: Shop) -> None:
    shop.write("i39")
    assert shop.shows(tiring=NEVER) == BEST
    assert "i39" not in shop.shows(tiring=Tiring(0.1, 3_600.0))
    shop.bundle = replace(shop.bundle, tiring=None)
    assert shop.shows() == BEST


def test_without_the_ranker_tired_items_fall_as_well(shop: Shop, system: LoadedBundle) -> None:
    def fails() -> None:
        raise RuntimeError

    system.ranker.before = fails  # type: ignore[attr-defined]
    first, *_ = shop.shows("bob")
    shop.write(first, user="bob")
    assert shop.shows("bob")[0] != first


def test_impressions_are_not_part_of_a_history_and_do_not_move_its_moment(shop: Shop) -> None:
    before = shop.hydrated(Query("r", "ann"), Query("r", "new"))
    shop.write("i7", "i8", user="ann")
    shop.write("i7", user="new")
    after = shop.hydrated(Query("r", "ann"), Query("r", "new"))
    assert after.queries.items.tolist() == before.queries.items.tolist()
    assert after.queries.now.tolist() == [fakes.AS_OF] * 2
    assert after.queries.without_history.tolist() == [False, True]
    assert after.impressions is not None
    assert [after.impressions.history(i).tolist() for i in range(2)] == [[3, 7, 8], [7]]  # i3 is in the bundle


def test_however_much_was_shown_the_history_is_whole(shop: Shop) -> None:
    shop.write(*(f"i{k % 40}" for k in range(30)), type=EventType.VIEW)
    shop.now += DAY
    shop.write(*(f"i{k % 40}" for k in range(2 * LIVE_EVENTS)))
    assert shop.hydrated(Query("r", "new")).impressions is None
    batch = shop.hydrated(Query("r", "ann"))
    assert batch.queries.lengths[0] == 33 and batch.impressions is not None
    assert batch.impressions.lengths[0] == IMPRESSIONS + 1


def test_a_bundle_of_before_has_models_that_read_its_impressions(system: LoadedBundle, store: StateStore) -> None:
    shop = Shop(store, system)
    shop.write("i7")
    batch = shop.hydrated(Query("r", "ann"))
    shop.close()
    assert batch.queries.history(0).tolist() == [0, 1, 2, 3]
    assert batch.impressions is not None and batch.impressions.history(0).tolist() == [3, 7]


def test_what_bundle_and_store_both_have_counts_once(shop: Shop) -> None:
    shop.now = fakes.AS_OF - 2 * DAY + 1  # when ann was shown i3, as the bundle has it
    shop.write("i3", "who?")
    shop.write("i3")
    batch = shop.hydrated(Query("r", "ann"))
    assert batch.impressions is not None and batch.impressions.history(0).tolist() == [3, 3]


def test_context_events_may_be_impressions(shop: Shop) -> None:
    shown = tuple(Event(f"c{k}", "", "i39", WEEKS_LATER - k, EventType.IMPRESSION) for k in range(9))
    assert shop.shows(user="", context=shown) == ["i38", "i37", "i36"]


def test_a_cached_answer_does_not_outlive_an_impression(shop: Shop) -> None:
    keys = []
    for item in ("i39", "i38"):
        keys.append(cache_key(shop.hydrated(Query("r", "ann")), 0))
        shop.write(item)
    keys.append(cache_key(shop.hydrated(Query("r", "ann")), 0))
    assert len(set(keys)) == 3
