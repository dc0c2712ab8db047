"""What the ranker reads of a candidate beside vectors: the sources' signals, popularity's clock, age, price.

Everything is as of the query's moment: nothing here knows what came after it. How long the user has been away is left
out on purpose: it says when somebody asked rather than what they like, and a model that learned on people in the midst
of a visit goes astray on those who come back after months (docs/experiments.md, 2026-11-22).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.signals import signals
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
        if room:
            new[-room:] = True
        if room is not None:
            first[len(first) - room :] = last[len(last) - room :] = as_of
        return cls(first, last, prices, as_of, new)


def feature_names(sources: tuple[str, ...]) -> list[str]:
    """The names of `features`' last axis."""
    return [f"{s}:level" for s in sources] + [f"{s}:place" for s in sources] + list(CONTEXT)


def features(queries: Queries, candidates: Candidates, facts: ItemFacts) -> Float32s:
    """float32 [batch, n, 2 * sources + 6], not yet scaled; padding reads as item 0 and must be masked by the reader."""
    items = np.maximum(candidates.items, 0)
    context = np.stack(
        [
            _log_days(facts.as_of - facts.first[items]),
            _log_days(facts.as_of - facts.last[items]),
            *np.moveaxis(facts.prices[items], -1, 0),
            _price_distance(queries, items, facts),
            np.repeat(np.log1p(queries.lengths)[:, None], items.shape[1], axis=1),
        ],
        axis=-1,
    )
    return np.concatenate([signals(candidates), context], axis=-1).astype(np.float32)


def untaken(candidates: Candidates, facts: ItemFacts) -> Bools:
    """Which candidates are new items of which popularity knows no taker yet, bool [batch, n]."""
    new = facts.new[candidates.items] & candidates.valid
    if not new.any():
        return new
    popularity = [name.split("_")[0] == "popular" for name in candidates.sources]
    return np.asarray(new & ~(candidates.scores[..., popularity] > 0).any(axis=-1))


def _log_days(micros: Int64s) -> Float32s:
    return np.log1p(np.maximum(micros, 0) / DAY).astype(np.float32)


def _price_distance(queries: Queries, items: Int32s, facts: ItemFacts) -> Float32s:
    """How far the item's price lies from the mean of the history's, 0 where either is unknown, [batch, n]."""
    price, known = facts.prices[queries.items, 0], facts.prices[queries.items, 1]
    rows = queries.rows()
    count = np.bincount(rows, known, len(queries))
    mean = np.bincount(rows, price * known, len(queries)) / np.maximum(count, 1)
    distance = np.abs(facts.prices[items, 0] - mean[:, None]) * facts.prices[items, 1]
    return np.where(count[:, None] > 0, distance, 0).astype(np.float32)
