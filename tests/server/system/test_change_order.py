"""Changes lead to the same answers whenever they come, and disturb no other system and no answer being worded."""

from __future__ import annotations

import threading

import pytest
from trained_system import SEQUENCES, Asker, deleted, like, written

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_server.system.loaded_bundle import LoadedBundle


@pytest.fixture
def system(load) -> LoadedBundle:
    return load()


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
