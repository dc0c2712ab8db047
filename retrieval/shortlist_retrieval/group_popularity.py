"""Group popularity: which items the users of each group take, for users of whom hardly more than groups is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from shortlist_core.types import NO_GROUP, Float32s, Float64s, Int32s, Int64s, Queries
from shortlist_retrieval.sparse import SparseRows, keep_largest

MOST = 2_000
"""Most popular items kept for each group: as many as a request may have candidates."""

MOST_EVENTS = 3
"""Most events of a user for whom groups say anything. Of other users their history says more."""

SHRINKAGE = 20.0
"""Weight, in users, of everybody's popularity within a group, as small groups differ from everybody by chance."""


def members_of(groups: Int32s) -> sp.csr_matrix:
    """The members of each group, CSR float32 [groups, users], from the groups of each user [users, k]."""
    users, columns = np.nonzero(groups != NO_GROUP)
    shape = int(groups.max(initial=NO_GROUP)) + 1, len(groups)
    return sp.csr_matrix((np.ones(len(users), np.float32), (groups[users, columns], users)), shape)


def popularity_within(
    takers: sp.csr_matrix, sizes: npt.ArrayLike, everybody: Float64s, users: float, shrinkage: float = SHRINKAGE
) -> sp.csr_matrix:
    """The popularity within each group, CSR float32 [groups, items]: log(1 + takers if all `users` were like it).

    It follows from the takers of each item in each group [groups, items], how many users each group has, and
    everybody's share of takers. Towards that the share of a small group is shrunk, as if so many users more were in it.
    Each row keeps its largest.
    """
    rows = []
    for group, size in enumerate(np.asarray(sizes, np.float64)):
        shares = (takers[group].toarray().ravel() + shrinkage * everybody) / (size + shrinkage)
        rows.append(keep_largest(sp.csr_matrix(np.log1p(users * shares).astype(np.float32)), MOST))
    return sp.vstack(rows, format="csr")


def popularity_of_moments(choices: Queries, groups: Int32s, count: int, n_items: int) -> sp.csr_matrix:
    """The popularity within groups of moments, CSR float32 [count, items], where any choice was made, else empty rows.

    `groups` int32 [events] are the group of each choice, NO_GROUP where it is in none. A choice of an item counts once
    for each user and group. A group's share of choices is shrunk towards that of all, by as many choices as 20 users
    make.
    """
    some = groups != NO_GROUP
    users, items = choices.rows()[some], choices.items[some]
    keys = np.unique((users * count + groups[some]) * n_items + items)
    at, items, total = keys // n_items % count, keys % n_items, float(len(keys))
    present, rows = np.unique(at, return_inverse=True)
    taken = sp.csr_matrix((np.ones(len(keys), np.float32), (rows, items)), (len(present), n_items))
    shares: Float64s = np.asarray(taken.sum(axis=0), np.float64).ravel() / max(total, 1)
    shrinkage = max(SHRINKAGE * total / max(len(np.unique(users)), 1), 1.0)
    sizes = np.asarray(taken.sum(axis=1)).ravel()
    if not len(present):
        return sp.csr_matrix((count, n_items), dtype=np.float32)
    within = popularity_within(taken, sizes, shares, total, shrinkage).tocoo()
    return sp.csr_matrix((within.data, (present[within.row], within.col)), (count, n_items))


def groups_of_strangers(queries: Queries) -> SparseRows:
    """The weights of each user's groups, [batch, groups]: 1 / k for each of k groups, of users of few events alone."""
    strangers = queries.lengths <= MOST_EVENTS
    if queries.groups is None or not strangers.any():  # most requests: the answer is at hand
        return SparseRows(np.zeros(len(queries) + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32), 0)
    return weights_of(np.where(strangers[:, None], queries.groups, NO_GROUP))


def weights_of(groups: Int32s) -> SparseRows:
    """The weights of each query's groups [batch, k], NO_GROUP pads, as [batch, groups]: 1 / k for each of k groups."""
    present = groups != NO_GROUP
    counts: Int64s = present.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    values: Float32s = np.repeat(1 / np.maximum(counts, 1), counts).astype(np.float32)
    return SparseRows(offsets, groups[present], values, int(groups.max(initial=NO_GROUP)) + 1)
