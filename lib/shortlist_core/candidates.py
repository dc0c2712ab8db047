"""What retrieval hands to ranking: a batch of candidates with the scores of every source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shortlist_core.arrays import NO_ITEM, Bools, Float32s, Int32s, Int64s


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of stage one, best first, with the score and rank of every source for every candidate.

    A source's score is given for all candidates, also for those that only other sources proposed. Its rank is where the
    source itself had the candidate (1 is best), 0 where it did not propose it.
    """

    items: Int32s  # [batch, n] rows, NO_ITEM pads the end
    fused: Float32s  # [batch, n] score of the fusion of all sources; -inf where padded
    scores: Float32s  # [batch, n, sources]
    ranks: Int32s  # [batch, n, sources]
    moments: Float32s  # [batch, sources, 2] score mean and deviation of each source over the catalogue
    sources: tuple[str, ...]  # names, in the order of the last axis
    failed: tuple[str, ...] = ()  # sources that raised; their scores and ranks are 0
    taker_counts: tuple[int, ...] = ()  # positions of the sources that score an item above 0 once somebody took it

    def __len__(self) -> int:
        return len(self.items)

    @property
    def valid(self) -> Bools:
        """Which entries are candidates and not padding, bool [batch, n]."""
        return np.not_equal(self.items, NO_ITEM)

    def part(self, rows: slice | Int64s, columns: slice = slice(None)) -> Candidates:
        """The candidates of some of the queries, at some of the ranks."""
        return Candidates(
            self.items[rows, columns],
            self.fused[rows, columns],
            self.scores[rows, columns],
            self.ranks[rows, columns],
            self.moments[rows],
            self.sources,
            self.failed,
            self.taker_counts,
        )
