"""Ranking metrics: pure functions of ranked lists and of the relevant items.

Lists are int32 [users, length] of item rows, best first, `NO_ITEM` where a list is short. Every metric returns one
float64 per user, so that means, segments and confidence intervals can be computed from the same numbers. A user without
relevant items has the value NaN. An item that a list holds twice counts at its first rank only.

Definitions as in Manning, Raghavan and Schütze, Introduction to Information Retrieval (2008), chapter 8; NDCG has
binary gains unless the relevant items have gains of their own, and the ideal list is cut at k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_core.ndcg import binary_ndcg_at, dcg_at, ideal_dcg_at
from shortlist_core.types import NO_ITEM, Bools, Float32s, Float64s, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class ItemSets:
    """One set of items per user, stored one after another (CSR): user i has `items[offsets[i]:offsets[i + 1]]`."""

    offsets: Int64s  # [users + 1]
    items: Int32s  # rows, ascending and without repeats inside a user
    gains: Float32s | None = None  # what each item counts in NDCG; None: 1

    @classmethod
    def of(cls, sets: Sequence[Sequence[int]]) -> ItemSets:
        """The given sets, one per user; repeats are dropped."""
        users = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
        items = np.array([item for s in sets for item in s], np.int32)
        return cls.of_pairs(users, items, len(sets))

    @classmethod
    def of_pairs(
        cls, users: npt.NDArray[np.integer[Any]], items: Int32s, n_users: int, weights: Float32s | None = None
    ) -> ItemSets:
        """The items of all pairs (user, item), grouped by user; a repeated pair gains the largest of its `weights`."""
        pairs, at = np.unique(_pair_keys(users, items), return_inverse=True)
        users, items = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.int32)
        gains = None
        if weights is not None:
            gains = np.zeros(len(pairs), np.float32)
            np.maximum.at(gains, at, weights)
        return cls(np.searchsorted(users, np.arange(n_users + 1)).astype(np.int64), items, gains)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def sizes(self) -> Int64s:
        """How many items each user's set has, int64 [users]."""
        return np.diff(self.offsets)

    def users(self) -> Int64s:
        """For each stored item, which user it belongs to, int64 [stored items]."""
        return np.repeat(np.arange(len(self)), self.sizes)

    def slice(self, start: int, stop: int) -> ItemSets:
        """The sets of the users `start` to `stop` (exclusive)."""
        offsets = self.offsets[start : stop + 1]
        kept = slice(offsets[0], offsets[-1])
        return ItemSets(offsets - offsets[0], self.items[kept], None if self.gains is None else self.gains[kept])

    def take(self, which: npt.NDArray[np.integer[Any]]) -> ItemSets:
        """The sets of the users at the positions `which`, in that order, copied."""
        sizes = self.sizes[which]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][which] - offsets[:-1], sizes)
        return ItemSets(offsets, self.items[at], None if self.gains is None else self.gains[at])

    def minus(self, other: ItemSets) -> ItemSets:
        """The sets without the items of the same user's set in `other`."""
        keys = _pair_keys(self.users(), self.items)
        return self._where(~np.isin(keys, _pair_keys(other.users(), other.items), assume_unique=True))

    def only(self, keep: Bools) -> ItemSets:
        """The sets with only the items that `keep`, bool [items of the catalogue], marks."""
        return self._where(keep[self.items])

    def _where(self, kept: Bools) -> ItemSets:
        gains = None if self.gains is None else self.gains[kept]
        return ItemSets(np.concatenate([[0], np.cumsum(kept)])[self.offsets], self.items[kept], gains)

    def contain(self, lists: Int32s) -> Bools:
        """Which ranks of the lists, [users, length], hold an item of that user's set, bool [users, length]."""
        return self._find(lists)[0]

    def gains_of(self, lists: Int32s) -> Float32s:
        """What the items of the lists gain, float32 [users, length]; 0 where an item is not in that user's set."""
        contained, at = self._find(lists)
        if self.gains is None or not len(self.gains):
            return contained.astype(np.float32)
        return np.where(contained, self.gains[at], 0).astype(np.float32)

    def _find(self, lists: Int32s) -> tuple[Bools, Int64s]:
        """Which ranks hold an item of the user's set, and where that stands, both [users, length]."""
        if not len(self.items):
            return np.zeros(lists.shape, bool), np.zeros(lists.shape, np.int64)
        stored = _pair_keys(self.users(), self.items)  # ascending, as both parts are
        wanted = _pair_keys(np.arange(len(lists))[:, None], lists)
        at = np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)
        return np.asarray((stored[at] == wanted) & (lists != NO_ITEM), bool), at


