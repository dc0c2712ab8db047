"""A really trained system takes in items that its bundle does not know, and what changes of those that it does."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import NotFoundError
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import EventType, Ranked
from shortlist_data.dataset import Dataset
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.filters import Filter
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store

ROOM = 30
SEQUENCES = itertools.count(1)


def written(item: CatalogItem) -> CatalogChange:
    return CatalogChange(next(SEQUENCES), item.item_id, item, 0)


def deleted(item_id: str) -> CatalogChange:
    return CatalogChange(next(SEQUENCES), item_id, None, 0)


Work = Callable[[Pipeline, LoadedBundle, list[PendingRequest], Run], None]


class Asker:
    """Asks systems as the model thread does."""

    def __init__(self) -> None:
        self.store = open_store("sqlite::memory:")
        self.live, self.thread = LiveUsers(self.store), RankThread()
        self.pipeline = Pipeline(self.live, self.thread)

    def __call__(self, system: LoadedBundle, work: Work = Pipeline.recommend, **query: object) -> Ranked:
        request = PendingRequest(Query(request_id="r", **query), RequestContext())
        work(self.pipeline, system, [request], Run())
        assert not request.result().degraded
        return request.result()

    def ids(self, system: LoadedBundle, work: Work = Pipeline.recommend, **query: object) -> list[str]:
        return system.items.ids.take(self(system, work, **query).items)

    def close(self) -> None:
        self.thread.close()
        self.live.close()
        self.store.close()


@pytest.fixture(scope="module")
def ask():
    asker = Asker()
    yield asker
    asker.close()


@pytest.fixture
def load(trained_bundle) -> Callable[[], LoadedBundle]:
    return lambda: LoadedBundle.load(trained_bundle.load(), 1, ROOM)


@pytest.fixture
def system(load) -> LoadedBundle:
    return load()


def like(system: LoadedBundle, row: int, item_id: str) -> CatalogItem:
    """A new item that says what an old one says."""
    categories = tuple(system.items.categories(row))
    return CatalogItem(item_id, system.items.titles[row], "", categories, price_of(system, row))


def tower_of(retriever: Retriever) -> TwoTower:
    return next(source for source in retriever.all_sources if isinstance(source, TwoTower))


def price_of(system: LoadedBundle, row: int) -> float | None:
    price = float(system.bundled.prices[row])
    return None if np.isnan(price) else price


def texts_of(data: Path) -> dict[str, str]:
    return dict(Dataset.read(data).items.select("item_id", "text").iter_rows())


def purchases(system: LoadedBundle, rows: list[int]) -> tuple[StoredEvent, ...]:
    start = system.histories.as_of
    ids = system.items.ids.take(rows)
    return tuple(StoredEvent(id, "new user", id, start + i, EventType.PURCHASE) for i, id in enumerate(ids))


def rows_of_category(system: LoadedBundle, name: str) -> list[int]:
    return np.flatnonzero(system.items.in_any_category([name])[: len(system.bundled)]).tolist()


def included(name: str) -> Filter:
    return Filter((IncludedCategories((name,)),))


def some_category(system: LoadedBundle) -> str:
    return max(system.bundled.category_names, key=lambda name: len(rows_of_category(system, name)))


def test_a_new_item_is_found_by_those_whose_history_goes_with_it(system, ask):
    rows = rows_of_category(system, some_category(system))[:8]
    twin = like(system, rows[0], "twin")
    context = purchases(system, rows[1:])
    assert "twin" not in ask.ids(system, Pipeline.retrieve, context=context, count=200, candidate_count=200)
    system.apply_changes([written(twin)])
    assert "twin" in ask.ids(system, Pipeline.retrieve, context=context, count=100, candidate_count=100)
    answer = ask(system, context=context, count=200, candidate_count=200)
    at = system.items.ids.take(answer.items).index("twin")
    assert system.items.titles[answer.items[at]] == twin.title
    told = answer.reasons
    assert 0 < answer.scores[at] < 1 and told.sources[told.speakers[at]]


def test_rank_scores_it_and_says_no_longer_that_it_is_unknown(system, ask):
    context = purchases(system, [3, 4])
    assert ask.ids(system, Pipeline.rank, context=context, item_ids=("twin",)) == []
    system.apply_changes([written(like(system, 5, "twin"))])
    assert ask.ids(system, Pipeline.rank, context=context, item_ids=("twin",)) == ["twin"]


def test_similar_items_of_it_and_with_it(system, ask):
    with pytest.raises(NotFoundError):
        ask(system, Pipeline.similar, item_ids=("twin",))
    system.apply_changes([written(like(system, 5, "twin"))])
    old = system.items.ids[5]
    of_it = ask.ids(system, Pipeline.similar, item_ids=("twin",), count=100)
    assert len(of_it) == 100 and "twin" not in of_it and old in of_it
    assert "twin" in ask.ids(system, Pipeline.similar, item_ids=(old,), count=50)


def test_somebody_of_whom_nothing_is_known_gets_new_items_under_a_filter(system, ask):
    new = [CatalogItem(f"new {i}", "something else", categories=("only here",)) for i in range(5)]
    assert ask.ids(system, filter=included("only here")) == []
    system.apply_changes(list(map(written, new)))
    found = ask.ids(system, filter=included("only here"))
    assert sorted(found) == [f"new {i}" for i in range(5)]
    few = ask.ids(system, Pipeline.retrieve, filter=included("only here"), count=3, candidate_count=3)
    assert len(few) == 3
    assert not {*found} & {*ask.ids(system, filter=Filter((ExcludedCategories(("only here",)),)), count=200)}
    told = ask(system, filter=included("only here")).reasons
    assert {told.sources[speaker] for speaker in told.speakers} == {"fresh"}


def test_it_is_seen_excluded_and_read_from_histories_like_others(system, ask):
    system.apply_changes([written(like(system, 5, "twin"))])
    bought = (StoredEvent("e", "u", "twin", system.histories.as_of + 1, EventType.PURCHASE),)
    everything = {"count": 250, "candidate_count": 250}
    assert "twin" in ask.ids(system, **everything)
    assert "twin" not in ask.ids(system, excluded=("twin",), **everything)
    after = ask(system, context=bought, **everything)
    assert "twin" not in system.items.ids.take(after.items)
    twin = int(system.items.ids.rows(["twin"])[0])
    assert twin in after.reasons.anchors, "it is why something else is recommended"


def test_a_change_holds_in_titles_filters_prices_and_vectors(system, ask):
    row = 7
    before, price = system.ranker.vectors(np.array([row])), float(system.ranker.facts.prices[row, 0])
    item_id = system.items.ids[row]
    tower = tower_of(system.retriever)
    vector = tower.index.take(np.array([row]))
    system.filters.allowed(included("moved"))  # remembered as it was
    system.apply_changes([written(CatalogItem(item_id, "A new title", "words", ("moved",), 1_000.0))])
    assert len(system.items) == len(system.bundled)
    assert system.items.titles[row] == "A new title"
    assert ask.ids(system, filter=included("moved")) == [item_id]
    assert all(item_id not in ask.ids(system, filter=included(n), count=200)
               for n in system.bundled.category_names)  # fmt: skip
    assert system.ranker.facts.prices[row, 0] > price
    assert not np.allclose(system.ranker.vectors(np.array([row])), before)
    moved = tower.index.take(np.array([row]))
    assert not np.allclose(moved, vector) and np.linalg.norm(moved) == pytest.approx(1, abs=1e-5)
    rows, products = tower.index.search(moved, 1)
    assert rows[0, 0] == row and products[0, 0] == pytest.approx(1, abs=1e-5)


def test_writing_what_is_there_changes_nothing(system, load, trained_bundle):
    """An item known to training reads as training read it; the id's part stays."""
    table = trained_bundle.trained.table
    rows = np.arange(0, len(system.bundled), 7)
    titles, ids = system.items.titles.take(rows), system.items.ids.take(rows)
    texts = texts_of(trained_bundle.data)
    items = [
        CatalogItem(id, title, texts[id], tuple(table.categories[row]), price_of(system, row))
        for row, id, title in zip(rows, ids, titles, strict=True)
    ]
    system.apply_changes(list(map(written, items)))
    fresh = load()
    of = [tower_of(each.retriever).index.take(rows) for each in (system, fresh)]
    assert of[0] == pytest.approx(of[1], abs=1e-4)
    assert system.ranker.item_vectors[rows] == pytest.approx(fresh.ranker.item_vectors[rows], abs=1e-4)
    assert system.ranker.facts.prices[rows] == pytest.approx(fresh.ranker.facts.prices[rows], abs=1e-4)


