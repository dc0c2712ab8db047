"""Demographic: popularity within each group of users (demographic filtering, Pazzani 1999).

The source needs no history, so it can tell users without history apart by their attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import NO_GROUP, NO_ITEM, Float32s, Float64s, Int32s, Int64s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.profile import wanted
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.sparse import SparseRows, keep_largest, product
from shortlist_retrieval.stored_matrix import load_csr, write_csr

MOST = 2_000
"""Most popular items kept for each group: as many as a request may have candidates."""

MOST_EVENTS = 3
"""Most events of a user for whom the source has scores. For other users their history says more than their groups."""

SHRINKAGE = 20.0
"""Weight, in users, of everybody's popularity within a group, as small groups differ from everybody by chance."""


@dataclass(frozen=True)
class Demographic(Source):
    """Scores log(1 + the users who would take an item if all were like the group), averaged over the groups."""

    kind = "Demographic"
    names_groups = True
    explanation = Explanation(
        ReasonKind.POPULAR,
        alone="Popular with people like you.",
        place="Popular in {value}.",
        group="Popular with people of the same {key}.",
    )

    popularity: sp.csr_matrix  # [groups, items]
    unit: float = 1.0  # of its values
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
        members = _members(groups[active], int(groups.max()) + 1)
        counts, sizes = members @ taken[active], members.getnnz(axis=1)
        rows = [
            _popularity(counts[group].toarray().ravel(), int(size), everybody, len(active))
            for group, size in enumerate(sizes)
        ]
        return cls(sp.vstack(rows, format="csr"))

    def scores(self, queries: Queries) -> SparseRows:
        """The mean scores over a user's groups; none for a user without groups or with more than MOST_EVENTS events."""
        if queries.groups is None:
            return SparseRows(np.zeros(len(queries) + 1, np.int64), _NO_ROWS, _NO_VALUES, self.popularity.shape[1])
        groups = np.where(queries.lengths[:, None] > MOST_EVENTS, NO_GROUP, queries.groups)
        return product(_profile(groups), self.popularity, self.unit)

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

    def write(self, writer: BundleWriter) -> None:
        """Store the popularity within each group."""
        write_csr(writer, f"retrieval/{self.name}/popularity", self.popularity, self.unit)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> Demographic:
        """The source that `write` stored. It has no scores for new items."""
        return cls(*load_csr(bundle, f"retrieval/{name}/popularity"), name)


_NO_ROWS, _NO_VALUES = np.zeros(0, np.int32), np.zeros(0, np.float32)


def _members(groups: Int32s, n_groups: int) -> sp.csr_matrix:
    """The members of each group, CSR float32 [groups, users], from the groups of each user [users, k]."""
    users, columns = np.nonzero(groups != NO_GROUP)
    return sp.csr_matrix((np.ones(len(users), np.float32), (groups[users, columns], users)), (n_groups, len(groups)))


def _popularity(counts: Float32s, size: int, everybody: Float64s, users: int) -> sp.csr_matrix:
    """The row of a group of `size` users, from its takers of each item and everybody's share of takers."""
    shares = (counts + SHRINKAGE * everybody) / (size + SHRINKAGE)
    return keep_largest(sp.csr_matrix(np.log1p(users * shares).astype(np.float32)), MOST)


def _profile(groups: Int32s) -> SparseRows:
    """The weights of each user's groups, [batch, groups]: 1 / k for each of k groups."""
    present = groups != NO_GROUP
    counts: Int64s = present.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    values = np.repeat(1 / np.maximum(counts, 1), counts).astype(np.float32)
    return SparseRows(offsets, groups[present], values, int(groups.max(initial=NO_GROUP)) + 1)
