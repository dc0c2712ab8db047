"""Facts about items, as of a moment, that features are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Candidates, Float32s, Int64s, Queries
from shortlist_kernels.ranking import any_marked
from shortlist_ranking.action_rates import ActionRates


@dataclass(frozen=True)
class ItemFacts:
    """Per item, as of a moment: when it was first and last taken, by which actions, and its price."""

    first: Int64s  # [items] microseconds, `as_of` where nobody took it
    last: Int64s  # [items] likewise
    prices: Float32s  # [items, 2] as in ItemFeatures
    as_of: int
    new: Bools  # [items] which ones came after the bundle
    rates: ActionRates  # of actions, of items and of users

    @classmethod
    def fit(cls, histories: Queries, prices: Float32s, as_of: int) -> ItemFacts:
        """Read the clock of every item off the events of all users before `as_of`."""
        first, last = np.full(len(prices), as_of, np.int64), np.zeros(len(prices), np.int64)
        np.minimum.at(first, histories.items, histories.times)
        np.maximum.at(last, histories.items, histories.times)
        last[last == 0] = as_of
        return cls(first, last, prices, as_of, np.zeros(len(prices), np.bool_), ActionRates.fit(histories, len(prices)))

    def write(self, writer: BundleWriter) -> None:
        """Store the facts."""
        writer.array("ranking/first", self.first)
        writer.array("ranking/last", self.last)
        writer.array("ranking/prices", self.prices)
        self.rates.write(writer)

    @classmethod
    def load(cls, bundle: Bundle, room: int | None = None) -> ItemFacts:
        """The facts that `write` stored, writable and with room for items that nobody took where it is given."""
        first, last, prices = (bundle.array(f"ranking/{name}", room) for name in ("first", "last", "prices"))
        as_of = bundle.manifest.as_of_micros
        new = np.zeros(len(first), np.bool_)
        if room is not None:
            first[len(first) - room :] = last[len(last) - room :] = as_of
            new[len(new) - room :] = True
        return cls(first, last, prices, as_of, new, ActionRates.load(bundle, room, len(first)))

    def untaken(self, candidates: Candidates) -> Bools:
        """Which candidates are new items of which popularity knows no taker yet, bool [batch, n]."""
        items = np.ascontiguousarray(candidates.items)
        if not any_marked(items, self.new):
            return np.zeros(items.shape, np.bool_)
        new = self.new[items] & candidates.valid
        return np.asarray(new & ~(candidates.scores[..., list(candidates.taker_counts)] > 0).any(axis=-1))
