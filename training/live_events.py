"""Live events as training data: what the servers' store holds joins the data set, and whoever was erased leaves it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from core.errors import DataError
from data import schema
from data.dataset import Dataset
from state import LogEntry, StateStore, open_store

PAGE = 10_000
_SAME = ["user_id", "item_id", "timestamp", "event_type"]  # an event that agrees in these is the same one
_COLUMNS = {**schema.INTERACTIONS, "timestamp": pl.Int64(), "value": pl.Float64(), "event_id": pl.String()}


@dataclass(frozen=True)
class Merged:
    """A data set with live events in it, and what became of them all; the counts of events add up to what was read."""

    dataset: Dataset
    added: int
    known: int  # in the data set already, or under the same id in another store
    unknown_items: int  # of items that the data set's items do not have
    erased_users: int  # of the data set, left out with everything they did

    def __str__(self) -> str:
        left_out = f"{self.known:,} known already, {self.unknown_items:,} of unknown items"
        return f"{self.added:,} live events added ({left_out}), {self.erased_users:,} deleted users left out"


def with_live_events(dataset: Dataset, urls: Sequence[str]) -> Merged:
    """The data set with the events of the stores at `urls`, in the order of time.

    Raises DataError for a file that is not there, StateError for a store that cannot be read.
    """
    merged = Merged(dataset, 0, 0, 0, 0)
    frames = []
    for url in urls:
        path = url.removeprefix("sqlite:")
        if path != url and not Path(path).is_file():  # opening it would make an empty one
            raise DataError(f"{path}: there is no such file of live events")
        with closing(open_store(url)) as store:
            frames.append(_frame(_events(store)))
            dataset, erased = without_erased(dataset, store)
            merged = Merged(dataset, 0, 0, 0, merged.erased_users + erased)
    return _joined(merged, pl.concat(frames)) if frames else merged


def without_erased(dataset: Dataset, store: StateStore) -> tuple[Dataset, int]:
    """The data set without the users who were erased from the store, and how many those are.

    All that the data set has of them goes: what they did after their erasure, if anything, is in the store.
    """
    tombstones = store.tombstones()
    users = pl.concat([dataset.interactions["user_id"], dataset.users["user_id"]]).unique()
    gone = [user for user in users if store.pseudonym(user) in tombstones] if tombstones else []
    if not gone:
        return dataset, 0
    stays = ~pl.col("user_id").is_in(gone)
    return Dataset(dataset.interactions.filter(stays), dataset.items, dataset.users.filter(stays)), len(gone)


def _events(store: StateStore) -> Iterator[LogEntry]:
    """All events of the log, without those of users who are erased while it is read."""
    entries: list[LogEntry] = []
    erased: dict[bytes, int] = {}
    after, more = -1, True
    while more:
        page = store.log(after, PAGE)
        entries += page.entries
        erased.update((entry.user, entry.sequence) for entry in page.entries if entry.event is None)
        after, more = page.end, page.more
    return (entry for entry in entries if entry.event and entry.sequence > erased.get(entry.user, -1))


def _frame(entries: Iterator[LogEntry]) -> pl.DataFrame:
    """Interactions in the canonical columns, and the id of each event."""
    rows = [
        (e.user_id, e.item_id, e.time, e.type.name.lower(), e.value, e.session_id or None, e.event_id)
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
