"""Rank: one score per candidate from the ranker, within the time that the callers have left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import structlog

from shortlist_core.types import Bools, EventType, Float32s
from shortlist_server.pipeline.batch import Retrieved
from shortlist_server.pipeline.counts import StageCounts
from shortlist_server.pipeline.rank_thread import RankerLateError, RankThread
from shortlist_server.pipeline.request import RequestContext

RANK_SHARE = 0.85
"""Share of the time left before ranking that the ranker may take. The rest is for selecting and answering."""

log = structlog.get_logger(__name__)


def rank(thread: RankThread, batch: Retrieved) -> tuple[Retrieved, list[StageCounts]]:
    """The batch with the ranker's scores. Where the ranker fails or takes too long, the fused scores stay."""
    actions = None
    try:
        scores, actions = _ranked(thread, batch)
    except RankerLateError:
        return keep_fused_order(batch)
    except Exception:  # an answer in the fused order is better than none
        log.exception("ranking_failed")
        scores = np.full_like(batch.scores, np.nan)
    has_scores = np.asarray(np.isfinite(scores).any(axis=1))
    if not has_scores.all():
        batch = batch.degraded("ranker_skipped", np.asarray(batch.candidates.valid.any(axis=1) & ~has_scores))
        scores = np.where(has_scores[:, None], scores, batch.candidates.fused)
    return replace(batch, scores=scores, actions=actions), _all_pass(batch)


def keep_fused_order(batch: Retrieved) -> tuple[Retrieved, list[StageCounts]]:
    """The rank stage of requests that have no time for the ranker: the fused scores stay."""
    return batch.degraded("ranker_late", [True] * len(batch)), _all_pass(batch)


def urgent(thread: RankThread, batch: Retrieved) -> Bools:
    """Which requests have less time left than the ranker lately took, bool [batch]."""
    expected = thread.expected_seconds(batch.candidates)
    short: Bools = np.array([_rank_seconds(request.context) < expected for request in batch.requests], np.bool_)
    if short.any():
        thread.forgive(batch.candidates)
    return short


def _rank_seconds(context: RequestContext) -> float:
    """Seconds that the ranker may take for one request; infinite where the caller has no deadline."""
    seconds_left = context.seconds_left()
    return np.inf if seconds_left is None else seconds_left * RANK_SHARE


def _ranked(thread: RankThread, batch: Retrieved) -> tuple[Float32s, Float32s | None]:
    """The ranker's scores float32 [batch, n], and how likely each action is, float32 [batch, n, actions], if asked for.

    The most urgent request sets the time limit of the whole batch.
    """
    valid, ranker = batch.candidates.valid, batch.bundle.ranker
    if not valid.any():
        return batch.scores, None
    seconds = min(_rank_seconds(request.context) for request in batch.requests)
    limit = None if np.isinf(seconds) else seconds
    weights = [_weights(batch, request.query.action_weights) for request in batch.requests]
    with_actions = any(each is not None for each in weights) or any(r.query.include_actions for r in batch.requests)
    if with_actions:
        scores, ratios = thread.rank(ranker.rank_actions, batch.queries, batch.candidates, limit)
    else:
        scores, ratios = thread.rank(ranker.rank, batch.queries, batch.candidates, limit), None
    if scores.shape != batch.candidates.items.shape:
        raise ValueError(f"scores of shape {scores.shape} for candidates of shape {batch.candidates.items.shape}")
    scores = np.where(valid, _with_repeats(batch, scores), -np.inf)
    if ratios is None:
        return scores, None
    actions = np.where(valid[..., None], np.minimum(scores[..., None] * ratios, 1), 0).astype(np.float32)
    for i, of_actions in enumerate(weights):
        if of_actions is not None:
            scores[i] = np.where(valid[i] & np.isfinite(scores[i]), actions[i] @ of_actions, scores[i])
    return scores, actions


def _weights(batch: Retrieved, asked: tuple[tuple[EventType, float], ...]) -> Float32s | None:
    """The weight of each action of the bundle, float32 [actions]; None where being taken counts, by whatever action.

    What a request asks for holds where the bundle has any of these actions, else what the bundle says.
    """
    types = batch.bundle.ranker.actions.types
    for weights in (dict(asked), dict(batch.bundle.action_weights)):
        if any(action in weights for action in types):
            return np.array([weights.get(action, 0) for action in types], np.float32)
    return None


def _with_repeats(batch: Retrieved, scores: Float32s) -> Float32s:
    """The scores, where seen items may come again with the probability that the user takes them again.

    The ranker learns from what is new to a user, so what it says of a seen item means nothing. Both are probabilities
    of being taken within the same time.
    """
    return scores if batch.repeats is None else batch.repeats.put(batch.candidates.items, scores)


def _all_pass(batch: Retrieved) -> list[StageCounts]:
    return [StageCounts.of(count, count) for count in np.count_nonzero(batch.candidates.valid, axis=1).tolist()]
