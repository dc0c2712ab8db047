"""The item table with changes over it, against a plain dictionary of what was said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shortlist_bundle import live_items
from shortlist_bundle.items import ItemTable, write_items
from shortlist_bundle.live_items import LiveItems
from shortlist_bundle.strings import hash_ids
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import NO_ITEM

CATEGORIES = [["toys", "wood"], [], ["wood"], ["books"]]


@pytest.fixture
def table(stored):
    def write(writer):
        write_items(writer, ["a", "b", "c", "d"], ["A", "", "Ç", "D"], CATEGORIES, np.array([1, np.nan, 0, 9.5]))

    return ItemTable.load(stored(write))


def put(items: LiveItems, *written: CatalogItem) -> list[int]:
    rows = items.rows_for([item.item_id for item in written])
    there = rows != NO_ITEM
    items.put(rows[there], [item for item, known in zip(written, there, strict=True) if known])
    return rows.tolist()


def test_new_items_come_behind_those_of_the_bundle(table):
    items = LiveItems(table, 3)
    assert put(items, CatalogItem("x", "X", categories=("new",)), CatalogItem("b", "B")) == [4, 1]
    assert len(items) == 5
    assert items.ids.rows(["x", "a", "y"]).tolist() == [4, 0, NO_ITEM]
    assert items.ids.take([4, 1, 0]) == ["x", "b", "a"]
    assert items.titles.take(np.array([4, 1, 0])) == ["X", "B", "A"] and items.titles[4] == "X"
    assert items.facts.in_any_category(["new", "toys"]).tolist() == [True, False, False, False, True, False, False]
    assert items.living().tolist() == [True] * 5 + [False] * 2
    with pytest.raises(LookupError):
        items.titles.take([5])


def test_changes_of_categories_hold_in_filters(table):
    items = LiveItems(table, 1)
    put(items, CatalogItem("a", "A", categories=("books",)))
    assert items.facts.in_any_category(["toys"]).tolist() == [False] * 5
    assert items.facts.in_any_category(["books"]).tolist() == [True, False, False, True, False]
    assert list(items.facts.categories(0)) == ["books"] and list(items.facts.categories(2)) == ["wood"]


def test_deleted_items_are_unknown_keep_their_row_and_may_come_back(table):
    items = LiveItems(table, 2)
    put(items, CatalogItem("x", "X"))
    assert items.delete(["a", "x", "nobody"]).tolist() == [0, 4]
    assert items.ids.rows(["a", "x"]).tolist() == [NO_ITEM] * 2
    assert items.ids.ever(["a", "x"]).tolist() == [0, 4] and items.ids.row("a") == 0
    assert items.titles.take([0, 4]) == ["A", "X"]
    assert items.deleted.tolist() == [0, 4] and len(items) == 3
    assert put(items, CatalogItem("x", "again")) == [4]
    assert items.ids.rows(["a", "x"]).tolist() == [NO_ITEM, 4] and items.titles[4] == "again"


def test_without_room_new_items_get_no_row_and_old_ones_change(table):
    items = LiveItems(table, 1)
    assert put(items, CatalogItem("x"), CatalogItem("y"), CatalogItem("a", "changed")) == [4, NO_ITEM, 0]
    assert items.ids.rows(["y"]).tolist() == [NO_ITEM] and items.titles[0] == "changed"


def test_the_row_of_a_deleted_new_item_is_used_again_after_a_while(table, monkeypatch):
    items = LiveItems(table, 1)
    put(items, CatalogItem("x", "X"))
    items.delete(["x"])
    assert put(items, CatalogItem("y", "Y")) == [NO_ITEM]  # an answer may still be about x
    monkeypatch.setattr(live_items, "KEPT_SECONDS", -1)
    assert put(items, CatalogItem("y", "Y")) == [4]
    assert items.ids.ever(["x", "y"]).tolist() == [NO_ITEM, 4] and items.ids.take([4]) == ["y"]
    assert not len(items.deleted) and len(items) == 5


IDS = st.sampled_from(["a", "b", "c", "d", "u", "v", "w", "x", "y", "z"])
WRITTEN = st.builds(CatalogItem, IDS, st.text(max_size=3), categories=st.lists(st.sampled_from("wxyz")).map(tuple))


class Changing(RuleBasedStateMachine):
    """Four items of a bundle and room for all others."""

    @initialize()
    def load(self):
        self.items = LiveItems(Changing.table, 6)
        self.said = {
            id: (title, set(own)) for id, title, own in zip("abcd", ["A", "", "Ç", "D"], CATEGORIES, strict=True)
        }

    @rule(written=st.lists(WRITTEN, unique_by=lambda item: item.item_id))
    def write(self, written):
        assert NO_ITEM not in put(self.items, *written)
        self.said |= {item.item_id: (item.title, set(item.categories)) for item in written}

    @rule(ids=st.lists(IDS))
    def delete(self, ids):
        self.items.delete(ids)
        for id in ids:
            self.said.pop(id, None)

    @invariant()
    def agrees(self):
        items, known = self.items, sorted(self.said)
        rows = items.ids.rows(known)
        assert len(items) == len(known) == int(items.living().sum()) and items.living()[rows].all()
        assert items.ids.take(rows) == known
        assert items.ids.rows_of_hashes(hash_ids(known)).tolist() == sorted(rows.tolist())
        assert items.titles.take(rows) == [self.said[id][0] for id in known]
        carrying = items.facts.in_any_category(["w", "wood"])
        assert carrying[rows].tolist() == [bool(self.said[id][1] & {"w", "wood"}) for id in known]
        assert not [id for id in "abcduvwxyz" if id not in self.said and items.ids.rows([id])[0] != NO_ITEM]


def test_any_order_of_changes(table):
    Changing.table = table
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Changing, settings=settings(max_examples=50, stateful_step_count=15))
