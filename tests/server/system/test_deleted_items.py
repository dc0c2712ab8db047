"""Deleted items are in no answer of a really trained system until they come back."""

from __future__ import annotations

import pytest
from trained_system import deleted, included, like, some_category, written

from shortlist_core.errors import NotFoundError
from shortlist_core.seen_items import SeenItems
from shortlist_server.pipeline.pipeline import Pipeline
from shortlist_server.system.filters import Filter
from shortlist_server.system.loaded_bundle import LoadedBundle


@pytest.fixture
def system(load) -> LoadedBundle:
    return load()


def test_deleted_items_never_appear_again_until_they_come_back(system, ask):
    user = system.histories.ids[0]
    everything = {"count": 250, "candidate_count": 250}
    shown = ask(system, user_id=user, **everything)
    gone = system.items.ids.take([shown.items[0], shown.items[5], shown.reasons.anchors[0]])
    system.apply_changes([written(like(system, 5, "twin"))])
    system.apply_changes([deleted("twin"), deleted("nobody"), *map(deleted, gone)])
    some = some_category(system)
    for plan in ({"user_id": user}, {}, {"filter": included(some)}, {"seen_items": SeenItems.KEEP, "user_id": user}):
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
