"""What the ranker reads of a candidate beside vectors: the sources' signals, popularity's clock, age, price.

Everything is as of the query's moment: nothing here knows what came after it. How long the user has been away is left
out on purpose: it says when somebody asked rather than what they like, and a model that learned on people in the midst
of a visit goes astray on those who come back after months (docs/experiments.md, 2026-11-22).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.compiled import compiled
from core.signals import write_signals
from core.types import DAY, Bools, Candidates, Float32s, Int32s, Int64s, Queries

CONTEXT = ("age", "since_last_taken", "price", "price_known", "price_distance", "history_length")


@dataclass(frozen=True)
class ItemFacts:
    """Per item, as of a moment: when it was first and last taken, and its price."""

    first: Int64s  # [items] microseconds, `as_of` where nobody took it
    last: Int64s  # [items] likewise
    prices: Float32s  # [items, 2] as in ItemFeatures
    as_of: int
    new: Bools  # [items] which ones came after the bundle

    @classmethod
    def fit(cls, histories: Queries, prices: Float32s, as_of: int) -> ItemFacts:
        """Read the clock of every item off the events of all users before `as_of`."""
        first, last = np.full(len(prices), as_of, np.int64), np.zeros(len(prices), np.int64)
        np.minimum.at(first, histories.items, histories.times)
        np.maximum.at(last, histories.items, histories.times)
        last[last == 0] = as_of
        return cls(first, last, prices, as_of, np.zeros(len(prices), np.bool_))

    def write(self, writer: BundleWriter) -> None:
        """Store the facts."""
        writer.array("ranking/first", self.first)
        writer.array("ranking/last", self.last)
        writer.array("ranking/prices", self.prices)

    @classmethod
    def load(cls, bundle: Bundle, room: int | None = None) -> ItemFacts:
        """The facts that `write` stored, writable and with room for items that nobody took where it is given."""
        first, last, prices = (bundle.array(f"ranking/{name}", room) for name in ("first", "last", "prices"))
        as_of = bundle.manifest.as_of_micros
        new = np.zeros(len(first), np.bool_)
        if room is not None:
            first[len(first) - room :] = last[len(last) - room :] = as_of
            new[len(new) - room :] = True
        return cls(first, last, prices, as_of, new)


def feature_names(sources: tuple[str, ...]) -> list[str]:
    """The names of `features`' last axis."""
    return [f"{s}:level" for s in sources] + [f"{s}:place" for s in sources] + list(CONTEXT)


def features(queries: Queries, candidates: Candidates, facts: ItemFacts) -> Float32s:
    """float32 [batch, n, 2 * sources + 6], not yet scaled; padding reads as item 0 and must be masked by the reader."""
    batch, n, sources = candidates.scores.shape
    found = np.empty((batch, n, 2 * sources + len(CONTEXT)), np.float32)
    write_signals(candidates, found)
    prices, lengths = _usual_prices(queries, facts), np.log1p(queries.lengths).astype(np.float32)
    _context(candidates.items, facts.first, facts.last, facts.prices, facts.as_of, prices, lengths, found)
    return found


def untaken(candidates: Candidates, facts: ItemFacts) -> Bools:
    """Which candidates are new items of which popularity knows no taker yet, bool [batch, n]."""
    new = facts.new[candidates.items] & candidates.valid
    if not new.any():
        return new
    popularity = [name.split("_")[0] == "popular" for name in candidates.sources]
    return np.asarray(new & ~(candidates.scores[..., popularity] > 0).any(axis=-1))


def _usual_prices(queries: Queries, facts: ItemFacts) -> Float32s:
    """The mean price of each history, of its items whose price is known, float32 [batch]; NaN without any."""
    price, known = facts.prices[queries.items, 0], facts.prices[queries.items, 1]
    rows = queries.rows()
    count = np.bincount(rows, known, len(queries))
    mean = np.bincount(rows, price * known, len(queries)) / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan).astype(np.float32)


@compiled
def _context(
    items: Int32s,
    first: Int64s,
    last: Int64s,
    prices: Float32s,
    as_of: int,
    usual: Float32s,
    lengths: Float32s,
    found: Float32s,
) -> None:
    """Write CONTEXT into the end of `found`'s last axis."""
    batch, n = items.shape
    at = found.shape[2] - len(CONTEXT)
    for i in range(batch):
        for j in range(n):
            item, own = max(items[i, j], 0), found[i, j, at:]
            own[0] = math.log(np.float32(1 + max(as_of - first[item], 0) / DAY))
            own[1] = math.log(np.float32(1 + max(as_of - last[item], 0) / DAY))
            own[2], own[3] = prices[item, 0], prices[item, 1]
            distance = abs(prices[item, 0] - usual[i]) * prices[item, 1]
            own[4] = np.float32(0) if math.isnan(distance) else distance
            own[5] = lengths[i]
