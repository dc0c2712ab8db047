"""Item-to-item weights from vectors: each item's nearest neighbours among a few hundred items of its cluster."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from shortlist_core.types import Float32s, Int32s, Int64s
from shortlist_retrieval.neighbours import EASE_ITEMS, NEIGHBOURS
from shortlist_synthetic.clusters import Clusters

GROUP = 512
"""Items that are compared with each other; exact neighbours would cost the square of a cluster's size."""

FEWEST, TYPICAL = 4, 20
"""Neighbours of a rare item, and of an item of average popularity; popular items have up to NEIGHBOURS."""


def neighbours(clusters: Clusters, vectors: Float32s, folder: Path, seed: int) -> sp.csr_matrix:
    """Weights CSR float32 [items, items]; their arrays are files in `folder`, which stay mapped."""
    groups = _groups(clusters, vectors, seed)
    counts = np.clip(TYPICAL * len(clusters) * clusters.popularity, FEWEST, NEIGHBOURS).astype(np.int64)
    for group in groups:
        counts[group] = np.minimum(counts[group], len(group) - 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    folder.mkdir()
    columns = np.lib.format.open_memmap(folder / "columns.npy", "w+", np.int32, (int(starts[-1]),))
    values = np.lib.format.open_memmap(folder / "values.npy", "w+", np.float32, columns.shape)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(lambda group: _nearest(group, vectors[group], starts, columns, values), groups):
            pass
    return _csr(len(clusters), starts, columns, values)


def head_neighbours(clusters: Clusters, vectors: Float32s) -> sp.csr_matrix:
    """Weights among the most popular items only, as EASE has them."""
    head = np.sort(np.argsort(-clusters.popularity, kind="stable")[:EASE_ITEMS])
    counts = np.zeros(len(clusters), np.int64)
    counts[head] = min(NEIGHBOURS, len(head) - 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns, values = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    _nearest(head, vectors[head], starts, columns, values)
    return _csr(len(clusters), starts, columns, values)


def _groups(clusters: Clusters, vectors: Float32s, seed: int) -> list[Int64s]:
    """Rows in groups of at most GROUP items of one cluster; groups are formed along a random direction."""
    generator = np.random.default_rng([clusters.seed, seed])
    direction = generator.standard_normal(vectors.shape[1], np.float32)
    groups: list[Int64s] = []
    for a, b in zip(clusters.starts[:-1], clusters.starts[1:], strict=True):
        rows = clusters.order[a:b]
        rows = rows[np.argsort(vectors[np.sort(rows)] @ direction)] if len(rows) > GROUP else rows
        groups += [rows[start : start + GROUP] for start in range(0, len(rows), GROUP)]
    return groups


def _nearest(rows: Int64s, vectors: Float32s, starts: Int64s, columns: Int32s, values: Float32s) -> None:
    """Write the neighbours of `rows`, whose vectors are `vectors`, among themselves, in order of column."""
    counts = starts[rows + 1] - starts[rows]
    for start in range(0, len(rows), GROUP):
        part = np.arange(start, min(start + GROUP, len(rows)))
        alike = vectors[part] @ vectors.T
        alike[np.arange(len(part)), part] = -np.inf
        few = counts[part] <= TYPICAL  # most rows have few neighbours, which are found much faster than many
        for some in (few, ~few):
            _fill(rows[part[some]], alike[some], rows, starts, columns, values)


def _fill(some: Int64s, alike: Float32s, rows: Int64s, starts: Int64s, columns: Int32s, values: Float32s) -> None:
    """Write the neighbours of the rows `some`, whose similarity to all of `rows` is `alike`."""
    counts = starts[some + 1] - starts[some]
    most = int(counts.max(initial=0))
    if not most:
        return
    used = np.arange(most) < counts[:, None]
    nearest = np.argpartition(-alike, most - 1, axis=1)[:, :most]
    best_first = np.argsort(-np.take_along_axis(alike, nearest, axis=1), axis=1)
    nearest = np.take_along_axis(nearest, best_first, axis=1)
    chosen = np.where(used, rows[nearest], len(starts))  # superfluous neighbours are sorted to the end
    by_column = np.argsort(chosen, axis=1)
    at = (starts[some, None] + np.arange(most))[used]
    columns[at] = np.take_along_axis(chosen, by_column, axis=1)[used]
    values[at] = np.take_along_axis(alike, np.take_along_axis(nearest, by_column, axis=1), axis=1)[used]


def _csr(n: int, starts: Int64s, columns: Int32s, values: Float32s) -> sp.csr_matrix:
    matrix = sp.csr_matrix((n, n), dtype=np.float32)
    matrix.data, matrix.indices = values, columns
    matrix.indptr = starts.astype(np.int32 if starts[-1] < np.iinfo(np.int32).max else np.int64)
    return matrix