def test_an_item_nobody_took_reads_the_same_whether_training_knew_it_or_not(load, trained_bundle):
    """Same weights: what training says of an item without events is what is said of it when it comes later."""
    from shortlist_layers.item_features import item_inputs

    system, table, row = load(), trained_bundle.trained.table, 11
    inputs = item_inputs(table.features, np.array([row])) | {"ids": np.zeros(1, np.int32)}  # as if nobody took it
    trained = tower_of(trained_bundle.trained.retriever).item_tower.vectors(inputs)[0]
    text = texts_of(trained_bundle.data)[table.item_ids[row]]
    system.apply_changes([written(CatalogItem("X", table.titles[row], text, tuple(table.categories[row]),
                                              price_of(system, row)))])  # fmt: skip
    at = system.items.ids.rows(["X"])
    served = tower_of(system.retriever).index.take(at)[0]
    assert served == pytest.approx(trained / np.linalg.norm(trained), abs=1e-5)
    scorer = trained_bundle.trained.scorer.scorer
    assert system.ranker.item_vectors[at][0] == pytest.approx(np.asarray(scorer.item_vectors(inputs))[0], abs=1e-5)


def test_deleted_items_never_appear_again_until_they_come_back(system, ask):
    user = system.histories.ids[0]
    everything = {"count": 250, "candidate_count": 250}
    shown = ask(system, user_id=user, **everything)
    gone = system.items.ids.take([shown.items[0], shown.items[5], shown.reasons.anchors[0]])
    system.apply_changes([written(like(system, 5, "twin"))])
    system.apply_changes([deleted("twin"), deleted("nobody"), *map(deleted, gone)])
    some = some_category(system)
    for plan in ({"user_id": user}, {}, {"filter": included(some)}, {"keep_seen": True, "user_id": user}):
        answer = ask(system, **plan, **everything)
        named = {row for row in (*answer.items.tolist(), *answer.reasons.anchors.tolist()) if row >= 0}
        assert len(answer.items) and not {*system.items.ids.take(sorted(named))} & {*gone, "twin"}
    assert ask.ids(system, Pipeline.rank, item_ids=(*gone, "twin", "i")) == []
    with pytest.raises(NotFoundError):
        ask(system, Pipeline.similar, item_ids=(gone[0],))
    assert gone[0] not in ask.ids(system, Pipeline.similar, item_ids=(system.items.ids[shown.items[9]],), count=200)
    system.apply_changes([written(like(system, shown.items[0], gone[0])), written(like(system, 5, "twin"))])
    assert gone[0] in ask.ids(system, user_id=user, **everything)
    assert "twin" in ask.ids(system, Pipeline.rank, item_ids=("twin",))


