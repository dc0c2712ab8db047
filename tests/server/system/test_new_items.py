"""A really trained system recommends, scores and filters items that its bundle does not know."""

from __future__ import annotations

import pytest
from trained_system import included, like, rows_of_category, some_category, written

from shortlist_core.catalog import CatalogItem
from shortlist_core.errors import NotFoundError
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import EventType
from shortlist_server.pipeline.pipeline import Pipeline
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.filters import Filter
from shortlist_server.system.loaded_bundle import LoadedBundle


@pytest.fixture
def system(load) -> LoadedBundle:
    return load()


def purchases(system: LoadedBundle, rows: list[int]) -> tuple[StoredEvent, ...]:
    start = system.histories.as_of
    ids = system.items.ids.take(rows)
    return tuple(StoredEvent(id, "new user", id, start + i, EventType.PURCHASE) for i, id in enumerate(ids))


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
