"""Transitions: items that users chose soon after the last items of a history. Strong where order matters (music, news).

Sequential rules (Ludewig and Jannach 2018, Evaluation of session-based recommendation algorithms): a pair (i, j) gains
1/d, times the weight of j's event, where j comes d positions after i in a user's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shortlist_core.explanations import Explanation
from shortlist_core.types import Queries
from shortlist_retrieval.neighbours import NEIGHBOURS
from shortlist_retrieval.profile import profile, wanted_only
from shortlist_retrieval.sources.fit_inputs import FitInputs
from shortlist_retrieval.sources.item_neighbours import ItemNeighbours
from shortlist_retrieval.sparse import SparseRows, keep_largest

WINDOW = 10
"""Most positions by which an item may follow another one."""

LAST = 10
FADE = 0.8
"""How many of the last events count, and the factor by which each position further back counts less."""


@dataclass(frozen=True)
class Transitions(ItemNeighbours):
    """Transition weights, read with the last few events of a history."""

    kind = "Transitions"
    explanation = Explanation(following="Because you {done} {title}: often chosen next.")

    name: str = "transitions"

    @classmethod
    def fit(cls, inputs: FitInputs) -> Sequence[Transitions]:
        """The source fitted on the histories, as of their moment."""
        return (cls(transition_weights(inputs.histories, inputs.n_items)),)

    def profile(self, queries: Queries) -> SparseRows:
        """The profiles of the last events, [batch, items]. Each position further back counts less."""
        return profile(queries, self.weights.shape[0], LAST, fade=FADE)


def transition_weights(histories: Queries, n_items: int) -> sp.csr_matrix:
    """How much each item (row) is followed by each other item, CSR float32, rows divided by the root of their sum."""
    events = wanted_only(histories)
    rows, weights = events.rows(), events.weights
    counts = sp.csr_matrix((n_items, n_items), dtype=np.float32)
    for distance in range(1, min(WINDOW, max(len(rows) - 1, 0)) + 1):
        same = rows[distance:] == rows[:-distance]
        first, then = events.items[:-distance][same], events.items[distance:][same]
        apart = first != then
        values = np.float32(1 / distance) * weights[distance:][same][apart]
        counts = counts + sp.csr_matrix((values, (first[apart], then[apart])), counts.shape)
    sums = np.asarray(counts.sum(axis=1)).ravel()
    counts.data /= np.sqrt(np.repeat(sums, np.diff(counts.indptr)))
    return keep_largest(counts, NEIGHBOURS)
