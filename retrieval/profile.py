"""Histories as sparse rows over the catalogue: which items a user stands for, and how strongly each counts."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from core.types import DAY, EVENT_WEIGHTS, Bools, EventType, Float32s, Int64s, Queries

_WANTED = np.array([EVENT_WEIGHTS[kind] > 0 for kind in EventType])


def wanted(queries: Queries) -> Bools:
    """Which events say that the user wants such items (weight above 0), bool [events]."""
    return np.asarray(_WANTED[queries.types])


def wanted_only(queries: Queries) -> Queries:
    """The queries without impressions and dislikes."""
    return queries.keep(wanted(queries))


def from_end(queries: Queries) -> Int64s:
    """How many events of the same query come after each event, int64 [events]; 0 is the newest."""
    return np.repeat(queries.offsets[1:], queries.lengths) - 1 - np.arange(len(queries.items))


def last_events(queries: Queries, count: int) -> Queries:
    """Each query with no more than its newest `count` events."""
    if len(queries.lengths) == 0 or queries.lengths.max() <= count:
        return queries
    return queries.keep(from_end(queries) < count)


def binary_profile(queries: Queries, n_items: int) -> sp.csr_matrix:
    """1 for every item of the history, float32 CSR [batch, items]."""
    return profile(queries, np.ones(len(queries.items), np.float32), n_items)


def decayed_profile(queries: Queries, n_items: int, half_life_days: float) -> sp.csr_matrix:
    """Every item of the history with 0.5^(age / half-life) of its newest event, float32 CSR [batch, items]."""
    return profile(queries, fading(queries, half_life_days), n_items)


def repeated_profile(queries: Queries, n_items: int, half_life_days: float) -> sp.csr_matrix:
    """Every item of the history with the root of its events' summed 0.5^(age / half-life), float32 CSR [batch, items].

    What somebody comes back to counts more, but not in proportion.
    """
    counts = sp.csr_matrix((fading(queries, half_life_days), (queries.rows(), queries.items)), (len(queries), n_items))
    counts.sum_duplicates()
    counts.data = np.sqrt(counts.data)
    return counts


def fading(queries: Queries, half_life_days: float) -> Float32s:
    """0.5^(age / half-life) of every event at its query's moment, float32 [events]."""
    age = (np.repeat(queries.now, queries.lengths) - queries.times) / DAY
    return np.exp2(-np.maximum(age, 0) / half_life_days).astype(np.float32)


def profile(queries: Queries, weights: Float32s, n_items: int) -> sp.csr_matrix:
    """The event weights [events] as CSR [batch, items]; of an item that occurs twice the newest event counts."""
    rows = queries.rows()
    keys = rows * n_items + queries.items
    # Going backwards, the first occurrence of a key is its newest event.
    keys, newest = np.unique(keys[::-1], return_index=True)
    starts = np.searchsorted(keys, np.arange(len(queries) + 1) * n_items)
    matrix = sp.csr_matrix((len(queries), n_items), dtype=np.float32)
    matrix.data, matrix.indices, matrix.indptr = (
        weights[::-1][newest],
        (keys % n_items).astype(np.int32),
        starts.astype(np.int32),
    )
    return matrix
