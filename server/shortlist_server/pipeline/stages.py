"""The stages that find and score items. Each takes the batch as the one before left it and says what became of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import structlog

from shortlist_core.errors import NotFoundError
from shortlist_core.explanations import TOGETHER_NOW
from shortlist_core.types import NO_ITEM, Bools, Float32s, Int32s, among, distinct
from shortlist_server.pipeline import hydrate as hydration
from shortlist_server.pipeline.batch import Batch, Passed
from shortlist_server.pipeline.fallback import fill_with_popular, no_candidates
from shortlist_server.pipeline.rank_thread import RankerLateError
from shortlist_server.pipeline.requests import Job
from shortlist_server.pipeline.rules import Rules
from shortlist_server.system.online_popularity import Together

RANK_SHARE = 0.85
"""Of the time left before ranking, what the ranker may take; the rest is for selecting and answering."""

log = structlog.get_logger(__name__)
_NOTHING: Int32s = np.zeros(0, np.int32)


def hydrate(batch: Batch) -> list[Passed]:
    """What is known of each user, and with it the rules of each request. Counts events."""
    plans = [job.plan for job in batch.jobs]
    known = hydration.hydrate(batch.system, batch.live, plans)
    batch.degrade("state_unavailable", known.store_failed)
    batch.queries, ids, deleted = known.queries, batch.system.items.ids, batch.system.items.deleted
    seen = [rows[~among(rows, deleted)] for rows in known.seen] if len(deleted) else known.seen
    batch.rules = Rules(
        [_NOTHING if plan.keep_seen else rows for plan, rows in zip(plans, seen, strict=True)],
        [distinct(ids.rows(plan.excluded)) if plan.excluded else _NOTHING for plan in plans],
        batch.system.filters.allowed(plans[0].filter),
        deleted,
    )
    counts = zip(known.found.tolist(), known.queries.lengths.tolist(), strict=True)
    return [Passed.of(found, kept, unknown=found - kept) for found, kept in counts]


def retrieve(batch: Batch) -> list[Passed]:
    """Candidates from all sources, and what others choose today together with what the user has; seen, excluded and
    filtered items are not even searched for.
    """
    system, rules, count = batch.system, batch.rules, batch.jobs[0].plan.candidate_count
    allowed = None if rules.allowed is None else rules.allowed.items
    try:
        batch.together = Together.of(batch.live.baskets, system.items, batch.queries)
        also = system.newcomers.proposals(batch.queries, count, allowed)
        if batch.together:
            also[TOGETHER_NOW.name] = batch.together.items
        candidates = system.retriever.retrieve(batch.queries, count, blocked=rules.blocked, allowed=allowed, also=also)
    except Exception:  # popular items beat no answer
        log.exception("retrieval_failed")
        candidates = no_candidates(system.popular, len(batch.jobs))
    if not candidates.valid.any(axis=1).all():
        candidates, filled = fill_with_popular(candidates, system.popular, rules, count)
        batch.degrade("popular_fallback", filled)
    batch.place(candidates)
    return [_searched(batch, i) for i in range(len(batch.jobs))]


def score(batch: Batch) -> list[Passed]:
    """The caller's own candidates with what every source says of them; Rank's `retrieve`."""
    found = [batch.system.items.ids.rows(job.plan.item_ids) for job in batch.jobs]
    known = [rows[rows != NO_ITEM] for rows in found]
    items = np.full((len(known), max(map(len, known))), NO_ITEM, np.int32)
    for i, rows in enumerate(known):
        items[i, : len(rows)] = rows
    try:
        candidates = batch.system.retriever.score(batch.queries, items)
    except Exception:  # the caller's order beats no answer
        log.exception("scoring_failed")
        fused = np.where(items == NO_ITEM, -np.inf, 0).astype(np.float32)
        candidates = replace(no_candidates(batch.system.popular, *items.shape), items=items, fused=fused)
    batch.place(candidates)
    return [Passed.of(len(a), len(b), unknown=len(a) - len(b)) for a, b in zip(found, known, strict=True)]


def neighbours(batch: Batch) -> list[Passed]:
    """The items most like the one that the only job of the batch names; SimilarItems' `retrieve`.

    Raises NotFoundError where the bundle does not know that item.
    """
    system, plan = batch.system, batch.jobs[0].plan
    row, *excluded = system.items.ids.rows([plan.item_ids[0], *plan.excluded]).tolist()
    if row == NO_ITEM:
        raise NotFoundError("item", plan.item_ids[0])
    blocked = np.unique(np.array([each for each in (row, *excluded) if each != NO_ITEM], np.int32))
    filter = system.filters.allowed(plan.filter)
    batch.rules = rules = Rules([_NOTHING], [blocked], filter, system.items.deleted)
    try:
        allowed = None if rules.allowed is None else rules.allowed.items
        new = system.newcomers.passing(allowed)
        candidates = system.retriever.similar(row, plan.count, blocked=rules.blocked[0], allowed=allowed, new=new)
    except Exception:  # popular items beat no answer
        log.exception("similar_failed")
        none = no_candidates(system.popular, 1)
        candidates, filled = fill_with_popular(none, system.popular, rules, plan.count)
        batch.degrade("popular_fallback", filled)
    batch.place(candidates)
    return [_searched(batch, 0)]


def filter(batch: Batch) -> list[Passed]:
    """Drops what breaks a rule all the same: a source that overlooks the rules must not get anything through."""
    broken, passed = np.zeros(batch.candidates.items.shape, np.bool_), []
    for i in range(len(batch.jobs)):
        rows = batch.rows(i)
        found = batch.rules.broken(i, rows)
        for mask in found.values():
            broken[i, : len(rows)] |= mask
        dropped = {reason: int(np.count_nonzero(mask)) for reason, mask in found.items()}
        passed.append(Passed.of(len(rows), len(rows) - sum(dropped.values()), **dropped))
    if broken.any():
        batch.remove(broken)
    return passed


def rank(batch: Batch) -> list[Passed]:
    """One score per candidate from the ranker; where it fails or takes too long, the fused scores stay."""
    try:
        scores = _ranked(batch)
    except RankerLateError:
        return pass_over(batch)
    except Exception:  # an answer in retrieval's order beats none
        log.exception("ranking_failed")
        scores = np.full_like(batch.scores, np.nan)
    useful = np.asarray(np.isfinite(scores).any(axis=1))
    if not useful.all():
        batch.degrade("ranker_skipped", np.asarray(batch.candidates.valid.any(axis=1) & ~useful))
        scores = np.where(useful[:, None], scores, batch.candidates.fused)
    batch.scores = scores
    return _all_pass(batch)


def pass_over(batch: Batch) -> list[Passed]:
    """The `rank` of requests that have no time for it: the fused scores stay."""
    batch.degrade("ranker_late", [True] * len(batch.jobs))
    return _all_pass(batch)


def urgent(batch: Batch) -> Bools:
    """Which jobs have less time left than the ranker took lately, bool [batch]."""
    expected = batch.rank_thread.expected_seconds(batch.candidates)
    short: Bools = np.array([_rank_seconds(job) < expected for job in batch.jobs], np.bool_)
    if short.any():
        batch.rank_thread.forgive(batch.candidates)
    return short


def _searched(batch: Batch, i: int) -> Passed:
    """What came of the whole catalogue for one job."""
    total, left = batch.system.items.rows_used, len(batch.rows(i))
    if not batch.jobs[i].plan.include_trace:
        return Passed.of(total, left)
    dropped = batch.rules.ruled_out(i)
    for reason, slipped in batch.rules.broken(i, batch.rows(i)).items():  # `filter` is going to count these
        dropped[reason] -= int(np.count_nonzero(slipped))
    return Passed.of(total, left, **dropped, below_cut=total - left - sum(dropped.values()))


def _rank_seconds(job: Job) -> float:
    """How long the ranker may take for one job; infinite where its caller waits for ever."""
    left = job.call.seconds_left()
    return np.inf if left is None else left * RANK_SHARE


def _ranked(batch: Batch) -> Float32s:
    """The ranker's scores, [batch, n]. A stall makes all of the batch late, not only the most urgent."""
    if not batch.candidates.valid.any():
        return batch.scores
    seconds = min(map(_rank_seconds, batch.jobs))
    limit = None if np.isinf(seconds) else seconds
    scores = batch.rank_thread.rank(batch.system.ranker, batch.queries, batch.candidates, limit)
    if scores.shape != batch.candidates.items.shape:
        raise ValueError(f"scores of shape {scores.shape} for candidates of shape {batch.candidates.items.shape}")
    return np.where(batch.candidates.valid, scores, -np.inf)


def _all_pass(batch: Batch) -> list[Passed]:
    return [Passed.of(count, count) for count in np.count_nonzero(batch.candidates.valid, axis=1).tolist()]
