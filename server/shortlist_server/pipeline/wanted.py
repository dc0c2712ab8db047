"""Wanted items: candidates that the rules of a placement ask for, whether the sources propose them or not."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import structlog

from shortlist_core.types import NO_ITEM, Bools, Candidates, Float32s, Int32s, among
from shortlist_server.pipeline.batch import Hydrated
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.system.filters import Allowed
from shortlist_server.system.placements.caps import within_caps
from shortlist_server.system.placements.rule import Cap, MinimumShare, Pin

_ROUNDS = 3  # searches at most for a list that caps leave short

log = structlog.get_logger(__name__)

T = TypeVar("T", Float32s, Int32s)


def pinned(batch: Hydrated) -> list[Int32s] | None:
    """The rows that are pinned for each request and break no restriction; None where nothing is pinned."""
    ids = [
        [id for _, rule in batch.holding(i) if isinstance(rule.effect, Pin) for id in rule.effect.item_ids]
        for i in range(len(batch))
    ]
    if not any(ids):
        return None
    rows = [batch.bundle.items.ids.rows(list(dict.fromkeys(own))) for own in ids]
    return [_passing(batch.restrictions, i, own[own != NO_ITEM]) for i, own in enumerate(rows)]


def with_wanted(batch: Hydrated, candidates: Candidates) -> tuple[Hydrated, Candidates]:
    """The batch, and the candidates with further ones that rules ask for. Where that fails, the batch is flagged."""
    if not any(batch.holds) or not candidates.valid.any():
        return batch, candidates
    try:
        return batch, _with_room(batch, _with_shares(batch, candidates))
    except Exception:  # an answer of the candidates that there are is better than none
        log.exception("rules_failed")
        return batch.degraded("rules_skipped", [bool(holds) for holds in batch.holds]), candidates


def _with_shares(batch: Hydrated, candidates: Candidates) -> Candidates:
    """The candidates, with more for each request that has too few for a minimum share, of those that its caps let in.

    The further ones are the best of those that the rule is about.
    """
    for i, request in enumerate(batch.requests):
        rules = [rule.effect for _, rule in batch.holding(i)]
        caps = [effect for effect in rules if isinstance(effect, Cap)]
        for effect in rules:
            if isinstance(effect, MinimumShare):
                fewest, matching = effect.fewest(request.query.count), effect.items.of(batch.bundle)
                rows = candidates.items[i][candidates.items[i] != NO_ITEM]
                fitting, full = within_caps(batch.bundle, caps, rows[matching[rows]])
                if fitting < fewest:
                    candidates = _joined(candidates, i, _search(batch, i, matching & ~full, fewest))
    return candidates


def _with_room(batch: Hydrated, candidates: Candidates) -> Candidates:
    """The candidates, with more for each request whose caps would leave its list short.

    The further ones are the best of those that no cap keeps out of such a list.
    """
    for i, request in enumerate(batch.requests):
        caps = [rule.effect for _, rule in batch.holding(i) if isinstance(rule.effect, Cap)]
        for _ in range(_ROUNDS if caps else 0):
            listed, full = within_caps(batch.bundle, caps, candidates.items[i])
            if listed >= request.query.count:
                break
            before = np.count_nonzero(candidates.items[i] != NO_ITEM)
            candidates = _joined(candidates, i, _search(batch, i, ~full, request.query.count))
            if np.count_nonzero(candidates.items[i] != NO_ITEM) == before:
                break
    return candidates


def _passing(restrictions: Restrictions, query: int, rows: Int32s) -> Int32s:
    broken = list(restrictions.broken(query, rows).values())
    return rows[~np.logical_or.reduce(broken)] if broken else rows


def _search(batch: Hydrated, i: int, matching: Bools, count: int) -> Candidates:
    """The best candidates among the matching items for request i, a batch of one.

    Their scores and ranks are those among all items, as those of all candidates are.
    """
    which = np.array([i], np.int64)
    restrictions, items = batch.restrictions.select(which), batch.bundle.items
    passing = matching & (items.living() if restrictions.allowed is None else restrictions.allowed.items)
    narrowed = replace(restrictions, allowed=Allowed(passing, len(items)))
    queries, retriever = batch.queries.select(which), batch.bundle.retriever
    found = retriever.retrieve(queries, count, blocked=narrowed.blocked, allowed=passing, also={})
    return retriever.score(queries, found.items)


def _joined(candidates: Candidates, i: int, more: Candidates) -> Candidates:
    """The candidates, in which query i has those of `more`, a batch of one, as well. None comes twice."""
    n = candidates.items.shape[1]
    items = _side_by_side(candidates.items, more.items, i, NO_ITEM)
    fused = _side_by_side(candidates.fused, more.fused, i, -np.inf)
    scores = _side_by_side(candidates.scores, more.scores, i, 0)
    ranks = _side_by_side(candidates.ranks, more.ranks, i, 0)
    twice = n + np.flatnonzero(among(items[i, n:], np.unique(candidates.items[i])))
    items[i, twice], fused[i, twice] = NO_ITEM, -np.inf
    order = np.argsort(-fused, axis=1, kind="stable")
    return replace(
        candidates,
        items=np.take_along_axis(items, order, 1),
        fused=np.take_along_axis(fused, order, 1),
        scores=np.take_along_axis(scores, order[..., None], 1),
        ranks=np.take_along_axis(ranks, order[..., None], 1),
    )


def _side_by_side(old: T, new: T, i: int, padding: float) -> T:
    """An array [batch, n, ...] with that of query i alone, [1, m, ...], beside it; other queries are padded."""
    joined = np.full((len(old), old.shape[1] + new.shape[1], *old.shape[2:]), padding, old.dtype)
    joined[:, : old.shape[1]], joined[i, old.shape[1] :] = old, new[0]
    return joined
