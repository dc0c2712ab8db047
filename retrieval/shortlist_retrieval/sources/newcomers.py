"""Newcomers: what users lately began with. Strangers are about to begin, and take other things than regulars do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import DAY, NO_GROUP, Float64s, Int32s, Queries
from shortlist_retrieval.group_popularity import groups_of_strangers, members_of, popularity_within
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.grouped_popularity import GroupedPopularity
from shortlist_retrieval.sparse import SparseRows, product

BEGINNING = DAY
"""What users take within this time of their first choice is what they began with, microseconds."""

EVERYBODY = 0
"""The row of those who belong to no group. The rows of the groups follow."""


@dataclass(frozen=True)
class Newcomers(GroupedPopularity):
    """Scores log(1 + the newcomers who would begin with an item if all were like the user's groups).

    Newcomers fade with a half-life, so the latest ones count most. The first row of `popularity` is EVERYBODY's.
    """

    kind = "Newcomers"
    explanation = Explanation(ReasonKind.POPULAR, "Popular with people who are new here.")

    name: str = "newcomers"

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Newcomers]:
        """The source fitted on the histories, as of their moment. The half-life is the middle window of popularity."""
        windows = inputs.settings.windows_days
        return (cls.counted(inputs.histories, inputs.n_items, float(np.median(windows)) if windows else np.inf),)

    @classmethod
    def counted(cls, histories: Queries, n_items: int, half_life_days: float) -> Newcomers:
        """The source that counts what the histories' users began with, who fade by how long ago they came."""
        choices = wanted_only(histories)
        came = np.array(choices.now)
        some = ~choices.without_history
        came[some] = choices.times[choices.offsets[:-1][some]]
        weights = np.where(some, 0.5 ** ((choices.now - came) / DAY / half_life_days), 0)
        began = choices.keep(choices.times < np.repeat(came, choices.lengths) + BEGINNING)
        keys = np.unique(began.rows() * n_items + began.items)
        users, items = keys // n_items, keys % n_items
        taken = sp.csr_matrix((weights[users].astype(np.float32), (users, items)), (len(choices), n_items))
        rows = _rows_of(histories.groups, len(histories))
        rows[:, -1] = EVERYBODY
        members = members_of(rows)
        total = float(weights.sum())
        shares: Float64s = np.asarray(taken.sum(axis=0), np.float64).ravel() / max(total, 1e-9)
        return cls(popularity_within(members @ taken, members @ weights, shares, total))

    def scores(self, queries: Queries) -> SparseRows:
        """The mean scores over a user's groups, or everybody's; none for a user of more events than a few."""
        groups = queries.groups
        if groups is not None:
            groups = np.where(groups < self.popularity.shape[0] - 1, groups, NO_GROUP)
        rows = _rows_of(groups, len(queries))
        return product(groups_of_strangers(replace(queries, groups=rows)), self.popularity, self.unit)


def _rows_of(groups: Int32s | None, users: int) -> Int32s:
    """The rows of each user's groups, [users, k + 1]; the last one is EVERYBODY for users of no group."""
    if groups is None:
        groups = np.full((users, 0), NO_GROUP, np.int32)
    rows = np.where(groups == NO_GROUP, NO_GROUP, groups + 1)
    alone = (rows == NO_GROUP).all(axis=1)
    return np.column_stack([rows, np.where(alone, EVERYBODY, NO_GROUP)]).astype(np.int32)
