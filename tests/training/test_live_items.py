"""What servers' stores have of items joins the data, and leaves the store once data and bundles have it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from live_shop import at, dataset

from shortlist_bundle import BundleStore
from shortlist_bundle.items import write_items
from shortlist_bundle.manifest import CATALOG_SEQUENCES
from shortlist_core.catalog import CatalogItem
from shortlist_core.types import Event
from shortlist_core.values import PIXEL_BYTES
from shortlist_data.dataset import Dataset
from shortlist_state import StateStore, open_store
from shortlist_training.compact import compact
from shortlist_training.live_events import with_live_events
from shortlist_training.table import prepare


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'state.db'}"


@pytest.fixture
def store(url: str) -> Iterator[StateStore]:
    store = open_store(url)
    yield store
    store.close()


def item(item_id: str, title: str = "T") -> CatalogItem:
    return CatalogItem(
        item_id, title, "Words", ("tea", "green"), 2.5, (("colour", "blue"), ("colour", "white")), (1.0, 2.0)
    )


def row(items: pl.DataFrame, item_id: str) -> dict[str, object]:
    return items.row(by_predicate=pl.col("item_id") == item_id, named=True)


def test_written_items_are_new_or_override_those_of_the_data(store: StateStore, url: str) -> None:
    store.catalog.upsert([item("new"), item("i0", "Other"), CatalogItem("bare")])
    store.append([Event("a", "u1", "new", at(9))])
    merged = with_live_events(dataset(), [url])
    assert (merged.added, merged.unknown_items, merged.written_items, merged.deleted_items) == (1, 0, 3, 0)
    items = merged.dataset.items
    assert sorted(items["item_id"]) == ["bare", "i0", "i1", "i2", "i3", "i4", "i5", "new"]
    expected = {"title": "Other", "text": "Words", "categories": ["tea", "green"], "price": 2.5}
    assert {name: row(items, "i0")[name] for name in expected} == expected
    assert (row(items, "bare")["title"], row(items, "bare")["price"]) == ("", None)
    assert merged.catalog_sequences == {store.catalog.identity: store.catalog.position()}
    assert "new" in prepare(merged.dataset, None).item_ids
    assert "3 live items added" in str(merged)


def test_what_callers_cannot_write_stays_as_the_data_has_it(store: StateStore, url: str) -> None:
    full = {"item_id": ["i0"], "image_path": ["a.png"], "attributes": [[{"key": "colour", "value": "red"}]]}
    shop = Dataset.of(dataset().interactions, pl.DataFrame(full))
    store.catalog.upsert([item("i0")])
    renewed = row(with_live_events(shop, [url]).dataset.items, "i0")
    assert (renewed["title"], renewed["image_path"]) == ("T", "a.png")
    assert renewed["embedding"] == [1, 2]
    assert renewed["attributes"] == [{"key": "colour", "value": "blue"}, {"key": "colour", "value": "white"}]


def test_pictures_that_were_written_win_over_those_of_the_data_which_stay_otherwise(
    store: StateStore, url: str
) -> None:
    red, blue = bytes([1]) * PIXEL_BYTES, bytes([2]) * PIXEL_BYTES
    shop = Dataset.of(
        dataset().interactions, pl.DataFrame({"item_id": ["i0", "i1", "i2"], "image_pixels": [red, red, None]})
    )
    written = {"i0": b"", "i1": blue, "i2": blue, "new": blue, "bare": b""}
    store.catalog.upsert([CatalogItem(name, pixels=pixels) for name, pixels in written.items()])
    items = with_live_events(shop, [url]).dataset.items
    found = {name: row(items, name)["image_pixels"] for name in written}
    assert found == {"i0": red, "i1": blue, "i2": blue, "new": blue, "bare": None}


def test_a_release_time_of_the_data_stays_where_an_item_is_written_without(store: StateStore, url: str) -> None:
    known = pl.DataFrame({"item_id": ["i0", "i1"], "release_time": [datetime(2020, 1, 1, tzinfo=UTC)] * 2})
    shop = Dataset.of(dataset().interactions, known)
    store.catalog.upsert([CatalogItem("i0"), CatalogItem("i1", release_time=at(9))])
    items = with_live_events(shop, [url]).dataset.items
    found = {name: row(items, name)["release_time"].date().isoformat() for name in ("i0", "i1")}
    assert found == {"i0": "2020-01-01", "i1": "2024-01-09"}


def test_vectors_of_another_length_than_most_do_not_stop_a_training(store: StateStore, url: str) -> None:
    shop = Dataset.of(dataset().interactions, pl.DataFrame({"item_id": ["i0", "i1"], "embedding": [[1.0, 2, 3]] * 2}))
    store.catalog.upsert(
        [CatalogItem("odd", "Odd", embedding=(1.0, 2.0)), CatalogItem("even", embedding=(3.0, 2.0, 1.0))]
    )
    items = with_live_events(shop, [url]).dataset.items
    assert (row(items, "odd")["embedding"], row(items, "even")["embedding"]) == (None, [3, 2, 1])


def test_a_deleted_item_leaves_the_data_unless_somebody_dealt_with_it(store: StateStore, url: str) -> None:
    store.catalog.upsert([item("gone")])
    store.append([Event("a", "u1", "gone", at(9))])
    store.catalog.delete(["i0", "i5", "gone", "never"])
    merged = with_live_events(dataset(), [url])
    assert set(merged.dataset.items["item_id"]) == {"i0", "i1", "i2", "i3", "i4"}
    assert (merged.added, merged.unknown_items, merged.deleted_items) == (0, 1, 1)
    assert len(merged.dataset.interactions) == 60


def test_of_two_stores_the_last_one_counts(store: StateStore, url: str, tmp_path: Path) -> None:
    other_url = f"sqlite:{tmp_path / 'other.db'}"
    other = open_store(other_url)
    store.catalog.upsert([item("new", "first")])
    other.catalog.upsert([item("new", "second")])
    for urls, title in (([url, other_url], "second"), ([other_url, url], "first")):
        merged = with_live_events(dataset(), urls)
        assert row(merged.dataset.items, "new")["title"] == title
        assert len(merged.catalog_sequences) == 2
    other.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dataset().write(tmp_path / "data")
    return tmp_path / "data"


def publish(bundles: BundleStore, ids: list[str], store: StateStore, sequence: int | None = None) -> str:
    """A bundle of these items that contains the store up to a change, all of it if none is given."""
    contained = store.catalog.position() if sequence is None else sequence
    with bundles.writer() as writer:
        write_items(writer, ids, ids, [[] for _ in ids], np.ones(len(ids), np.float32))
        settings = {CATALOG_SEQUENCES: {store.catalog.identity: contained}}
        return writer.publish(as_of_micros=1, seed=1, settings=settings, metrics={}).version


def left(store: StateStore) -> list[str]:
    return [change.item_id for change in store.catalog.changes(-1, 100).changes]


def test_what_data_and_bundles_have_is_dropped(store: StateStore, folder: Path, tmp_path: Path) -> None:
    bundles = BundleStore(tmp_path / "bundles")
    store.catalog.upsert([item("new"), item("i0", "Other")])
    store.catalog.delete(["i5", "i1", "never"])
    publish(bundles, ["i0", "i1", "i2", "i3", "i4", "new"], store)
    store.catalog.upsert([item("later")])
    done = compact(folder, bundles, store.catalog)
    assert (done.items, done.deletions, done.items_left, done.deletions_left) == (2, 2, 1, 1)
    assert done.behind == bundles.versions()[0]
    assert left(store) == ["i1", "later"], "somebody dealt with i1: the bundle has it, and so will the next one"
    again = Dataset.read(folder)
    assert set(again.items["item_id"]) == {"i0", "i1", "i2", "i3", "i4", "new"}
    assert row(again.items, "i0")["title"] == "Other"
    assert again.interactions.equals(dataset().interactions)
    done = compact(folder, bundles, store.catalog)
    assert (done.items, done.deletions) == (0, 0)


def test_an_older_bundle_keeps_what_it_does_not_contain(store: StateStore, folder: Path, tmp_path: Path) -> None:
    bundles = BundleStore(tmp_path / "bundles")
    store.catalog.upsert([item("a")])
    old = publish(bundles, ["a", "b"], store)
    store.catalog.upsert([item("b")])
    store.catalog.delete(["a"])
    publish(bundles, ["b"], store)
    done = compact(folder, bundles, store.catalog)
    assert (done.items, done.behind) == (0, old)
    assert left(store) == ["b", "a"]


def test_a_deletion_stays_while_a_bundle_has_the_item(store: StateStore, folder: Path, tmp_path: Path) -> None:
    bundles = BundleStore(tmp_path / "bundles")
    store.catalog.delete(["x", "y"])
    publish(bundles, ["x"], store)
    done = compact(folder, bundles, store.catalog)
    assert (done.deletions, done.deletions_left, done.behind) == (1, 1, "")
    assert left(store) == ["x"]


def test_without_a_bundle_and_of_another_store_nothing_is_dropped(
    store: StateStore, folder: Path, tmp_path: Path
) -> None:
    bundles = BundleStore(tmp_path / "bundles")
    store.catalog.upsert([item("a")])
    assert compact(folder, bundles, store.catalog).items == 0
    other = open_store("sqlite::memory:")
    publish(bundles, ["a"], other, 2**60)
    assert compact(folder, bundles, store.catalog).items == 0
    assert left(store) == ["a"]
    other.close()