def test_the_trace_adds_up_with_deleted_items(system, ask):
    system.apply_changes([written(like(system, 5, "twin")), *map(deleted, system.items.ids.take(range(20)))])
    for filter in (Filter(), included(some_category(system))):
        answer = ask(system, user_id=system.histories.ids[0], filter=filter, include_trace=True)
        for stage in answer.trace[1:]:
            assert stage.entered == stage.left + sum(stage.dropped.values()), stage
            assert all(count > 0 for count in stage.dropped.values())
        assert answer.trace[1].dropped["deleted"] == 20


def test_many_deletions_are_kept_out_by_a_mask(system, ask, monkeypatch):
    monkeypatch.setattr("shortlist_server.system.filters.FEW_DELETED", 10)
    gone = system.items.ids.take(range(50))
    system.apply_changes(list(map(deleted, gone)))
    found = ask.ids(system, user_id=system.histories.ids[0], count=250, candidate_count=250)
    assert len(found) > 100 and not {*found} & {*gone}
    system.apply_changes([written(like(system, 0, gone[0]))])
    assert gone[0] in ask.ids(system, count=250, candidate_count=250)


def changes_of_a_day(system: LoadedBundle) -> list[CatalogChange]:
    new = [written(like(system, row, f"new {row}")) for row in range(12)]
    changed = [written(CatalogItem(system.items.ids[20], "changed", categories=("odd",), price=3.0))]
    gone = [deleted("new 3"), deleted(system.items.ids[30])]
    return [*new, *changed, *gone, written(like(system, 40, "new 5"))]


