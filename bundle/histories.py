"""The users' histories that a bundle was trained on: what is known of a user before the first live event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bundle.reader import Bundle
from bundle.strings import Ids
from bundle.writer import BundleWriter
from core.types import NO_ITEM, Queries


@dataclass(frozen=True)
class Histories:
    """All users' events up to `as_of`, as one batch of queries in the order of `ids`."""

    ids: Ids
    events: Queries
    as_of: int  # microseconds; the moment up to which the bundle knows of events

    @classmethod
    def load(cls, bundle: Bundle) -> Histories:
        """The histories that `write_histories` stored, memory-mapped."""
        offsets = bundle.array("users/offsets")
        as_of = bundle.manifest.as_of_micros
        events = Queries(
            offsets,
            bundle.array("users/items"),
            bundle.array("users/times"),
            bundle.array("users/types"),
            bundle.array("users/values"),
            np.full(len(offsets) - 1, as_of, np.int64),
        )
        return cls(bundle.ids("users/ids"), events, as_of)

    def queries(self, user_ids: Sequence[str]) -> Queries:
        """A query for each user as of the bundle's time; one without history for a user whom it does not know."""
        rows = self.ids.rows(user_ids).astype(np.int64)
        known = rows != NO_ITEM
        picked = self.events.select(rows[known])
        lengths = np.zeros(len(rows), np.int64)
        lengths[known] = picked.lengths
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        now = np.full(len(rows), self.as_of, np.int64)
        return Queries(offsets, picked.items, picked.times, picked.types, picked.values, now)


def write_histories(writer: BundleWriter, ids: Sequence[str], events: Queries) -> None:
    """Store the users' histories where `Histories.load` finds them."""
    writer.ids("users/ids", ids)
    writer.array("users/offsets", events.offsets)
    writer.array("users/items", events.items)
    writer.array("users/times", events.times)
    writer.array("users/types", events.types)
    writer.array("users/values", events.values)