def _pair_keys(users: npt.NDArray[np.integer[Any]], items: Int32s) -> Int64s:
    """One int64 per pair that orders by user, then by item. Item -1 must not occur in stored pairs."""
    return (users.astype(np.int64) << 32) + items


def first_ranks(lists: Int32s) -> Bools:
    """Which ranks hold an item for the first time in their list, bool [users, length]; false where padded."""
    order = np.argsort(lists, axis=1, kind="stable")
    ordered = np.take_along_axis(lists, order, axis=1)
    differs = np.ones(lists.shape, bool)
    differs[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.empty_like(differs)
    np.put_along_axis(first, order, differs, axis=1)
    return np.asarray(first & (lists != NO_ITEM), bool)


def hits(ranked: Int32s, relevant: ItemSets) -> Bools:
    """Which ranks of the lists hold a relevant item for the first time, bool [users, length]."""
    if len(ranked) != len(relevant):
        raise ValueError(f"{len(ranked)} lists for {len(relevant)} users")
    return relevant.contain(ranked) & first_ranks(ranked)


def ndcg_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """NDCG: discounted gain over that of the best list of min(k, relevant) items, [users]."""
    found = hits(ranked[:, :k], relevant)
    if relevant.gains is None:
        return binary_ndcg_at(found, relevant.sizes, k)
    gains = np.where(found, relevant.gains_of(ranked[:, :k]), 0).astype(np.float32)
    ideal = ideal_dcg_at(relevant.gains, relevant.offsets, k)
    return _defined(dcg_at(gains, k) / np.maximum(ideal, 1e-9), relevant)


def hit_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """1 where a relevant item is among the first k, else 0, [users]."""
    return _defined(hits(ranked[:, :k], relevant).any(axis=1), relevant)


def recall_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """The share of the user's relevant items that is among the first k, [users]."""
    sizes = np.where(relevant.sizes > 0, relevant.sizes, np.nan)
    return np.asarray(hits(ranked[:, :k], relevant).sum(axis=1) / sizes, np.float64)


def precision_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """The share of the first k ranks that hold relevant items; ranks that a short list lacks are misses, [users]."""
    return _defined(hits(ranked[:, :k], relevant).sum(axis=1) / k, relevant)


def f1_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """The harmonic mean of precision and recall at k, 2 hits / (k + relevant), [users]."""
    n_hits = hits(ranked[:, :k], relevant).sum(axis=1)
    return _defined(2 * n_hits / (k + relevant.sizes), relevant)


def mrr_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """Reciprocal rank of the first relevant item, 0 if there is none among the first k, [users]."""
    top = hits(ranked[:, :k], relevant)
    if not top.shape[1]:
        return _defined(np.zeros(len(top)), relevant)
    return _defined(top.any(axis=1) / (top.argmax(axis=1) + 1.0), relevant)


def map_at(ranked: Int32s, relevant: ItemSets, k: int) -> Float64s:
    """Average precision: the precision at each hit among the first k, summed, over min(k, relevant items), [users]."""
    top = hits(ranked[:, :k], relevant)
    precisions = np.cumsum(top, axis=1) / np.arange(1, top.shape[1] + 1)
    ideal = np.where(relevant.sizes > 0, np.minimum(relevant.sizes, k), np.nan)
    return np.asarray((precisions * top).sum(axis=1) / ideal, np.float64)


def _defined(values: npt.ArrayLike, relevant: ItemSets) -> Float64s:
    """The values as float64, NaN for users without relevant items."""
    return np.where(relevant.sizes > 0, np.asarray(values, np.float64), np.nan)
