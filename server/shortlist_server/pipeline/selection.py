"""Select: chooses which of the scored candidates an answer shows, in which order and with which reasons."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import structlog

from shortlist_core.explanations import BUY_AGAIN, NEW_ITEMS, TOGETHER_NOW
from shortlist_core.types import (
    NO_GROUP,
    NO_ITEM,
    Candidates,
    EventType,
    Float32s,
    Hits,
    Int32s,
    Int64s,
    Ranked,
    Reasons,
    RuleTrace,
    among,
)
from shortlist_retrieval.profile import wanted_only
from shortlist_retrieval.strongest_events import strongest_events
from shortlist_retrieval.top import top_positions
from shortlist_server.pipeline.arranging import arranged
from shortlist_server.pipeline.batch import Retrieved, Shown
from shortlist_server.pipeline.counts import StageCounts

T = TypeVar("T", Float32s, Int32s)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Selection:
    """The candidates that each request of a batch shows."""

    positions: Int64s  # [batch, widest] positions of the request's candidates, best first; 0 past the last one
    counts: list[int]  # [batch] how many candidates each request shows
    of: list[int]  # [batch] how many candidates each request had

    def take(self, of_all: T) -> T:
        """The entries of an array [batch, n, ...] at the positions, [batch, widest, ...]."""
        return of_all[np.arange(len(self.counts))[:, None], self.positions]

    def shown(self, candidates: Candidates) -> Candidates:
        """The selected candidates alone."""
        missing = np.arange(self.positions.shape[1]) >= np.array(self.counts, np.int64)[:, None]
        return replace(
            candidates,
            items=np.where(missing, NO_ITEM, self.take(candidates.items)),
            fused=np.where(missing, -np.inf, self.take(candidates.fused)),
            scores=self.take(candidates.scores),
            ranks=self.take(candidates.ranks),
        )


def select(batch: Retrieved) -> tuple[Shown, list[StageCounts]]:
    """The batch with answers of up to `count` candidates, by score, variety and rules, each with its reason."""
    chosen, traces = _by_score(batch), dict[int, tuple[RuleTrace, ...]]()
    for i, request in enumerate(batch.requests):
        if request.query.diversity or request.query.rules:
            batch = _arrange(batch, chosen, i, traces)
    shown = chosen.shown(batch.candidates)
    batch, reasons = _reasons(batch, shown)
    answered, counts = _answers(batch, chosen, shown, reasons)
    return answered, [replace(count, rules=traces.get(i, ())) for i, count in enumerate(counts)] if traces else counts


def order(batch: Retrieved) -> tuple[Shown, list[StageCounts]]:
    """The select stage of Retrieve, Rank and SimilarItems: the best `count` by score alone, without reasons."""
    chosen = _by_score(batch)
    return _answers(batch, chosen, chosen.shown(batch.candidates), Reasons.none(*chosen.positions.shape))


def _by_score(batch: Retrieved) -> Selection:
    """The selection by falling score. Scores that are not finite come last."""
    of = np.count_nonzero(batch.candidates.valid, axis=1).tolist()
    counts = [min(request.query.count, n) for request, n in zip(batch.requests, of, strict=True)]
    scores = batch.order_scores
    scores = np.where(np.isfinite(scores), scores, -np.inf) + np.float32(0)  # -0 is no less than 0
    positions = top_positions(scores, max(counts))
    return Selection(np.where(np.arange(positions.shape[1]) < np.array(counts)[:, None], positions, 0), counts, of)


def _arrange(batch: Retrieved, chosen: Selection, i: int, traces: dict[int, tuple[RuleTrace, ...]]) -> Retrieved:
    """Select again for request i, with variety and rules. Where that fails the answer is flagged."""
    try:
        made = arranged(batch, i)
    except Exception:  # an answer by score alone is better than none
        log.exception("rules_failed")
        return batch.degraded("rules_skipped", [j == i for j in range(len(batch))])
    chosen.counts[i] = n = len(made.positions)
    chosen.positions[i, :n], chosen.positions[i, n:] = made.positions, 0
    traces[i] = made.rules
    return batch


def _answers(
    batch: Retrieved, chosen: Selection, shown: Candidates, reasons: Reasons
) -> tuple[Shown, list[StageCounts]]:
    # Scores that are not finite come last, and are shown as 0.
    scores, shown = _finite(chosen.take(batch.scores)), replace(shown, scores=_finite(shown.scores))
    rows = batch.bundle.items.rows_used
    answers = [
        Ranked(
            *(shown.items[i, :n], scores[i, :n], _hits(batch, shown, i, n), reasons.of(i, n), batch.bundle.version),
            _actions(batch, chosen.positions[i, :n], i),
            more=batch.restrictions.leaves_more(i, rows, than=n),
        )
        for i, n in enumerate(chosen.counts)
    ]
    counts = [StageCounts.of(of, n, below_cut=of - n) for of, n in zip(chosen.of, chosen.counts, strict=True)]
    return Shown.of(batch, answers), counts


def _actions(batch: Retrieved, positions: Int64s, i: int) -> dict[EventType, Float32s]:
    """How likely each action is for the candidates of request i at the positions, float32 [n] each, if asked for."""
    told = batch.requests[i].query.include_actions and "ranker_skipped" not in batch.progress[i].flags
    if batch.actions is None or not told:
        return {}
    return dict(zip(batch.bundle.ranker.actions.types, batch.actions[i, positions].T, strict=True))


def _finite(scores: Float32s) -> Float32s:
    return np.where(np.isfinite(scores), scores, 0)


def _hits(batch: Retrieved, shown: Candidates, i: int, n: int) -> Hits:
    """The ranks and scores of each item shown, by all sources and by online co-visitation as one more source."""
    hits = Hits(shown.sources, shown.ranks[i, :n], shown.scores[i, :n])
    if batch.co_visitation is None:
        return hits
    more = batch.co_visitation.hits(i, shown.items[i, :n])
    ranks, scores = np.column_stack((hits.ranks, more.ranks)), np.column_stack((hits.scores, more.scores))
    return Hits((*hits.sources, TOGETHER_NOW.name), ranks, scores)


def _reasons(batch: Retrieved, shown: Candidates) -> tuple[Retrieved, Reasons]:
    """The reason of each item shown, [requests, shown]. Where reasons fail, the batch loses its cache keys."""
    if not shown.items.size:
        return batch, Reasons.none(*shown.items.shape)
    try:
        return batch, _truthful(batch, shown, batch.bundle.retriever.reasons(batch.queries, shown))
    except Exception:  # an answer without reasons is better than none
        log.exception("reasons_failed")
        return batch.keyed([None] * len(batch)), Reasons.none(*shown.items.shape)


def _truthful(batch: Retrieved, shown: Candidates, reasons: Reasons) -> Reasons:
    """The reasons with three corrections.

    Seen items say so, and so do new items that no source proposed, and no deleted item is named.
    """
    items = batch.bundle.items
    if batch.repeats is not None:
        reasons = _of_seen(batch, shown, reasons)
    new = shown.items >= items.bundled
    if new.any():
        new &= ~shown.ranks.any(axis=2)
        reasons = replace(
            reasons,
            sources=(*reasons.sources, NEW_ITEMS.name),
            explanations=(*reasons.explanations, NEW_ITEMS.explanation),
            speakers=np.where(new, len(reasons.sources), reasons.speakers),
            shares=np.where(new, 0, reasons.shares),
            groups=np.where(new, NO_GROUP, reasons.groups),
        )
    if len(items.deleted):
        deleted = among(reasons.anchors.ravel(), items.deleted).reshape(reasons.anchors.shape)
        anchors, groups = np.where(deleted, NO_ITEM, reasons.anchors), np.where(deleted, NO_GROUP, reasons.groups)
        reasons = replace(reasons, anchors=anchors, groups=groups)
    return reasons


def _of_seen(batch: Retrieved, shown: Candidates, reasons: Reasons) -> Reasons:
    """The reasons, in which an item that the user wanted before is its own reason."""
    wanted = wanted_only(batch.queries).seen()
    seen = np.stack([among(rows, own) for rows, own in zip(shown.items, wanted, strict=True)])
    anchors = np.where(seen, shown.items, reasons.anchors)
    return replace(
        reasons,
        sources=(*reasons.sources, BUY_AGAIN.name),
        explanations=(*reasons.explanations, BUY_AGAIN.explanation),
        speakers=np.where(seen, len(reasons.sources), reasons.speakers),
        anchors=anchors,
        done=strongest_events(batch.queries, anchors),
        shares=np.where(seen, 0, reasons.shares),
        groups=np.where(seen, NO_GROUP, reasons.groups),
    )
