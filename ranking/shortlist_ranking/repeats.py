"""Repeats: how likely users are to take again what they took before, by the rhythm in which they took it.

A logistic model of how often, how regularly and how long ago. Groceries and songs come again when it is time for them
(Bhagat et al. 2018, Buy It Again: Modeling Repeat Purchase Recommendations); a film that was seen hardly does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import (
    DAY,
    Float32s,
    Float64s,
    Int32s,
    Int64s,
    Queries,
)
from shortlist_ranking.expected import Expected
from shortlist_ranking.logistic import logistic

SMOOTHED = 5.0
"""Takers that the rate at which an item is taken again is smoothed by."""

HOUR = 1 / 24
"""Days that are added to every time before its logarithm is taken: shorter ones are all alike."""

FEWEST = 20
"""Items taken again from which on a rhythm is learned; with fewer, nothing is said to be likely to come again."""

MOSTLY = 0.5
"""Share of repeats among what users take from which on lists hold seen items where nobody says otherwise."""


@dataclass(frozen=True)
class Repeats:
    """The probability that users take an item again within a slice of time, a tenth of the span of the data."""

    weights: Float64s  # [features + 1] of the standardised features, then a constant
    mean: Float64s  # [features]
    spread: Float64s  # [features]
    again: Float32s  # [items] log odds that somebody who took the item took it again
    usual: float  # the same for the average item
    share: float = 0.0  # of all that users with a history took in the slices, the part that they had seen before

    @classmethod
    def fit(cls, lessons: Sequence[tuple[Queries, Queries, Queries]], histories: Queries, n_items: int) -> Repeats:
        """Learn from what was known of all users, some queries, and what the users of the queries did afterwards.

        `histories` are those of all users as of now.

        Without enough that was taken again, every probability is 0.
        """
        features, labels = [np.zeros((0, FEATURES))], [np.zeros(0, np.bool_)]
        for past, queries, later in lessons:
            again, usual = again_rates(past, n_items)
            taken = _taken(queries, again, usual)
            wanted = later.keep(later.weights > 0)
            keys = np.unique(wanted.rows() * n_items + wanted.items)
            features.append(taken.features)
            labels.append(np.isin(taken.rows * n_items + taken.items, keys))
        x, y = np.concatenate(features), np.concatenate(labels)
        again, usual = again_rates(histories, n_items)
        mean, spread = (x.mean(axis=0), x.std(axis=0) + 1e-9) if len(x) else (np.zeros(FEATURES), np.ones(FEATURES))
        if y.sum() < FEWEST:
            return cls(np.append(np.zeros(FEATURES), -np.inf), mean, spread, again, usual)
        return cls(logistic((x - mean) / spread, y), mean, spread, again, usual)

    def expected(self, queries: Queries) -> Expected:
        """What the queries' users took before, and the probability that they take it again."""
        taken = _taken(queries, self.again, self.usual)
        offsets = np.searchsorted(taken.rows, np.arange(len(queries) + 1))
        logits = (taken.features - self.mean) / self.spread @ self.weights[:-1] + self.weights[-1]
        return Expected(offsets, taken.items, expit(logits))

    @property
    def usual_policy(self) -> SeenItems:
        """What suits data with such a share of repeats where nobody says otherwise."""
        return SeenItems.REPEATS if self.share >= MOSTLY else SeenItems.DROP

    def write(self, writer: BundleWriter) -> None:
        """Store the model."""
        for name in ("weights", "mean", "spread", "again"):
            writer.array(f"ranking/repeats_{name}", np.nan_to_num(getattr(self, name), neginf=NEVER))
        writer.json("ranking/repeats", {"usual": self.usual, "share": self.share})

    @classmethod
    def load(cls, bundle: Bundle) -> Repeats | None:
        """The model that `write` stored; None in bundles of before."""
        if not bundle.has("ranking/repeats_weights"):
            return None
        weights, mean, spread, again = (
            bundle.array(f"ranking/repeats_{name}") for name in ("weights", "mean", "spread", "again")
        )
        return cls(weights, mean, spread, again, **bundle.json("ranking/repeats"))


@dataclass(frozen=True)
class _Taken:
    """What users took before, one entry per user and item, user by user, items ascending."""

    rows: Int64s  # [entries] positions of queries
    items: Int32s  # [entries] rows
    features: Float64s  # [entries, FEATURES]


FEATURES = 10
NEVER = -700.0
"""Log odds of what never happens, as far as a number can say."""


def again_rates(histories: Queries, n_items: int) -> tuple[Float32s, float]:
    """The log odds that a user who took an item took it again, float32 [items], smoothed; and those of all items."""
    _, items, _, counts, *_ = _moments(histories)
    takers = np.bincount(items, minlength=n_items)
    repeaters = np.bincount(items[counts > 1], minlength=n_items)
    usual = (repeaters.sum() + 1) / (takers.sum() + 2)
    rates = (repeaters + SMOOTHED * usual) / (takers + SMOOTHED)
    return np.log(rates / (1 - rates)).astype(np.float32), float(np.log(usual / (1 - usual)))


def _moments(queries: Queries) -> tuple[Int64s, Int32s, Int64s, Int64s, Int64s, Int64s]:
    """Of each user and item, six columns [entries], user by user, items ascending.

    They are the user's position, the item, how many events the user has had since, in how many moments the item was
    taken, and the first and the last of these.
    """
    events = queries.keep(queries.weights > 0)
    rows, back = events.rows(), np.repeat(events.offsets[1:], events.lengths) - 1 - np.arange(len(events.items))
    order = np.lexsort((events.times, events.items, rows))
    rows, items, times, back = rows[order], events.items[order], events.times[order], back[order]
    starts = np.ones(len(rows), np.bool_)
    starts[1:] = (rows[1:] != rows[:-1]) | (items[1:] != items[:-1])
    moments = starts.copy()
    moments[1:] |= times[1:] != times[:-1]
    first = np.flatnonzero(starts)
    last = np.append(first[1:], len(rows)) - 1 if len(rows) else first
    counts = np.add.reduceat(moments.astype(np.int64), first) if len(rows) else first
    return rows[first], items[first], back[last], counts, times[first], times[last]


def _taken(queries: Queries, again: Float32s, usual: float) -> _Taken:
    rows, items, back, counts, first, last = _moments(queries)
    age = np.maximum(queries.now[rows] - last, 0) / DAY + HOUR
    gap = (last - first) / DAY / np.maximum(counts - 1, 1) + HOUR
    several = counts > 1
    late = np.where(several, np.clip(np.log(age / gap), -4, 4), 0)
    total = np.bincount(rows, minlength=len(queries))
    moments = np.bincount(rows, counts, len(queries))
    habit = np.log((moments - total + 1) / (total + 1))
    known = items < len(again)
    rates = (
        np.where(known, again[np.minimum(items, max(len(again) - 1, 0))], usual)
        if len(again)
        else np.full(len(items), usual)
    )
    features = np.stack(
        [
            np.log(counts),
            np.log(counts / np.maximum(moments[rows], 1)),
            several,
            np.log(age),
            late,
            late * late,
            np.where(several, np.log(gap), 0),
            rates,
            habit[rows],
            np.log1p(back),
        ],
        axis=1,
    )
    return _Taken(rows, items, features)
