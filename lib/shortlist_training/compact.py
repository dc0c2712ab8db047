"""Takes items out of a store once the data and every bundle have them, so that it holds no more than what is new."""

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
    """What was dropped and what stayed."""

    items: int  # dropped: the data folder and all bundles have them
    deletions: int  # dropped: neither the data folder nor any bundle has the item
    items_left: int
    deletions_left: int
    behind: str = ""  # the bundle that contains least of the store, if that is why something stayed


def compact(data: Path, bundles: BundleStore, store: CatalogStore) -> Compaction:
    """Write what all bundles of the folder contain into the items of the data folder, then drop it from the store.

    A bundle that may serve again needs from the store what it does not contain, so the one that contains least decides;
    without a bundle nothing is dropped. A deletion stays while the data or a bundle has the item. Safe to repeat, and
    to be killed: the data is written first. Raises DataError, BundleRefusedError and StateError.
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
    stays = [change.item for change in left]
    return Compaction(
        items=sum(change.item is not None for change in dropped),
        deletions=sum(change.item is None for change in dropped),
        items_left=sum(item is not None for item in stays),
        deletions_left=sum(item is None for item in stays),
        behind=behind if any(change.sequence > contained for change in left) else "",
    )


def _fold(data: Path, changes: list[CatalogChange]) -> set[str]:
    """Bring the items of the data folder up to these changes; their ids afterwards."""
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
