"""Exclusions: which items must not be proposed to the queries of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from shortlist_core.types import Bools, Int32s, Int64s, among
from shortlist_kernels.exclusions import write_first_passing

FEW = 20_000
"""Most items that a filter lets through for which they are looked at one by one, whatever is searched."""


@dataclass(frozen=True)
class Exclusions:
    """The rows that each query must not get, and the filter of all queries.

    The rows are few, so they are kept as lists. A mask per query would cost each request a pass over the catalogue.
    """

    rows: Sequence[Int32s]  # [batch] rows of each query, ascending and distinct
    allowed: Bools | None = None  # [items] what the filter lets through; None: all items
    few: Int32s | None = None  # rows that the filter lets through, ascending, where they are few; else None

    @classmethod
    def of(cls, batch: int, blocked: Sequence[Int32s] | None, allowed: Bools | None) -> Exclusions | None:
        """The exclusions of `batch` queries, by each query's `blocked` rows and a filter; None without either."""
        few = None
        if allowed is not None and np.count_nonzero(allowed) <= FEW:
            few = np.flatnonzero(allowed).astype(np.int32)
        if blocked is not None:
            return cls(blocked, allowed, few)
        return None if allowed is None else replace(cls.of_all(batch, allowed), few=few)

    @classmethod
    def of_all(cls, batch: int, allowed: Bools | None = None) -> Exclusions:
        """The exclusions of `batch` queries by a filter alone; without a filter nothing is excluded."""
        return cls([np.zeros(0, np.int32)] * batch, allowed)

    def select(self, which: Int64s) -> Exclusions:
        """The exclusions of the queries at the positions `which`."""
        return Exclusions([self.rows[i] for i in which], self.allowed, self.few)

    @cached_property
    def offsets(self) -> Int64s:
        """Where each query's rows begin in `joined`, int64 [batch + 1]."""
        return np.cumsum([0, *map(len, self.rows)], dtype=np.int64)

    @cached_property
    def joined(self) -> Int32s:
        """The rows of all queries, one after another, int32."""
        return np.concatenate([np.zeros(0, np.int32), *self.rows])

    @cached_property
    def filter(self) -> Bools:
        """`allowed`, or an empty array where all items are allowed."""
        return np.zeros(0, np.bool_) if self.allowed is None else self.allowed

    def passing(self, query: int, rows: Int32s) -> Bools:
        """Which of `rows`, none of them NO_ITEM, may be proposed to a query, bool [n]."""
        passing = ~among(rows, self.rows[query])
        return passing if self.allowed is None else passing & self.allowed[rows]

    def first_passing(self, lists: Int32s | Int64s, count: int) -> tuple[Int32s, Int64s]:
        """The first `count` rows of each query's list that may be proposed, and their positions in the list.

        `lists` is [batch, n], or [1, n] for one list that all queries share. Rows are int32 [batch, count], NO_ITEM
        where the list has no more. Positions are int64 [batch, count]; beside NO_ITEM they mean nothing. NO_ITEM in a
        list never passes.
        """
        passing, positions = np.empty((len(self.rows), count), np.int32), np.zeros((len(self.rows), count), np.int64)
        lists = lists.view()
        lists.flags.writeable = False  # as those of a bundle's files are: the loop is compiled for one kind of array
        write_first_passing(lists, self.offsets, self.joined, self.filter, passing, positions)
        return passing, positions

    def passing_rows(self, query: int) -> Int32s:
        """The rows that may be proposed to a query of those that the filter lets through, int32 ascending."""
        rows = np.flatnonzero(self.filter).astype(np.int32) if self.few is None else self.few
        return rows[~among(rows, self.rows[query])]

    def left(self, query: int, n_items: int) -> int:
        """How many of the catalogue's items may be proposed to a query."""
        rows = self.rows[query]
        if self.allowed is None:
            return n_items - len(rows)
        return int(np.count_nonzero(self.allowed)) - int(np.count_nonzero(self.allowed[rows]))

    def mask(self, query: int, n_items: int) -> Bools:
        """Which of the catalogue's items may be proposed to a query, bool [n_items]."""
        mask = np.ones(n_items, np.bool_) if self.allowed is None else self.allowed.copy()
        mask[self.rows[query]] = False
        return mask
