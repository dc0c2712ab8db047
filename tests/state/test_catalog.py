"""The contract that the catalogue of every store keeps."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import InvalidArgumentError, StateError
from shortlist_core.values import PIXEL_BYTES
from shortlist_state import StateStore, open_store
from shortlist_state.catalog import Before

NOTHING, DELETED, ITEM = Before.NOTHING, Before.DELETED, Before.ITEM


def item(id: str, title: str = "") -> CatalogItem:
    return CatalogItem(id, title or f"Title of {id}")


def ids(changes: list[CatalogChange]) -> list[str]:
    return [change.item_id for change in changes]


def alive(store: StateStore) -> dict[str, str]:
    return {change.item_id: change.item.title for change in store.catalog.items("", 1_000) if change.item}


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=50)
@given(
    st.builds(
        CatalogItem,
        item_id=TEXT,
        title=TEXT,
        text=TEXT,
        categories=st.lists(TEXT, max_size=3).map(tuple),
        price=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_any_item_comes_back_as_it_was(written: CatalogItem) -> None:
    store = open_store("sqlite::memory:")
    store.catalog.upsert([written])
    [change] = store.catalog.get([written.item_id])
    assert change is not None
    assert change.item == written
    store.close()


def test_an_item_comes_back_as_it_was_and_when(store: StateStore) -> None:
    full = CatalogItem(
        "i", 'A "title"', "Text\nin lines ☃", ("tea", "mugs"), 2.5, (("k", "a"), ("k", "b|ß")), (0.5, -2e-3)
    )
    written = store.catalog.upsert([full, CatalogItem("bare")])
    assert written is not None
    assert written.before == [NOTHING, NOTHING]
    first, second, none = store.catalog.get(["i", "bare", "other"])
    assert none is None
    assert first is not None
    assert second is not None
    assert (first.item, second.item) == (full, CatalogItem("bare"))
    assert first.sequence < second.sequence == written.sequence == store.catalog.position()
    assert abs(first.time - first.sequence) < 1_000_000


def test_a_batch_says_what_there_was_before(store: StateStore) -> None:
    store.catalog.upsert([item("a"), item("b")])
    assert store.catalog.delete(["b", "c"]).before == [ITEM, NOTHING]
    again = store.catalog.upsert([item("a"), item("b"), item("c"), item("d")])
    assert again is not None
    assert again.before == [ITEM, DELETED, DELETED, NOTHING]
    assert store.catalog.upsert([]) is not None
    assert store.catalog.delete([]).before == []
    assert store.catalog.position() == again.sequence


def test_changes_hold_the_newest_state_of_each_item_alone(store: StateStore) -> None:
    assert store.catalog.position() == 0
    for round in range(5):
        store.catalog.upsert([item("a", f"{round}"), item("b"), item("c")])
    store.catalog.delete(["b"])
    page = store.catalog.changes(-1, 10)
    assert [(change.item_id, change.item and change.item.title) for change in page.changes] == [
        ("a", "4"),
        ("c", "Title of c"),
        ("b", None),
    ]
    assert page.end == store.catalog.position()
    assert not page.more
    assert store.catalog.changes(page.end, 10).changes == []
    assert store.catalog.changes(page.end, 10).end == page.end


def test_changes_come_in_pages_that_miss_nothing(store: StateStore) -> None:
    store.catalog.upsert([item(f"i{number}") for number in range(10)])
    found, after, more = [], -1, True
    while more:
        page = store.catalog.changes(after, 3)
        found += ids(page.changes)
        after, more = page.end, page.more
        if len(found) == 3:  # read already, and read again for its newer state
            store.catalog.delete(["i0"])
    assert found == [*(f"i{number}" for number in range(10)), "i0"]


def test_items_come_in_the_order_of_their_ids_bytes(store: StateStore) -> None:
    store.catalog.upsert([item(id) for id in ("b", "a", "ä", "B", "z", "中", "a b", "gone")])
    store.catalog.delete(["gone", "never"])
    expected = ["B", "a", "a b", "b", "z", "ä", "中"]
    assert ids(store.catalog.items("", 100)) == expected
    assert ids(store.catalog.items("a b", 2)) == ["b", "z"]
    assert ids(store.catalog.items("gone", 1)) == ["z"]
    assert store.catalog.items("中", 5) == []
    assert store.catalog.count() == 7


def test_nothing_is_written_where_the_position_is_another_one(store: StateStore) -> None:
    first = store.catalog.upsert([item("a")], expected=0)
    assert first is not None
    assert store.catalog.upsert([item("b")], expected=0) is None
    assert alive(store) == {"a": "Title of a"}
    assert store.catalog.upsert([item("b")], expected=first.sequence) is not None
    assert set(alive(store)) == {"a", "b"}


def test_pictures_come_back_as_they_were_written(store: StateStore) -> None:
    shown = CatalogItem("a", "A", pixels=bytes(range(256)) * (PIXEL_BYTES // 256))
    store.catalog.upsert([shown, item("b")])
    assert [change.item for change in store.catalog.get(["a", "b"]) if change] == [shown, item("b")]


def test_a_batch_with_a_bad_item_is_refused_as_a_whole_with_every_violation(store: StateStore) -> None:
    bad = [item("a"), CatalogItem("b", price=math.inf, embedding=(math.nan,)), item("a"), item("\ud800")]
    with pytest.raises(InvalidArgumentError) as caught:
        store.catalog.upsert(bad)
    assert [violation.field for violation in caught.value.violations] == [
        "items[1].price",
        "items[1].embedding",
        "items[2].item_id",
        "items[3]",
    ]
    with pytest.raises(InvalidArgumentError):
        store.catalog.delete(["a", "a"])
    assert store.catalog.position() == 0
    assert store.catalog.get(["\ud800"]) == [None]


def test_what_is_dropped_is_gone_unless_it_changed(store: StateStore) -> None:
    store.catalog.upsert([item("a"), item("b"), item("c")])
    store.catalog.delete(["c"])
    read = store.catalog.changes(-1, 10)
    later = store.catalog.upsert([item("b", "newer")])
    assert later is not None
    assert store.catalog.drop(read.changes) == 2
    assert store.catalog.drop(read.changes) == 0
    assert store.catalog.drop([]) == 0
    assert alive(store) == {"b": "newer"}
    assert ids(store.catalog.changes(-1, 10).changes) == ["b"]
    assert store.catalog.position() == later.sequence
    [last] = store.catalog.changes(-1, 10).changes
    assert store.catalog.drop([last]) == 1
    assert store.catalog.position() == later.sequence
    assert (store.catalog.count(), store.catalog.changes(-1, 10).changes) == (0, [])


def test_a_negative_limit_is_not_without_limit(store: StateStore) -> None:
    store.catalog.upsert([item("a")])
    for call in (lambda: store.catalog.changes(-1, -1), lambda: store.catalog.items("", -1)):
        with pytest.raises(ValueError, match="negative"):
            call()
    assert store.catalog.changes(-1, 0).more is False


def test_threads_lose_and_mix_up_nothing(store: StateStore) -> None:
    """Of batches over the same items, the one with the highest number holds, as a whole."""

    def write(thread: int) -> int:
        written = store.catalog.upsert([item(f"i{number}", f"{thread}") for number in range(20)])
        assert written is not None
        return written.sequence

    with ThreadPoolExecutor(8) as pool:
        sequences = list(pool.map(write, range(24)))
    last = str(sequences.index(max(sequences)))
    assert set(alive(store).values()) == {last}
    assert len(set(sequences)) == 24


def test_it_outlives_its_handles_and_is_one_for_all_of_them(url: str) -> None:
    one, other = open_store(url), open_store(url)
    one.catalog.upsert([item("a"), item("b")])
    other.catalog.delete(["a"])
    assert alive(one) == alive(other) == {"b": "Title of b"}
    assert one.catalog.identity == other.catalog.identity
    identity, changes = one.catalog.identity, one.catalog.changes(-1, 10)
    for each in (one, other):
        each.close()
    again = open_store(url)
    assert (again.catalog.identity, again.catalog.changes(-1, 10)) == (identity, changes)
    again.close()
    with pytest.raises(StateError, match="closed"):
        again.catalog.position()


def test_two_stores_have_two_names() -> None:
    stores = [open_store("sqlite::memory:") for _ in range(2)]
    assert len({store.catalog.identity for store in stores}) == 2
    for store in stores:
        store.close()
