"""The last stage: which of the scored items an answer shows, in which order, and what it says of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import structlog

from core.types import (
    EVENT_WEIGHTS,
    NO_ITEM,
    Candidates,
    EventType,
    Float32s,
    Hits,
    Int64s,
    Ranked,
    Reason,
    among,
)
from server.batch import Batch, Passed
from server.jobs import Answer
from server.trends import TOGETHER

log = structlog.get_logger(__name__)


def select(batch: Batch) -> list[Passed]:
    """The best `count` of each request, diverse where asked for, each with the reason for it."""
    shown = [_best(batch, i) for i in range(len(batch.jobs))]
    for i, reasons in enumerate(_reasons(batch, shown)):
        anchors = _anchors(batch, i, reasons)
        batch.jobs[i].answer = Answer(_ranked(batch, i, shown[i], reasons), anchors)
    return [_cut(batch, i, shown[i]) for i in range(len(batch.jobs))]


def order(batch: Batch) -> list[Passed]:
    """The best `count` by score alone and without reasons: the `select` of Retrieve, Rank and SimilarItems."""
    shown = [_by_score(batch.scores[i, : len(batch.rows(i))])[: job.plan.count] for i, job in enumerate(batch.jobs)]
    for i, job in enumerate(batch.jobs):
        job.answer = Answer(_ranked(batch, i, shown[i], [Reason("")] * len(shown[i])))
    return [_cut(batch, i, shown[i]) for i in range(len(batch.jobs))]


def _best(batch: Batch, i: int) -> Int64s:
    """Positions of what one job shows, best first."""
    from ranking import selection  # late: its package loads TensorFlow, and the port is bound before that

    plan, rows = batch.jobs[i].plan, batch.rows(i)
    scores = batch.scores[i, : len(rows)]
    if not plan.diversity:
        return selection.select(scores, plan.count)
    try:
        return selection.select(scores, plan.count, diversity=plan.diversity, vectors=batch.system.ranker.vectors(rows))
    except Exception:  # an answer without variety beats none
        log.exception("diversity_failed")
        return selection.select(scores, plan.count)


def _by_score(scores: Float32s) -> Int64s:
    """Positions by falling score; what is not finite comes last."""
    return np.argsort(-np.where(np.isfinite(scores), scores, -np.inf), kind="stable")


def _ranked(batch: Batch, i: int, shown: Int64s, reasons: Sequence[Reason]) -> Ranked:
    scores = batch.scores[i, shown]
    scores = np.where(np.isfinite(scores), scores, 0)  # never best, and nothing else can be said of it
    return Ranked(batch.candidates.items[i, shown], scores, _hits(batch, i, shown), reasons, batch.system.version)


def _hits(batch: Batch, i: int, shown: Int64s) -> Hits:
    """The sources that proposed each item shown, what others choose today as one more."""
    sources, ranks = batch.candidates.sources, batch.candidates.ranks[i, shown]
    scores = batch.candidates.scores[i, shown]
    if batch.together is not None:
        own = batch.together.hits(i, batch.candidates.items[i, shown])
        sources = (*sources, TOGETHER)
        ranks, scores = (np.column_stack(both) for both in ((ranks, own.ranks), (scores, own.scores)))
    return Hits(sources, ranks, np.where(np.isfinite(scores), scores, 0))


def _reasons(batch: Batch, shown: Sequence[Int64s]) -> list[list[Reason]]:
    """Why each item is shown, [jobs][shown]."""
    if not any(map(len, shown)):
        return [[] for _ in shown]
    try:
        chosen = _chosen(batch.candidates, shown)
        found = batch.system.retriever.reasons(batch.queries, chosen)
        return [_truthful(batch, chosen, i, found[i][: len(at)]) for i, at in enumerate(shown)]
    except Exception:  # an answer without reasons beats none
        log.exception("reasons_failed")
        return [[Reason("")] * len(at) for at in shown]


def _truthful(batch: Batch, chosen: Candidates, i: int, reasons: Sequence[Reason]) -> list[Reason]:
    """The reasons of one job: new items that no source proposed are called so, and no deleted item is named."""
    system, told = batch.system, list(reasons)
    unproposed = ~chosen.ranks[i, : len(told)].any(axis=1)
    for at in np.flatnonzero(unproposed & (chosen.items[i, : len(told)] >= system.items.bundled)):
        told[at] = Reason("fresh", told[at].anchor)
    if len(system.items.deleted):
        gone = among(np.array([reason.anchor for reason in told], np.int32), system.items.deleted)
        told = [Reason(r.source, share=r.share) if g else r for r, g in zip(told, gone, strict=True)]
    return told


def _chosen(candidates: Candidates, shown: Sequence[Int64s]) -> Candidates:
    """The candidates shown alone, padded to the longest answer."""
    at = np.zeros((len(shown), max(map(len, shown))), np.int64)
    there = np.zeros(at.shape, np.bool_)
    for i, positions in enumerate(shown):
        at[i, : len(positions)], there[i, : len(positions)] = positions, True
    return Candidates(
        np.where(there, np.take_along_axis(candidates.items, at, 1), NO_ITEM).astype(np.int32),
        np.where(there, np.take_along_axis(candidates.fused, at, 1), -np.inf).astype(np.float32),
        np.take_along_axis(candidates.scores, at[:, :, None], 1),
        np.take_along_axis(candidates.ranks, at[:, :, None], 1),
        candidates.levels,
        candidates.sources,
        candidates.failed,
    )


def _anchors(batch: Batch, i: int, reasons: Sequence[Reason]) -> dict[int, EventType]:
    """The strongest thing that the user did with each history item that a reason names."""
    history, types = batch.queries.history(i), batch.queries.slice(i, i + 1).types
    rows = {reason.anchor for reason in reasons} - {NO_ITEM}
    done = {row: map(EventType, types[history == row].tolist()) for row in rows}
    return {row: max(of_row, key=lambda type: EVENT_WEIGHTS[type]) for row, of_row in done.items()}


def _cut(batch: Batch, i: int, shown: Int64s) -> Passed:
    there = len(batch.rows(i))
    return Passed.of(there, len(shown), below_cut=there - len(shown))
