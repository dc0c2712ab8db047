"""Demographic: popularity within each group of users (demographic filtering, Pazzani 1999).

The source needs no history, so it can tell users without history apart by their attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import NO_GROUP, NO_ITEM, Int32s, Queries
from shortlist_retrieval.group_popularity import groups_of_strangers, members_of, popularity_within
from shortlist_retrieval.profile import wanted
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings
from shortlist_retrieval.sources.grouped_popularity import GroupedPopularity
from shortlist_retrieval.sparse import SparseRows, product


@dataclass(frozen=True)
class Demographic(GroupedPopularity):
    """Scores log(1 + the users who would take an item if all were like the group), averaged over the groups."""

    kind = "Demographic"
    names_groups = True
    explanation = Explanation(
        ReasonKind.POPULAR,
        alone="Popular with people like you.",
        place="Popular in {value}.",
        group="Popular with people of the same {key}.",
    )

    name: str = "demographic"

    @classmethod
    def applies(cls, settings: RetrievalSettings, with_groups: bool) -> bool:
        """True where users have groups."""
        return with_groups

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Demographic]:
        """The source fitted on the histories, as of their moment; none where users have no groups."""
        groups = inputs.histories.groups
        return () if groups is None else (cls.counted(inputs.histories, groups, inputs.n_items),)

    @classmethod
    def counted(cls, histories: Queries, groups: Int32s, n_items: int) -> Demographic:
        """The source that counts takers within each group; `groups` [users, k] are the groups of the histories' users.

        A group's share of takers is shrunk towards everybody's share. Events of all time count. What a group likes
        shows over months, and popularity follows fashions already (docs/experiments.md, 2026-11-25).
        """
        chosen = wanted(histories)
        keys = np.unique(histories.rows()[chosen] * n_items + histories.items[chosen])
        ones, shape = np.ones(len(keys), np.float32), (len(histories), n_items)
        taken = sp.csr_matrix((ones, (keys // n_items, keys % n_items)), shape)
        active = np.flatnonzero(taken.getnnz(axis=1))
        everybody = np.asarray(taken.sum(axis=0), np.float64).ravel() / max(len(active), 1)
        members = members_of(groups[active])
        return cls(popularity_within(members @ taken[active], members.getnnz(axis=1), everybody, len(active)))

    def scores(self, queries: Queries) -> SparseRows:
        """The mean scores over a user's groups; none for a user without groups or with more than MOST_EVENTS events."""
        return product(groups_of_strangers(queries), self.popularity, self.unit)

    def groups(self, queries: Queries, items: Int32s) -> Int32s:
        """For each item the user's group with which it is most popular."""
        best_groups = np.full(items.shape, NO_GROUP, np.int32)
        if queries.groups is None:
            return best_groups
        best_scores = np.zeros(items.shape, np.float32)
        for group in queries.groups.T:
            scores = self.scores(replace(queries, groups=group[:, None])).at(items)
            better = (scores > best_scores) & (items != NO_ITEM)
            best_scores = np.where(better, scores, best_scores)
            best_groups = np.where(better, group[:, None], best_groups)
        return best_groups
