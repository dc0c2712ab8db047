"""Unknown items: what events name that neither a bundle nor the catalogue of live items has."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_core.errors import StateError
from shortlist_core.types import NO_ITEM, Event
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import CatalogStore


def unknown_items(bundle: LoadedBundle, catalog: CatalogStore, events: Sequence[Event]) -> int:
    """How many of the events are about items that nobody has described. Deleted items are known.

    The store is asked about items that the loaded bundle does not have, as another server may just have written them.
    """
    rows = bundle.items.ids.ever([event.item_id for event in events]).tolist()
    missing = [event.item_id for event, row in zip(events, rows, strict=True) if row == NO_ITEM]
    if not missing:
        return 0
    ids = list(dict.fromkeys(missing))
    try:
        written = {id for id, change in zip(ids, catalog.get(ids), strict=True) if change is not None}
    except StateError:  # the events are stored, which is what counts
        written = set()
    return sum(item_id not in written for item_id in missing)
