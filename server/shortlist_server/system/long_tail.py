"""The long tail: the items of a bundle that are left when the most popular ones are taken away."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from shortlist_core.types import Bools, Float32s, Float64s, Int64s


class LongTail:
    """The items of one bundle by how many users have taken them, as it was trained."""

    def __init__(self, takers: Float32s | None, rows: int) -> None:
        """`takers` [rows or fewer] are log(1 + users) of each row; None where no source counts them."""
        self._takers = np.zeros(rows, np.float32) if takers is None else takers
        self._rows = rows
        self.beyond = lru_cache(8)(self._beyond)

    def _beyond(self, head_share: float) -> Bools:
        """Which rows are left without the most popular, which stand for `head_share` of all taking, bool [rows].

        An item that reaches into the share is one of the popular. Items that nobody took are left in any case.
        """
        rows, share_before = self._by_popularity
        left: Bools = np.ones(self._rows, np.bool_)
        left[rows[share_before < head_share]] = False
        return left

    @cached_property
    def _by_popularity(self) -> tuple[Int64s, Float64s]:
        """The rows that anybody took, most popular first, and the share of all taking before each."""
        rows: Int64s = np.argsort(-self._takers, kind="stable")[: np.count_nonzero(self._takers > 0)]
        users = np.expm1(self._takers[rows].astype(np.float64))
        return rows, (np.cumsum(users) - users) / max(float(users.sum()), 1e-9)
