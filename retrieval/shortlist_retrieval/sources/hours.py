"""Hours: what is taken at this time of the day, and on this day of the week. It exists only where that surely pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import DAY, Int64s, Queries
from shortlist_retrieval.group_popularity import popularity_of_moments
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.grouped_popularity import GroupedPopularity
from shortlist_retrieval.sparse import SparseRows, product

PARTS, WEEK = 8, 7
"""Parts of a day, of three hours each, and days of a week."""

FIRST_DAY = 3
"""The first of January 1970 was a Thursday; days count from Monday."""


@dataclass(frozen=True)
class Hours(GroupedPopularity):
    """Scores log(1 + the choices that an item would have if all times were like this one).

    The part of the day and the day of the week have one half each. Both are those of UTC: whatever the zone is, its
    evenings are the same part of the day, but for the hour that summer time moves. The rows of `popularity` are the
    parts of a day, then the days of a week.
    """

    kind = "Hours"
    explanation = Explanation(ReasonKind.POPULAR, "Popular at this time.")

    name: str = "hours"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """True where the time pays, or until that is known."""
        return settings.hours

    @classmethod
    def choose(cls, settings: RetrievalSettings, trial: Trial) -> RetrievalSettings:
        """The settings with the source, where choices were made in more than one part of the day."""
        parts = rows_of(trial.inputs.histories.times)[:, 0]
        return replace(settings, hours=len(np.unique(parts)) > 1)

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Hours]:
        """The source fitted on the histories, as of their moment."""
        return (cls.counted(inputs.histories, inputs.n_items),)

    @classmethod
    def counted(cls, histories: Queries, n_items: int) -> Hours:
        """The source that counts the choices of each item, once for each user, at each time."""
        choices = wanted_only(histories)
        columns = rows_of(choices.times).astype(np.int32).T
        parts, days = (popularity_of_moments(choices, rows, PARTS + WEEK, n_items) for rows in columns)
        return cls(parts + days)

    def scores(self, queries: Queries) -> SparseRows:
        """The mean scores of the part of the day and of the day of the week."""
        rows = rows_of(queries.moments).astype(np.int32)
        offsets = 2 * np.arange(len(queries) + 1, dtype=np.int64)
        halves = np.full(rows.size, 0.5, np.float32)
        return product(SparseRows(offsets, rows.ravel(), halves, PARTS + WEEK), self.popularity, self.unit)


def rows_of(times: Int64s) -> Int64s:
    """The rows of the part of the day and of the day of the week of each time (microseconds), int64 [times, 2]."""
    days, within = np.divmod(times, DAY)
    return np.column_stack([within * PARTS // DAY, PARTS + (days + FIRST_DAY) % WEEK])
