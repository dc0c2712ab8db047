"""The last stage: which of the scored items an answer shows, in which order, and what it says of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import structlog

from shortlist_core.explanations import NEW_ITEMS, TOGETHER_NOW
from shortlist_core.types import NO_GROUP, NO_ITEM, Candidates, Float32s, Hits, Int32s, Int64s, Ranked, Reasons, among
from shortlist_server.pipeline.batch import Batch, Passed

T = TypeVar("T", Float32s, Int32s)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """The candidates that each job of a batch shows."""

    positions: Int64s  # [batch, widest] among the job's candidates, best first; 0 past the last one
    counts: list[int]  # [batch] how many each shows
    of: list[int]  # [batch] how many candidates each had

    def take(self, of_all: T) -> T:
        """Out of an array [batch, n, ...] what stands at the positions, [batch, widest, ...]."""
        return of_all[np.arange(len(self.counts))[:, None], self.positions]

    def chosen(self, candidates: Candidates) -> Candidates:
        """The candidates shown alone."""
        missing = np.arange(self.positions.shape[1]) >= np.array(self.counts, np.int64)[:, None]
        return replace(
            candidates,
            items=np.where(missing, NO_ITEM, self.take(candidates.items)),
            fused=np.where(missing, -np.inf, self.take(candidates.fused)),
            scores=self.take(candidates.scores),
            ranks=self.take(candidates.ranks),
        )


def select(batch: Batch) -> list[Passed]:
    """The best `count` of each request, diverse where asked for, each with the reason for it."""
    shown = _best(batch)
    chosen = shown.chosen(batch.candidates)
    return _answer(batch, shown, chosen, _reasons(batch, chosen))


def order(batch: Batch) -> list[Passed]:
    """The best `count` by score alone and without reasons: the `select` of Retrieve, Rank and SimilarItems."""
    shown = _by_score(batch)
    return _answer(batch, shown, shown.chosen(batch.candidates), Reasons.none(*shown.positions.shape))


def _best(batch: Batch) -> Shown:
    shown = _by_score(batch)
    for i, job in enumerate(batch.jobs):
        if job.plan.diversity:
            positions = _diverse(batch, i)
            shown.positions[i, : len(positions)] = positions
    return shown


def _by_score(batch: Batch) -> Shown:
    """By falling score; what is not finite comes last."""
    from shortlist_retrieval.top import (
        top_positions,  # late: its package loads TensorFlow, and the port is bound before that
    )

    of = np.count_nonzero(batch.candidates.valid, axis=1).tolist()
    counts = [min(job.plan.count, there) for job, there in zip(batch.jobs, of, strict=True)]
    scores = np.where(np.isfinite(batch.scores), batch.scores, -np.inf) + np.float32(0)  # -0 is no less than 0
    positions = top_positions(scores, max(counts))
    return Shown(np.where(np.arange(positions.shape[1]) < np.array(counts)[:, None], positions, 0), counts, of)


def _diverse(batch: Batch, i: int) -> Int64s:
    """As `_by_score`, with variety: of one job."""
    from shortlist_ranking import selection  # late, as above

    plan, rows = batch.jobs[i].plan, batch.rows(i)
    scores = batch.scores[i, : len(rows)]
    try:
        return selection.select(scores, plan.count, diversity=plan.diversity, vectors=batch.system.ranker.vectors(rows))
    except Exception:  # an answer without variety beats none
        log.exception("diversity_failed")
        batch.jobs[i].question = None  # but the next one is to have it
        return selection.select(scores, plan.count)


def _answer(batch: Batch, shown: Shown, chosen: Candidates, reasons: Reasons) -> list[Passed]:
    """Leave each job with its answer."""
    # What is not finite is never best, and nothing else can be said of it.
    scores, chosen = _finite(shown.take(batch.scores)), replace(chosen, scores=_finite(chosen.scores))
    for i, (job, n) in enumerate(zip(batch.jobs, shown.counts, strict=True)):
        hits = _hits(batch, chosen, i, n)
        job.answer = Ranked(chosen.items[i, :n], scores[i, :n], hits, reasons.of(i, n), batch.system.version)
    return [Passed.of(of, n, below_cut=of - n) for of, n in zip(shown.of, shown.counts, strict=True)]


def _finite(scores: Float32s) -> Float32s:
    return np.where(np.isfinite(scores), scores, 0)


def _hits(batch: Batch, chosen: Candidates, i: int, n: int) -> Hits:
    """The sources that proposed each item shown, what others choose today as one more."""
    hits = Hits(chosen.sources, chosen.ranks[i, :n], chosen.scores[i, :n])
    if batch.together is None:
        return hits
    own = batch.together.hits(i, chosen.items[i, :n])
    ranks, scores = np.column_stack((hits.ranks, own.ranks)), np.column_stack((hits.scores, own.scores))
    return Hits((*hits.sources, TOGETHER_NOW.name), ranks, scores)


def _reasons(batch: Batch, chosen: Candidates) -> Reasons:
    """Why each item is shown, [jobs, shown]."""
    if not chosen.items.size:
        return Reasons.none(*chosen.items.shape)
    try:
        return _truthful(batch, chosen, batch.system.retriever.reasons(batch.queries, chosen))
    except Exception:  # an answer without reasons beats none
        log.exception("reasons_failed")
        for job in batch.jobs:
            job.question = None
        return Reasons.none(*chosen.items.shape)


def _truthful(batch: Batch, chosen: Candidates, told: Reasons) -> Reasons:
    """The reasons as what they are: new items that no source proposed are called so, and no deleted item is named."""
    items = batch.system.items
    fresh = chosen.items >= items.bundled
    if fresh.any():
        fresh &= ~chosen.ranks.any(axis=2)
        told = replace(
            told,
            sources=(*told.sources, NEW_ITEMS.name),
            explanations=(*told.explanations, NEW_ITEMS.explanation),
            speakers=np.where(fresh, len(told.sources), told.speakers),
            shares=np.where(fresh, 0, told.shares),
            groups=np.where(fresh, NO_GROUP, told.groups),
        )
    if len(items.deleted):
        gone = among(told.anchors.ravel(), items.deleted).reshape(told.anchors.shape)
        anchors, groups = np.where(gone, NO_ITEM, told.anchors), np.where(gone, NO_GROUP, told.groups)
        told = replace(told, anchors=anchors, groups=groups)
    return told
