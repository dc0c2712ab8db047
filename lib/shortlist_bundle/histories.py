"""Histories: the users' events that a bundle was trained on. Live events come after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.strings import Ids
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Queries
from shortlist_kernels.histories import copy_events, write_offsets


@dataclass(frozen=True)
class Histories:
    """All users' events up to `as_of`, as one batch of queries in the order of `ids`."""

    ids: Ids
    events: Queries
    as_of: int  # microseconds: the bundle has the events before this moment

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
            rules=bundle.manifest.event_weights,
        )
        return cls(bundle.ids("users/ids"), events, as_of)

    def queries(self, user_ids: Sequence[str]) -> Queries:
        """A query for each user as of the bundle's time. It has no history where the bundle does not have the user."""
        rows, events = self.ids.rows(user_ids), self.events
        offsets = np.zeros(len(rows) + 1, np.int64)
        count = write_offsets(rows, events.offsets, offsets)
        items, times = np.empty(count, np.int32), np.empty(count, np.int64)
        types, values = np.empty(count, np.int8), np.empty(count, np.float32)
        stored = events.offsets, events.items, events.times, events.types, events.values
        copy_events(rows, *stored, offsets, items, times, types, values)
        now = np.full(len(rows), self.as_of, np.int64)
        return Queries(offsets, items, times, types, values, now, rules=events.rules)


def write_histories(writer: BundleWriter, ids: Sequence[str], events: Queries) -> None:
    """Store the users' histories where `Histories.load` reads them."""
    writer.ids("users/ids", ids)
    writer.array("users/offsets", events.offsets)
    writer.array("users/items", events.items)
    writer.array("users/times", events.times)
    writer.array("users/types", events.types)
    writer.array("users/values", events.values)
