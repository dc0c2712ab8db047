"""Retrieve: finds the candidates of each request. Rank and SimilarItems have retrieve stages of their own here.

Where a source or all of retrieval fails, the answer is made without it and flagged. Where nothing is left, popular
items take the place of candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import structlog

from shortlist_core.errors import NotFoundError
from shortlist_core.explanations import BUY_AGAIN, TOGETHER_NOW
from shortlist_core.types import NO_ITEM, Candidates, Int32s, Int64s, distinct
from shortlist_server.pipeline.batch import Batch, Hydrated, Retrieved
from shortlist_server.pipeline.co_visitation import CoVisitation
from shortlist_server.pipeline.counts import StageCounts
from shortlist_server.pipeline.fallback import fill_with_popular, no_candidates, replaced
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.pipeline.wanted import pinned, with_wanted
from shortlist_server.system.filters import Filter
from shortlist_state.baskets import Baskets

log = structlog.get_logger(__name__)


def retrieve(baskets: Baskets, batch: Hydrated) -> tuple[Retrieved, list[StageCounts]]:
    """The batch with candidates from all sources, from online co-visitation and from the new items.

    Seen, excluded, shown and filtered items are left out of the search. Where the sources propose too few items, others
    of the catalogue follow, so that the pages of a list reach every item. Where seen items may come again, those that
    the user is likely to take again are candidates, too, and so are the items that the rules of the placement ask for.
    """
    bundle, restrictions, count = batch.bundle, batch.restrictions, batch.requests[0].query.candidate_count
    allowed = None if restrictions.allowed is None else restrictions.allowed.items
    visited_together = None
    try:
        visited_together = CoVisitation.of(baskets, bundle.items, batch.queries)
        also = bundle.new_items.proposals(batch.queries, count, allowed)
        if visited_together:
            also[TOGETHER_NOW.name] = visited_together.items
        if batch.repeats is not None:
            also[BUY_AGAIN.name] = batch.repeats.likeliest(count, allowed)
        kept = pinned(batch)
        candidates = bundle.retriever.retrieve(
            batch.queries, count, blocked=restrictions.blocked, allowed=allowed, also=also, kept=kept
        )
        if allowed is None and len(short := _short(batch, candidates)):
            candidates = replaced(candidates, short, _of_everything(batch, short, kept))
    except Exception:
        log.exception("retrieval_failed")
        candidates = no_candidates(bundle.popular, len(batch))
    batch, candidates = with_wanted(batch, candidates)
    if candidates.valid.any(axis=1).all():
        return _described(Retrieved.of_candidates(batch, candidates, visited_together))
    candidates, filled = fill_with_popular(candidates, bundle.popular, restrictions, count, bundle.filters)
    retrieved = Retrieved.of_candidates(batch, candidates, visited_together)
    return _described(retrieved.degraded("popular_fallback", filled))


def score(batch: Hydrated) -> tuple[Retrieved, list[StageCounts]]:
    """The retrieve stage of Rank: the batch with the caller's own candidates and their scores from every source.

    Those that the request's filter rules out are left out.
    """
    bundle = batch.bundle
    asked = [bundle.items.ids.rows(request.query.item_ids) for request in batch.requests]
    in_catalogue, allowed = [rows[rows != NO_ITEM] for rows in asked], batch.restrictions.allowed
    passing = [rows if allowed is None else rows[allowed.items[rows]] for rows in in_catalogue]
    items = np.full((len(asked), max(map(len, passing))), NO_ITEM, np.int32)
    for i, rows in enumerate(passing):
        items[i, : len(rows)] = rows
    try:
        candidates = bundle.retriever.score(batch.queries, items)
    except Exception:  # the caller's order is better than no answer
        log.exception("scoring_failed")
        fused = np.where(items == NO_ITEM, -np.inf, 0).astype(np.float32)
        candidates = replace(no_candidates(bundle.popular, *items.shape), items=items, fused=fused)
    counts = [
        StageCounts.of(len(rows), len(left), unknown=len(rows) - len(known), filtered=len(known) - len(left))
        for rows, known, left in zip(asked, in_catalogue, passing, strict=True)
    ]
    return Retrieved.of_candidates(batch, candidates), counts


def neighbours(batch: Batch) -> tuple[Retrieved, list[StageCounts]]:
    """The retrieve stage of SimilarItems: the batch of one request, with the items most like the one that it names.

    Raises NotFoundError where the bundle does not have that item.
    """
    bundle, query = batch.bundle, batch.requests[0].query
    row, *excluded = bundle.items.ids.rows([query.item_ids[0], *query.excluded]).tolist()
    if row == NO_ITEM:
        raise NotFoundError("item", query.item_ids[0])
    no_rows: Int32s = np.zeros(0, np.int32)
    blocked = distinct(np.array([other for other in (row, *excluded) if other != NO_ITEM], np.int32))
    restrictions = Restrictions(
        [no_rows], [blocked], [no_rows], bundle.filters.allowed(query.filter), bundle.items.deleted
    )
    asked = Hydrated.of(batch, bundle.histories.queries([""]), restrictions)
    try:
        allowed = None if restrictions.allowed is None else restrictions.allowed.items
        new = bundle.new_items.passing(allowed)
        candidates = bundle.retriever.similar(
            row, query.count, blocked=restrictions.blocked[0], allowed=allowed, new=new
        )
        return _described(Retrieved.of_candidates(asked, candidates))
    except Exception:
        log.exception("similar_failed")
    nothing, popular = no_candidates(bundle.popular, 1), bundle.popular
    candidates, filled = fill_with_popular(nothing, popular, restrictions, query.count, bundle.filters)
    return _described(Retrieved.of_candidates(asked, candidates).degraded("popular_fallback", filled))


def _short(batch: Hydrated, candidates: Candidates) -> Int64s:
    """The requests that have fewer candidates than they ask for items, although more items are left, int64 [short]."""
    found, rows = np.count_nonzero(candidates.valid, axis=1).tolist(), batch.bundle.items.rows_used
    asked = [request.query.count for request in batch.requests]
    fewer = [i for i, (n, count) in enumerate(zip(found, asked, strict=True)) if n < count]
    return np.array([i for i in fewer if batch.restrictions.leaves_more(i, rows, than=found[i])], np.int64)


def _of_everything(batch: Hydrated, which: Int64s, kept: Sequence[Int32s] | None) -> Candidates:
    """Candidates of the requests at the positions `which`, of all items that are not deleted.

    Sources end with what somebody took. What a filter lets through fills lists, and here that is everything.
    """
    bundle, query = batch.bundle, batch.requests[0].query
    return bundle.retriever.retrieve(
        batch.queries.select(which),
        query.candidate_count,
        blocked=batch.restrictions.select(which).blocked,
        allowed=bundle.filters.passing(Filter()).items,
        kept=None if kept is None else [kept[i] for i in which],
    )


def _described(batch: Retrieved) -> tuple[Retrieved, list[StageCounts]]:
    return batch, [_searched(batch, i) for i in range(len(batch))]


def _searched(batch: Retrieved, i: int) -> StageCounts:
    """The retrieve stage's counts of one request: the whole catalogue entered, its candidates left."""
    total, left = batch.bundle.items.rows_used, len(batch.rows(i))
    if not batch.requests[i].query.include_trace:
        return StageCounts.of(total, left)
    dropped = batch.restrictions.ruled_out(i)
    for reason, broken in batch.restrictions.broken(i, batch.rows(i)).items():  # these are counted by the filter stage
        dropped[reason] -= int(np.count_nonzero(broken))
    return StageCounts.of(total, left, **dropped, below_cut=total - left - sum(dropped.values()))
