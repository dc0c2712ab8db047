"""What users are expected to take again, among what they took before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Float32s, Float64s, Int32s, Int64s

LEAST = 1e-6
"""Probability below which an item is not proposed again."""

LIKELY = 0.01
"""Probability from which on an item is likely to be taken again. Those above compete by their probability anyway."""


@dataclass(frozen=True)
class Expected:
    """What the users of a batch took before, and the probability that they take it again."""

    offsets: Int64s  # [batch + 1]
    items: Int32s  # [entries] rows, ascending in each query
    probabilities: Float64s  # [entries]

    @classmethod
    def nothing(cls, batch: int) -> Expected:
        """Nothing for any of `batch` queries."""
        return cls(np.zeros(batch + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))

    def of(self, query: int) -> tuple[Int32s, Float64s]:
        """The items of one query and their probabilities."""
        part = slice(self.offsets[query], self.offsets[query + 1])
        return self.items[part], self.probabilities[part]

    def likely(self, query: int) -> Int32s:
        """The items that the query's user is likely to take again, int32 rows, ascending."""
        items, probabilities = self.of(query)
        return items[probabilities >= LIKELY]

    def likeliest(self, count: int, allowed: Bools | None) -> list[Int32s]:
        """For each query up to `count` items that it is likeliest to take again, int32 rows, likeliest first."""
        return [self._likeliest(query, count, allowed) for query in range(len(self.offsets) - 1)]

    def _likeliest(self, query: int, count: int, allowed: Bools | None) -> Int32s:
        items, probabilities = self.of(query)
        passing = probabilities > LEAST
        if allowed is not None:
            passing &= allowed[items]
        order = np.argsort(-probabilities[passing], kind="stable")[:count]
        return items[passing][order]

    def put(self, items: Int32s, scores: Float32s) -> Float32s:
        """The scores float32 [batch, n] of the candidates `items`; what was taken before has its probability."""
        if not len(self.items):
            return scores
        rows = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        n = int(max(items.max(initial=0), self.items.max())) + 1
        keys = rows * n + self.items
        asked = np.arange(len(items))[:, None] * n + items
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        known = (keys[at] == asked) & (items != NO_ITEM)
        return np.where(known, self.probabilities[at], scores).astype(np.float32)

    def select(self, which: Int64s) -> Expected:
        """What is expected of the queries at the positions `which`."""
        parts = [self.of(query) for query in which.tolist()]
        offsets = np.concatenate([[0], np.cumsum([len(items) for items, _ in parts])]).astype(np.int64)
        if not parts:
            return Expected.nothing(0)
        return Expected(offsets, *(np.concatenate(column) for column in zip(*parts, strict=True)))
