"""Wanted items: candidates that the rules of a placement ask for, whether the sources propose them or not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TypeVar

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Candidates, Float32s, Int32s, Int64s, among
from shortlist_server.pipeline.batch import Hydrated
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.system.filters import Allowed
from shortlist_server.system.placements.caps import within_caps
from shortlist_server.system.placements.item_selector import ItemSelector
from shortlist_server.system.placements.rule import Cap, MinimumShare, Pin

_ROUNDS = 3  # searches at most for a list that caps leave short

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


def with_shares(batch: Hydrated, candidates: Candidates) -> Candidates:
    """The candidates, with more for each request that has too few for a minimum share.

    The further ones are the best by fused score of those that the rule is about.
    """
    lacking: defaultdict[tuple[ItemSelector, int], list[int]] = defaultdict(list)
    for i, request in enumerate(batch.requests):
        for _, rule in batch.holding(i):
            if isinstance(rule.effect, MinimumShare):
                lacking[rule.effect.items, rule.effect.fewest(request.query.count)].append(i)
    for (selector, fewest), which in lacking.items():
        matching, items = selector.of(batch.bundle), candidates.items
        short = [i for i in which if np.count_nonzero(matching[items[i]] & (items[i] != NO_ITEM)) < fewest]
        if short:
            more = _search(batch, np.array(short, np.int64), matching, fewest)
            candidates = _joined(candidates, np.array(short, np.int64), more)
    return candidates


def with_room(batch: Hydrated, candidates: Candidates) -> Candidates:
    """The candidates, with more for each request whose caps would leave its list short.

    The further ones are the best by fused score of those that no cap keeps out of such a list.
    """
    for i, request in enumerate(batch.requests):
        caps = [rule.effect for _, rule in batch.holding(i) if isinstance(rule.effect, Cap)]
        for _ in range(_ROUNDS if caps else 0):
            listed, full = within_caps(batch.bundle, caps, candidates.items[i])
            if listed >= request.query.count:
                break
            which = np.array([i], np.int64)
            more = _search(batch, which, ~full, request.query.count)
            before = np.count_nonzero(candidates.items[i] != NO_ITEM)
            candidates = _joined(candidates, which, more)
            if np.count_nonzero(candidates.items[i] != NO_ITEM) == before:
                break
    return candidates


def _passing(restrictions: Restrictions, query: int, rows: Int32s) -> Int32s:
    broken = list(restrictions.broken(query, rows).values())
    return rows[~np.logical_or.reduce(broken)] if broken else rows


def _search(batch: Hydrated, which: Int64s, matching: Bools, count: int) -> Candidates:
    """The best candidates among the matching items, for the requests at the positions `which`."""
    restrictions, items = batch.restrictions.select(which), batch.bundle.items
    passing = matching & (items.living() if restrictions.allowed is None else restrictions.allowed.items)
    narrowed = replace(restrictions, allowed=Allowed(passing, len(items)))
    return batch.bundle.retriever.retrieve(
        batch.queries.select(which), count, blocked=narrowed.blocked, allowed=passing, also={}
    )


def _joined(candidates: Candidates, which: Int64s, more: Candidates) -> Candidates:
    """The candidates, in which the queries at the positions `which` have `more` as well. None comes twice."""
    items = _side_by_side(candidates.items, more.items, which)
    fused = _side_by_side(candidates.fused, more.fused, which)
    scores = _side_by_side(candidates.scores, more.scores, which)
    ranks = _side_by_side(candidates.ranks, more.ranks, which)
    n = candidates.items.shape[1]
    missing: Bools = np.ones((len(items), items.shape[1] - n), np.bool_)
    for i, q in enumerate(which.tolist()):
        missing[q] = among(more.items[i], np.unique(candidates.items[q]))
    items[:, n:][missing], fused[:, n:][missing] = NO_ITEM, -np.inf
    order = np.argsort(-fused, axis=1, kind="stable")
    return replace(
        candidates,
        items=np.take_along_axis(items, order, 1),
        fused=np.take_along_axis(fused, order, 1),
        scores=np.take_along_axis(scores, order[..., None], 1),
        ranks=np.take_along_axis(ranks, order[..., None], 1),
    )


def _side_by_side(old: T, new: T, which: Int64s) -> T:
    """An array [batch, n, ...] with that of some queries [which, m, ...] beside it; 0 for the other queries."""
    joined = np.zeros((len(old), old.shape[1] + new.shape[1], *old.shape[2:]), old.dtype)
    joined[:, : old.shape[1]], joined[which, old.shape[1] :] = old, new
    return joined
