"""The cut of stage one: keeps the merged candidates with the highest fused score, and `extra` ones in any case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_core.types import Candidates, Int32s, Int64s, among, distinct
from shortlist_kernels.merging import gather
from shortlist_retrieval.top import top_positions


def best(merged: Candidates, count: int, extra: Sequence[Int32s] | None = None) -> Candidates:
    """The best `count` candidates of each query by fused score, best first. The query's `extra` rows are among them."""
    kept = top_positions(merged.fused, min(count, int(merged.valid.sum(axis=1).max(initial=0))))
    for query, rows in enumerate(extra or ()):
        kept[query] = _with_rows(merged, query, kept[query], distinct(rows))
    return _take(merged, kept)


def _with_rows(merged: Candidates, query: int, kept: Int64s, rows: Int32s) -> Int64s:
    """The positions `kept`, in which the positions of `rows` replace the last ones. Best first as before."""
    items, fused = merged.items[query], merged.fused[query]
    others = kept[~among(items[kept], rows)][: len(kept) - len(rows)]
    positions = np.concatenate([others, np.flatnonzero(among(items, rows))])
    return positions[np.lexsort((positions, -fused[positions]))]


def _take(candidates: Candidates, positions: Int64s) -> Candidates:
    """The candidates at the positions int64 [batch, n]."""
    shape = (*positions.shape, len(candidates.sources))
    scores, ranks = np.empty(shape, np.float32), np.empty(shape, np.int32)
    gather(np.ascontiguousarray(candidates.scores.transpose(2, 0, 1)), positions, scores)
    gather(np.ascontiguousarray(candidates.ranks.transpose(2, 0, 1)), positions, ranks)
    queries = np.arange(len(positions))[:, None]
    return replace(
        candidates,
        items=candidates.items[queries, positions],
        fused=candidates.fused[queries, positions],
        scores=scores,
        ranks=ranks,
    )
