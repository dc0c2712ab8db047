"""Popular fallback: where retrieval has no candidates, the popular items that a user without history gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Candidates, Int32s, Int64s
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.system.filters import Filter, Filters


def fill_with_popular(
    candidates: Candidates, popular: Candidates, restrictions: Restrictions, count: int, filters: Filters
) -> tuple[Candidates, Bools]:
    """`candidates` with up to `count` popular items for each query that has none, and which queries were filled.

    `popular` is a batch of one, best first. Items that break a restriction of the query are left out. Where that leaves
    too few of them, others of the catalogue follow. The second result is bool [batch].
    """
    filled = np.zeros(len(candidates), np.bool_)
    candidates = _widened(candidates, count)
    everything = filters.passing(Filter()) if restrictions.allowed is None else restrictions.allowed
    for query in np.flatnonzero(~candidates.valid.any(axis=1)):
        positions = _permitted(popular, restrictions, int(query))[:count]
        for part in ("items", "fused", "scores", "ranks"):
            getattr(candidates, part)[query, : len(positions)] = getattr(popular, part)[0, positions]
        candidates.moments[query] = popular.moments[0]
        end = len(positions)
        others = _others(popular.items[0, positions], everything.items, restrictions, int(query), count - end)
        candidates.items[query, end : end + len(others)] = others
        candidates.fused[query, end : end + len(others)] = popular.fused[0, positions].min(initial=0) - 1
        filled[query] = end + len(others) > 0
    return candidates, filled


def replaced(candidates: Candidates, queries: Int64s, by: Candidates) -> Candidates:
    """The candidates with those of the queries at some positions, int64 [n], replaced by a batch of n."""
    width = max(candidates.items.shape[1], by.items.shape[1])
    merged, others = _widened(candidates, width), _widened(by, width)
    for part in ("items", "fused", "scores", "ranks", "moments"):
        getattr(merged, part)[queries] = getattr(others, part)
    return replace(merged, failed=tuple(name for name in by.sources if name in {*candidates.failed, *by.failed}))


def no_candidates(like: Candidates, batch: int, width: int = 0) -> Candidates:
    """Candidates of `batch` queries that are all padding. Every source of `like` counts as failed."""
    sources = len(like.sources)
    return Candidates(
        np.full((batch, width), NO_ITEM, np.int32),
        np.full((batch, width), -np.inf, np.float32),
        np.zeros((batch, width, sources), np.float32),
        np.zeros((batch, width, sources), np.int32),
        np.repeat(like.moments, batch, axis=0),
        like.sources,
        like.sources,
        like.taker_counts,
    )


def _widened(candidates: Candidates, width: int) -> Candidates:
    """A copy of the candidates with at least `width` columns, padded at the end."""
    missing = max(width - candidates.items.shape[1], 0)
    return Candidates(
        np.pad(candidates.items, ((0, 0), (0, missing)), constant_values=NO_ITEM),
        np.pad(candidates.fused, ((0, 0), (0, missing)), constant_values=-np.inf),
        np.pad(candidates.scores, ((0, 0), (0, missing), (0, 0))),
        np.pad(candidates.ranks, ((0, 0), (0, missing), (0, 0))),
        candidates.moments.copy(),
        candidates.sources,
        candidates.failed,
        candidates.taker_counts,
    )


def _permitted(popular: Candidates, restrictions: Restrictions, query: int) -> Int64s:
    """Positions in `popular` that break no restriction of the query, best first."""
    permitted = popular.valid[0].copy()
    rows = np.where(permitted, popular.items[0], 0)
    for mask in restrictions.broken(query, rows).values():
        permitted &= ~mask
    return np.flatnonzero(permitted)


def _others(popular: Int32s, allowed: Bools, restrictions: Restrictions, query: int, missing: int) -> Int32s:
    """Up to `missing` rows that `allowed` lets through and that are not popular, int32 ascending."""
    if missing <= 0:
        return popular[:0]
    rows = np.setdiff1d(np.flatnonzero(allowed).astype(np.int32), popular)
    permitted = np.ones(len(rows), np.bool_)
    for mask in restrictions.broken(query, rows).values():
        permitted &= ~mask
    return rows[permitted][:missing]
