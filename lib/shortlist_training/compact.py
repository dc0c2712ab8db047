"""Compaction: removes items from a store once the data folder and all bundles contain them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shortlist_bundle import BundleStore
from shortlist_core.catalog import CatalogChange
from shortlist_data.dataset import Dataset
from shortlist_state import CatalogStore
from shortlist_training import live_items


@dataclass(frozen=True)
class Compaction:
    """What was dropped and what was kept."""

    items: int  # dropped: the data folder and all bundles have them
    deletions: int  # dropped: neither the data folder nor any bundle has the item
    items_left: int
    deletions_left: int
    behind: str = ""  # the bundle that contains least of the store, if something was kept because of it


def compact(data: Path, bundles: BundleStore, store: CatalogStore) -> Compaction:
    """Write the changes that all bundles contain into the items of the data folder, then drop them from the store.

    Any bundle may serve again and then needs the changes that it does not contain. So the bundle that contains least
    decides, and without a bundle nothing is dropped. A deletion is kept while the data folder or a bundle has the item.
    Repeating this is safe, and so is killing it, because the data folder is written first. Raises DataError,
    BundleRefusedError and StateError.
    """
    reach = {
        version: bundles.manifest(version).catalog_sequences.get(store.identity, -1) for version in bundles.versions()
    }
    behind = min(reach, key=lambda version: reach[version], default="")
    contained = reach.get(behind, -1)
    changes = list(live_items.changes(store, contained))
    dropped = changes and _without_needed_deletions(changes, _fold(data, changes), bundles)
    for start in range(0, len(dropped), live_items.PAGE):
        store.drop(dropped[start : start + live_items.PAGE])
    left = list(live_items.changes(store))
    items_left = [change.item for change in left]
    return Compaction(
        items=sum(change.item is not None for change in dropped),
        deletions=sum(change.item is None for change in dropped),
        items_left=sum(item is not None for item in items_left),
        deletions_left=sum(item is None for item in items_left),
        behind=behind if any(change.sequence > contained for change in left) else "",
    )


def _fold(data: Path, changes: list[CatalogChange]) -> set[str]:
    """Apply changes to the items of the data folder; returns the ids of its items afterwards."""
    dataset = Dataset.read(data)
    items = live_items.with_written(dataset.items, changes)
    items, _ = live_items.without_deleted(items, dataset.interactions, changes)
    if not items.equals(dataset.items):
        Dataset(dataset.interactions, items, dataset.users).write_items(data)
    return set(items["item_id"])


def _without_needed_deletions(
    changes: list[CatalogChange], of_data: set[str], bundles: BundleStore
) -> list[CatalogChange]:
    deleted = [change.item_id for change in changes if change.item is None]
    needed = of_data.intersection(deleted)
    for version in bundles.versions() if deleted else []:
        ids = bundles.load(version).ids("items/ids")
        needed.update(item_id for item_id in deleted if item_id in ids)
    return [change for change in changes if change.item is not None or change.item_id not in needed]
