"""What the ranker reads of a candidate beside vectors: the sources' signals, popularity's clock, age, price.

Everything is as of the query's moment: nothing here knows what came after it. How long the user has been away is left
out on purpose: it says when somebody asked rather than what they like, and a model that learned on people in the midst
of a visit goes astray on those who come back after months (docs/experiments.md, 2026-11-22).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Candidates, Float32s, Int64s, Queries
from shortlist_kernels.ranking import any_marked, write_context
from shortlist_kernels.signals import write_signals

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
    write_features(queries, candidates, facts, found)
    return found


def write_features(queries: Queries, candidates: Candidates, facts: ItemFacts, found: Float32s) -> None:
    """Write `features` into the front of `found`, float32 with every axis as long as theirs or longer."""
    write_signals(candidates, found)
    items, at = np.ascontiguousarray(candidates.items), 2 * len(candidates.sources)
    write_context(items, queries.offsets, queries.items, facts.first, facts.last, facts.prices, facts.as_of, found, at)


def untaken(candidates: Candidates, facts: ItemFacts) -> Bools:
    """Which candidates are new items of which popularity knows no taker yet, bool [batch, n]."""
    items = np.ascontiguousarray(candidates.items)
    if not any_marked(items, facts.new):
        return np.zeros(items.shape, np.bool_)
    new = facts.new[items] & candidates.valid
    popularity = [name.split("_")[0] == "popular" for name in candidates.sources]
    return np.asarray(new & ~(candidates.scores[..., popularity] > 0).any(axis=-1))
