"""Item-item sources: each item names the items that go with it, a history adds up what its items name.

EASE (Steck 2019, Embarrassingly Shallow Autoencoders for Sparse Data, eq. 8) where the head of the catalogue is small
enough to invert its co-occurrences; shrunk cosine (Aiolli 2013) for the whole of any catalogue. Both also with old
events fading, since fashions and seasons pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import dpotrf, dpotri

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.errors import DataError
from shortlist_core.types import Float32s, Float64s, Int64s, Queries
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.profile import profile
from shortlist_retrieval.sparse import SparseRows, product
from shortlist_retrieval.stored_matrix import load_csr, write_csr

NEIGHBOURS = 200
EASE_ITEMS = 6_000
"""The most interacted items that EASE covers; inverting their co-occurrences takes about ten seconds on two cores."""

HISTORY = 300
"""Events of a history that count, the newest; longer ones say nothing new and cost their square in fitting."""


@dataclass(frozen=True)
class ItemItem:
    """Neighbour weights and how a history is read with them."""

    name: str
    weights: sp.csr_matrix  # [items, items]: row i names the items that item i speaks for
    half_life_days: float  # of the history's events; inf: all count alike
    repeated: bool = False  # whether an item counts more that the history holds more often
    unit: float = 1.0  # of the weights

    def scores(self, queries: Queries) -> SparseRows:
        """The weights of the history's items added up, for every item."""
        return product(self.profile(queries), self.weights, self.unit)

    def profile(self, queries: Queries) -> SparseRows:
        """How much each item of the histories counts, [batch, items]."""
        return history_profile(queries, self.weights.shape[0], self.half_life_days, self.repeated)

    def write(self, writer: BundleWriter) -> None:
        """Store the weights under the source's name."""
        write_csr(writer, f"retrieval/{self.name}/weights", self.weights, self.unit)
        settings = {"half_life_days": _finite(self.half_life_days), "repeated": self.repeated}
        writer.json(f"retrieval/{self.name}/settings", settings)

    @classmethod
    def load(cls, bundle: Bundle, name: str, new: NewItems | None = None) -> ItemItem:
        """The source that `write` stored; it says nothing of new items."""
        settings = bundle.json(f"retrieval/{name}/settings")
        weights, unit = load_csr(bundle, f"retrieval/{name}/weights")
        return cls(name, weights, settings["half_life_days"] or np.inf, settings["repeated"], unit)


@lru_cache(maxsize=4)
def history_profile(queries: Queries, n_items: int, half_life_days: float, repeated: bool = False) -> SparseRows:
    """The newest wanted events as rows [batch, items], fading with the half-life; inf: all count alike.

    An item counts by its newest event, or, `repeated`, by all of them.

    Several sources read a request's history the same way, and reasons read it again: the last few are kept.
    """
    return profile(queries, n_items, HISTORY, half_life_days=half_life_days, repeated=repeated)


def ease(profiles: sp.csr_matrix, l2: float) -> sp.csr_matrix:
    """EASE's weights among the most interacted items, each row's largest kept, CSR float32 [items, items].

    `profiles` [users, items] float32 say who has what; `l2` is the penalty on the diagonal of their Gram matrix.
    """
    head = head_items(profiles)
    dense = profiles[:, head]
    gram = (dense.T @ dense).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += l2
    inverse = _inverse(gram)
    weights = (inverse / -np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return _largest_per_row(weights, head, profiles.shape[1])


def cosine(profiles: sp.csr_matrix, shrinkage: float = 10.0, block: int = 2_000) -> sp.csr_matrix:
    """Shrunk cosine between items' columns, each row's largest kept, CSR float32 [items, items].

    Computed in blocks of rows, so that memory holds one block's co-occurrences and the neighbours kept.
    """
    n = profiles.shape[1]
    lengths = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=0)).ravel())
    by_item = profiles.T.tocsr()
    parts = []
    for start in range(0, n, block):
        together = (by_item[start : start + block] @ profiles).tocsr()
        rows = np.repeat(np.arange(start, start + together.shape[0]), np.diff(together.indptr))
        values = together.data / (lengths[rows] * lengths[together.indices] + shrinkage)
        values[rows == together.indices] = 0
        together.data = values.astype(np.float32)
        parts.append(keep_largest(together, NEIGHBOURS))
    return sp.vstack(parts, format="csr")


def head_items(profiles: sp.csr_matrix) -> Int64s:
    """The most interacted items that EASE covers, ascending rows."""
    counts = profiles.getnnz(axis=0)
    head = np.argsort(-counts, kind="stable")[:EASE_ITEMS]
    return np.sort(head[counts[head] > 0])


def keep_largest(matrix: sp.csr_matrix, count: int) -> sp.csr_matrix:
    """The matrix with only the `count` entries of largest magnitude of each row, zeros dropped."""
    matrix.eliminate_zeros()
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((-np.abs(matrix.data), rows))
    place = np.arange(len(order)) - matrix.indptr[:-1][rows[order]]
    kept = np.sort(order[place < count])
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))])
    return sp.csr_matrix((matrix.data[kept], matrix.indices[kept], starts), matrix.shape)


def _inverse(matrix: Float64s) -> Float64s:
    """Of a symmetric positive definite matrix, which may be written into, by Cholesky: half the work of any other's."""
    factor, failed = dpotrf(matrix.T, lower=1, clean=0, overwrite_a=1)
    if failed:
        raise DataError("the co-occurrences of items are no numbers: are there broken values?")
    lower, _ = dpotri(factor, lower=1, overwrite_c=1)
    inverse: Float64s = np.tril(lower)
    inverse += np.tril(lower, -1).T
    return inverse


def _largest_per_row(weights: Float32s, head: Int64s, n_items: int) -> sp.csr_matrix:
    count = min(NEIGHBOURS, weights.shape[1])
    nearest = np.argpartition(-np.abs(weights), count - 1, axis=1)[:, :count]
    nearest.sort(axis=1)
    rows = np.repeat(head, count)
    values = np.take_along_axis(weights, nearest, axis=1).ravel()
    return sp.csr_matrix((values, (rows, head[nearest].ravel())), (n_items, n_items), dtype=np.float32)


def _finite(half_life: float) -> float | None:
    return None if np.isinf(half_life) else half_life
