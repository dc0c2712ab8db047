"""What retrieval hands to ranking: a batch of candidates with the scores of every source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_core.arrays import NO_ITEM, Bools, Float32s, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class Candidates:
    """What stage one proposes, best first, with what every source says of every candidate.

    A source's score is filled for every candidate, also for those that another source proposed; its rank says
    where the source itself had the candidate (1 is best), 0 where it did not propose it.
    """

    items: Int32s  # [batch, n] rows, NO_ITEM pads the end
    fused: Float32s  # [batch, n] the score that the sources' fusion gave; -inf where padded
    scores: Float32s  # [batch, n, sources]
    ranks: Int32s  # [batch, n, sources]
    levels: Float32s  # [batch, sources, 2] mean and standard deviation of the source's scores over the catalogue
    sources: tuple[str, ...]  # names, in the order of the last axis
    failed: tuple[str, ...] = ()  # sources that raised; their scores and ranks are 0

    def __len__(self) -> int:
        return len(self.items)

    @property
    def valid(self) -> Bools:
        """Which places hold a candidate rather than padding, bool [batch, n]."""
        return np.not_equal(self.items, NO_ITEM)

    def part(self, rows: slice | Int64s, columns: slice = slice(None)) -> Candidates:
        """Those of some of the queries, at some of the places."""
        return Candidates(
            self.items[rows, columns],
            self.fused[rows, columns],
            self.scores[rows, columns],
            self.ranks[rows, columns],
            self.levels[rows],
            self.sources,
            self.failed,
        )