def answers(system: LoadedBundle, ask: Asker) -> list[dict[str, float]]:
    """All items with their scores, for some users; items of equal score come in the order of their rows."""
    users = ["", *(system.histories.ids[row] for row in (0, 7, 100))]
    lists = [ask(system, user_id=user, count=250) for user in users]
    return [dict(zip(system.items.ids.take(each.items), each.scores.tolist(), strict=True)) for each in lists]


def test_a_restart_answers_the_same(system, load, ask):
    """Whatever came in between: a store gives the newest state of each item, in the order of the last changes."""
    changes = changes_of_a_day(system)
    for change in changes:
        system.apply_changes([change])
    newest = {change.item_id: change for change in changes}
    again = load()
    again.apply_changes(sorted(newest.values(), key=lambda change: change.sequence))
    for mine, its in zip(answers(system, ask), answers(again, ask), strict=True):
        assert mine == pytest.approx(its, abs=1e-5)


def test_changes_may_come_again_and_late(system, ask):
    changes = changes_of_a_day(system)
    system.apply_changes(changes)
    before = answers(system, ask)
    system.apply_changes(changes[::-1])
    system.apply_changes(changes[2:5])
    assert answers(system, ask) == before


def test_two_systems_of_one_bundle_are_independent(system, load, ask):
    other = load()
    before = answers(other, ask)
    system.apply_changes(changes_of_a_day(system))
    assert answers(other, ask) == before
    assert len(other.items) == len(other.bundled)


def test_past_the_room_new_items_are_left_out_and_old_ones_change(trained_bundle, ask):
    system = LoadedBundle.load(trained_bundle.load(), 1, 2)  # room for four
    new = [written(like(system, row, f"new {row}")) for row in range(7)]
    system.apply_changes([*new, written(CatalogItem(system.items.ids[9], "changed"))])
    assert len(system.items) == len(system.bundled) + 4
    assert ask.ids(system, Pipeline.rank, item_ids=tuple(f"new {row}" for row in range(7))).__len__() == 4
    assert system.items.titles[9] == "changed"
    assert len(ask.ids(system, user_id=system.histories.ids[0], count=250, candidate_count=250)) > 100


def test_without_any_room_known_items_change(trained_bundle, ask):
    system = LoadedBundle.load(trained_bundle.load(), 1, 0)
    system.apply_changes([written(CatalogItem("x", "new")), written(CatalogItem(system.items.ids[9], "changed"))])
    assert ask.ids(system, Pipeline.rank, item_ids=("x", system.items.ids[9])) == [system.items.ids[9]]
    assert system.items.titles[9] == "changed"


def test_an_answer_that_is_being_worded_is_not_disturbed(system, ask):
    """Wording happens beside the model thread: rows of deleted items still lead to their ids and titles."""
    system.apply_changes([written(like(system, row, f"new {row}")) for row in range(10)])
    rows = system.items.ids.rows([f"new {row}" for row in range(10)])
    failures, stop = [], threading.Event()

    def word() -> None:
        while not stop.is_set():
            if system.items.ids.take(rows) != [f"new {row}" for row in range(10)]:
                failures.append("other ids")

    thread = threading.Thread(target=word)
    thread.start()
    for _ in range(5):
        system.apply_changes([deleted(f"new {row}") for row in range(5)])
        system.apply_changes([written(like(system, row, f"other {next(SEQUENCES)}")) for row in range(3)])
        system.apply_changes([written(like(system, row, f"new {row}")) for row in range(5)])
    stop.set()
    thread.join()
    assert not failures
