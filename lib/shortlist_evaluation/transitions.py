"""First-order transitions: items that users went on to after the last items of this user, newer ones weighing more.

This is the sequential baseline. Where order matters (films, music, news), it beats models that see a user as a set of
items. The method is that of sequential rules (Ludewig and Jannach 2018, Evaluation of session-based recommendation
algorithms).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_core.types import Int64s
from shortlist_evaluation.protocol import Interactions


@dataclass(frozen=True, slots=True, eq=False)
class Visits:
    """Each user's events in order, grouped by moment, because the lines of one invoice have no order."""

    items: sp.csr_matrix  # [visits, items] float32, each visit sums to 1; a user's are consecutive, oldest first
    users: Int64s  # [visits] ascending

    @property
    def votes(self) -> int:
        """The number of pairs (item, item of the user's next visit): the cost of `transition_weights` per step."""
        sizes = np.diff(self.items.indptr).astype(np.int64)
        same = self.users[1:] == self.users[:-1]
        return int((sizes[:-1] * sizes[1:])[same].sum())

    @classmethod
    def of(cls, train: Interactions) -> Visits:
        """The visits of all users."""
        order = np.lexsort((train.times, train.users))
        users, times = train.users[order].astype(np.int64), train.times[order]
        starts = np.ones(len(users), bool)
        starts[1:] = (users[1:] != users[:-1]) | (times[1:] != times[:-1])
        visit = np.cumsum(starts) - 1
        shape = (int(starts.sum()), len(train.item_ids))
        items = sp.csr_matrix((np.ones(len(users), np.float32), (visit, train.items[order])), shape)
        items.data[:] = 1  # repeats were added up
        sizes = np.diff(items.indptr)
        items.data /= np.repeat(sizes, sizes)
        return cls(items, users[starts])


def transition_weights(visits: Visits, window: int = 3, decay: float = 0.7) -> sp.csr_matrix:
    """How strongly item i (row) predicts item j (column) in the visits after it, CSR float32 [items, items].

    Every visit casts one vote, split over its items, for each item of the user's next `window` visits, for the d-th
    next with decay^(d - 1). Rows are divided by the root of their sums, which is between counts, where frequent items
    dominate, and probabilities, where rare items weigh as much as frequent ones. The diagonal is 0.
    """
    followers = visits.items.sign()
    votes = (visits.items.T @ _following(visits.users, window, decay) @ followers).tocoo()
    apart = votes.row != votes.col
    rows, columns, values = votes.row[apart], votes.col[apart], votes.data[apart]
    sums = np.bincount(rows, weights=values, minlength=votes.shape[0])
    weights = (values / np.sqrt(sums[rows])).astype(np.float32)
    return sp.csr_matrix((weights, (rows, columns)), votes.shape)


def recent_items(visits: Visits, n_users: int, last: int = 5, decay: float = 0.7) -> sp.csr_matrix:
    """Each user's items of the `last` visits, the d-th before the end weighing decay^d, CSR float32 [users, items]."""
    ends = np.searchsorted(visits.users, visits.users, side="right") - 1
    age = ends - np.arange(len(visits.users))
    recent = np.flatnonzero(age < last)
    weights = np.float32(decay) ** age[recent].astype(np.float32)
    return sp.csr_matrix((weights, (visits.users[recent], recent)), (n_users, len(visits.users))) @ visits.items


def _following(users: Int64s, window: int, decay: float) -> sp.csr_matrix:
    """From each visit (row) to the next `window` ones of the same user, CSR float32 [visits, visits]."""
    n = len(users)
    steps = [np.flatnonzero(users[d:] == users[: n - d]) for d in range(1, min(window, n - 1) + 1)]
    starts = np.concatenate([*steps, np.empty(0, np.int64)])
    distance = np.repeat(np.arange(1, len(steps) + 1), [len(s) for s in steps])
    weights = (decay ** (distance - 1.0)).astype(np.float32)
    return sp.csr_matrix((weights, (starts, starts + distance)), (n, n))
