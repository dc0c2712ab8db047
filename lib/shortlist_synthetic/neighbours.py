"""Item-item weights from vectors: for every item the nearest of a few hundred others of its cluster."""

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
"""Items that are compared with each other: the true nearest would cost the square of a cluster."""

FEWEST, TYPICAL = 4, 20
"""Neighbours of an item that few took, and of one of average popularity; popular ones reach NEIGHBOURS."""


def neighbours(clusters: Clusters, vectors: Float32s, folder: Path, seed: int) -> sp.csr_matrix:
    """CSR float32 [items, items], its arrays in files of `folder`, which stay mapped; other seeds give others."""
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
    """The same among the most popular items alone, as EASE has it."""
    head = np.sort(np.argsort(-clusters.popularity, kind="stable")[:EASE_ITEMS])
    counts = np.zeros(len(clusters), np.int64)
    counts[head] = min(NEIGHBOURS, len(head) - 1)
    starts = np.concatenate([[0], np.cumsum(counts)])
    columns, values = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    _nearest(head, vectors[head], starts, columns, values)
    return _csr(len(clusters), starts, columns, values)


def _groups(clusters: Clusters, vectors: Float32s, seed: int) -> list[Int64s]:
    """Rows in groups of at most GROUP of one cluster; those on one side of it come together."""
    generator = np.random.default_rng([clusters.seed, seed])
    direction = generator.standard_normal(vectors.shape[1], np.float32)
    groups: list[Int64s] = []
    for a, b in zip(clusters.starts[:-1], clusters.starts[1:], strict=True):
        rows = clusters.order[a:b]
        rows = rows[np.argsort(vectors[np.sort(rows)] @ direction)] if len(rows) > GROUP else rows
        groups += [rows[start : start + GROUP] for start in range(0, len(rows), GROUP)]
    return groups


def _nearest(rows: Int64s, own: Float32s, starts: Int64s, columns: Int32s, values: Float32s) -> None:
    """Fill in the neighbours of `rows` among themselves, each row's in order of column."""
    counts = starts[rows + 1] - starts[rows]
    for start in range(0, len(rows), GROUP):
        part = np.arange(start, min(start + GROUP, len(rows)))
        alike = own[part] @ own.T
        alike[np.arange(len(part)), part] = -np.inf
        few = counts[part] <= TYPICAL  # most have few, and finding those costs a fraction of finding many
        for some in (few, ~few):
            _fill(rows[part[some]], alike[some], rows, starts, columns, values)


def _fill(some: Int64s, alike: Float32s, rows: Int64s, starts: Int64s, columns: Int32s, values: Float32s) -> None:
    """The neighbours of the rows `some`, whose similarity to all of `rows` is `alike`."""
    counts = starts[some + 1] - starts[some]
    most = int(counts.max(initial=0))
    if not most:
        return
    there = np.arange(most) < counts[:, None]
    nearest = np.argpartition(-alike, most - 1, axis=1)[:, :most]
    best_first = np.argsort(-np.take_along_axis(alike, nearest, axis=1), axis=1)
    nearest = np.take_along_axis(nearest, best_first, axis=1)
    chosen = np.where(there, rows[nearest], len(starts))  # what is too many goes to the end
    by_column = np.argsort(chosen, axis=1)
    at = (starts[some, None] + np.arange(most))[there]
    columns[at] = np.take_along_axis(chosen, by_column, axis=1)[there]
    values[at] = np.take_along_axis(alike, np.take_along_axis(nearest, by_column, axis=1), axis=1)[there]


def _csr(n: int, starts: Int64s, columns: Int32s, values: Float32s) -> sp.csr_matrix:
    matrix = sp.csr_matrix((n, n), dtype=np.float32)
    matrix.data, matrix.indices = values, columns
    matrix.indptr = starts.astype(np.int32 if starts[-1] < np.iinfo(np.int32).max else np.int64)
    return matrix
