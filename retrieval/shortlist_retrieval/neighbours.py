"""Item neighbours: the weights between items that go together, from which several sources are made.

EASE (Steck 2019, Embarrassingly Shallow Autoencoders for Sparse Data, eq. 8) where the head of the catalogue is small
enough to invert its co-occurrences; shrunk cosine (Aiolli 2013) for the whole of any catalogue.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import dpotrf, dpotri

from shortlist_core.errors import DataError
from shortlist_core.types import Float32s, Float64s, Int64s
from shortlist_retrieval.sparse import keep_largest

NEIGHBOURS = 200
"""How many neighbours each item keeps, those with the largest weights."""

EASE_ITEMS = 6_000
"""The most interacted items that EASE covers; inverting their co-occurrences takes about ten seconds on two cores."""

PENALTIES = (50.0, 200.0, 800.0, 3_200.0)
"""EASE's penalties that are tried on the newest slice of time."""


def ease(profiles: sp.csr_matrix, l2: float) -> sp.csr_matrix:
    """EASE's weights among the most interacted items, CSR float32 [items, items]. Each row keeps its largest.

    `profiles`, float32 [users, items], say which user has which item. `l2` is the penalty on the diagonal of their Gram
    matrix.
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
    """Shrunk cosine between the items' columns, CSR float32 [items, items]. Each row keeps its largest.

    The cosines are computed in blocks of rows, so that memory only holds one block's co-occurrences and the neighbours.
    """
    n = profiles.shape[1]
    lengths = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=0)).ravel())
    by_item = profiles.T.tocsr()
    parts = []
    for start in range(0, n, block):
        co_occurrences = (by_item[start : start + block] @ profiles).tocsr()
        rows = np.repeat(np.arange(start, start + co_occurrences.shape[0]), np.diff(co_occurrences.indptr))
        values = co_occurrences.data / (lengths[rows] * lengths[co_occurrences.indices] + shrinkage)
        values[rows == co_occurrences.indices] = 0
        co_occurrences.data = values.astype(np.float32)
        parts.append(keep_largest(co_occurrences, NEIGHBOURS))
    return sp.vstack(parts, format="csr")


def head_items(profiles: sp.csr_matrix) -> Int64s:
    """The most interacted items, which EASE covers, int64 [n], ascending."""
    counts = profiles.getnnz(axis=0)
    head = np.argsort(-counts, kind="stable")[:EASE_ITEMS]
    return np.sort(head[counts[head] > 0])


def _inverse(matrix: Float64s) -> Float64s:
    """The inverse of a symmetric positive definite matrix, which is overwritten, by Cholesky: half the usual work."""
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
