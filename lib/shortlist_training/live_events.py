"""Live events as training data: events and items of servers' stores join a data set, erased users leave it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shortlist_core.catalog import Attribute, CatalogChange
from shortlist_core.errors import DataError
from shortlist_data import schema
from shortlist_data.dataset import Dataset
from shortlist_server.system.erased_rows import Erased
from shortlist_state import LogEntry, StateStore, open_store
from shortlist_training import live_items
from shortlist_training.live_attributes import with_described

PAGE = 10_000
_SAME = ["user_id", "item_id", "timestamp", "event_type"]  # an event that agrees in these is the same one
_COLUMNS = {**schema.INTERACTIONS, "timestamp": pl.Int64(), "value": pl.Float64(), "event_id": pl.String()}


@dataclass(frozen=True)
class Merged:
    """A data set with live events and items, and how many were added or left out.

    `added`, `duplicates` and `unknown_items` add up to the live events that were read.
    """

    dataset: Dataset
    added: int
    duplicates: int  # in the data set already, or in another store under the same id
    unknown_items: int  # about items that neither the data set nor the stores have
    erased_users: int  # of the data set, left out with all their events
    written_items: int = 0  # of the stores: new items, and items that replace those of the data set
    deleted_items: int = 0  # of the data set, left out because no interaction is about them
    catalog_sequences: Mapping[str, int] = field(default_factory=dict)  # catalogue store -> last included change
    described_users: int = 0  # of the stores: users whose attributes were written
    logs: Mapping[str, int] = field(default_factory=dict)  # URL of a store -> up to where its log is included

    def take(self) -> None:
        """Note in each store what a training has taken: from then on its servers may let these events expire.

        Raises StateError for a store that cannot be written.
        """
        for url, sequence in self.logs.items():
            with closing(open_existing(url)) as store:
                store.take(sequence)

    def __str__(self) -> str:
        left_out = f"{self.duplicates:,} known already, {self.unknown_items:,} of unknown items"
        events = f"{self.added:,} live events added ({left_out}), {self.erased_users:,} deleted users left out"
        items = f"{self.written_items:,} live items added, {self.deleted_items:,} deleted items left out"
        return f"{events}; {items}; attributes of {self.described_users:,} live users added"


def with_live_events(dataset: Dataset, urls: Sequence[str]) -> Merged:
    """The data set with the events, items and users' attributes of the stores at `urls`; events in the order of time.

    If two stores have the same item or attributes of the same user, the store named last decides. Raises DataError for
    a file that does not exist, and StateError for a store that cannot be read.
    """
    merged = Merged(dataset, 0, 0, 0, 0)
    frames = []
    changed: dict[str, CatalogChange] = {}
    sequences: dict[str, int] = {}
    logs: dict[str, int] = {}
    described: dict[str, tuple[Attribute, ...]] = {}
    for url in urls:
        with closing(open_existing(url)) as store:
            store.take(-1)  # what nobody has taken is not to expire while this training is under way
            events, logs[url] = _events(store)
            frames.append(_frame(events))
            of_store = list(live_items.changes(store.catalog))
            sequences[store.catalog.identity] = of_store[-1].sequence if of_store else -1
            described |= store.described()
            changed |= {change.item_id: change for change in of_store}
            dataset, erased = without_erased(dataset, store)
            merged = Merged(dataset, 0, 0, 0, merged.erased_users + erased)
    if not frames:
        return merged
    changes = list(changed.values())
    items = live_items.with_written(dataset.items, changes)
    dataset = Dataset(dataset.interactions, items, with_described(dataset.users, described))
    merged = _joined(replace(merged, dataset=dataset), pl.concat(frames))
    dataset = merged.dataset
    items, deleted = live_items.without_deleted(dataset.items, dataset.interactions, changes)
    return replace(
        merged,
        dataset=Dataset(dataset.interactions, items, dataset.users),
        written_items=sum(change.item is not None for change in changes),
        deleted_items=deleted,
        catalog_sequences=sequences,
        described_users=len(described),
        logs=logs,
    )


def open_existing(url: str) -> StateStore:
    """The store at `url`. Raises DataError for a file that does not exist, which opening would create."""
    path = url.removeprefix("sqlite:")
    if path != url and not Path(path).is_file():
        raise DataError(f"{path}: there is no such file of live events")
    return open_store(url)


def without_erased(dataset: Dataset, erasures: Erased) -> tuple[Dataset, int]:
    """The data set without the users who were erased from a store, or beside bundles, and how many these are.

    All their events in the data set are left out. Events after their erasure, if any, are in a store.
    """
    tombstones = erasures.tombstones()
    users = pl.concat([dataset.interactions["user_id"], dataset.users["user_id"]]).unique()
    erased = [user for user in users if erasures.pseudonym(user) in tombstones] if tombstones else []
    if not erased:
        return dataset, 0
    stays = ~pl.col("user_id").is_in(erased)
    return Dataset(dataset.interactions.filter(stays), dataset.items, dataset.users.filter(stays)), len(erased)


def _events(store: StateStore) -> tuple[Iterator[LogEntry], int]:
    """All events of the log, without those of users who were erased while it was read, and where the log ended."""
    entries: list[LogEntry] = []
    erased: dict[bytes, int] = {}
    after, more = -1, True
    while more:
        page = store.log(after, PAGE)
        entries += page.entries
        erased.update((entry.user, entry.sequence) for entry in page.entries if entry.event is None)
        after, more = page.end, page.more
    return (entry for entry in entries if entry.event and entry.sequence > erased.get(entry.user, -1)), after


def _frame(entries: Iterator[LogEntry]) -> pl.DataFrame:
    """Interactions in the canonical columns, with the id of each event."""
    rows: list[tuple[Any, ...]] = [
        (e.user_id, e.item_id, e.time, e.type.name.lower(), e.value, e.session_id or None, [], e.event_id)
        for entry in entries
        if (e := entry.event) and e.user_id
    ]
    limit = float(np.finfo(np.float32).max)
    frame = pl.DataFrame(rows, schema=_COLUMNS, orient="row")
    return frame.with_columns(
        pl.col("timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        pl.col("value").clip(-limit, limit).cast(pl.Float32),
    )


def _joined(merged: Merged, live: pl.DataFrame) -> Merged:
    dataset = merged.dataset
    distinct = live.unique("event_id", keep="first", maintain_order=True)
    new = distinct.join(dataset.interactions.select(_SAME), on=_SAME, how="anti", maintain_order="left")
    fits = new.join(dataset.items.select("item_id"), on="item_id", how="semi", maintain_order="left")
    events = pl.concat([dataset.interactions, fits.select(schema.INTERACTIONS.names())])
    joined = Dataset.of(events, dataset.items, dataset.users)
    return Merged(joined, len(fits), len(live) - len(new), len(new) - len(fits), merged.erased_users)
