"""What is known of the users of a batch, joined from the bundle, the live store and the requests themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import structlog

from core.types import NO_ITEM, Event, Float32s, Int32s, Int64s, Queries
from server.plans import Plan
from server.system import System
from state import StateStore

LIVE_EVENTS = 1_000
"""How many of a user's newest live events are read: enough for any model here, and the seen items of months."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Hydrated:
    """The users of a batch as the models see them."""

    queries: Queries
    seen: list[Int32s]  # [batch] sorted, distinct rows that the user's history holds
    found: Int64s  # [batch] events found, those on items that the bundle does not know included
    store_failed: list[bool]  # [batch] live events could not be read


def hydrate(system: System, store: StateStore, plans: Sequence[Plan]) -> Hydrated:
    """The histories of the plans' users, oldest event first, without events on items that the bundle does not know."""
    trained = system.histories.queries([plan.user_id for plan in plans])
    live, store_failed = _live(store, plans)
    extra = [[*live.get(plan.user_id, ()), *plan.context] for plan in plans]
    queries = _merge(system, trained, extra)
    found = trained.lengths + np.fromiter(map(len, extra), np.int64, len(extra))
    return Hydrated(queries, queries.seen(), found, store_failed)


def _live(store: StateStore, plans: Sequence[Plan]) -> tuple[dict[str, list[Event]], list[bool]]:
    """Each user's live events, and for which plans they are missing because the store failed."""
    live: dict[str, list[Event]] = {}
    users = {plan.user_id for plan in plans if plan.user_id}
    try:
        for user_id in users:
            live[user_id] = store.history(user_id, LIVE_EVENTS)
    except Exception:  # whatever the store's trouble is, an answer without live events beats none
        log.warning("state_unavailable", exc_info=True)  # and the users after this one are not tried either
    return live, [plan.user_id in users - live.keys() for plan in plans]


def _merge(system: System, trained: Queries, extra: Sequence[Sequence[Event]]) -> Queries:
    """The bundle's histories with the extra events of each query sorted in by time."""
    events = [event for of_query in extra for event in of_query]
    owner = np.repeat(np.arange(len(trained)), [len(of_query) for of_query in extra])
    items = system.items.ids.rows([event.item_id for event in events])
    known = items != NO_ITEM
    owner = np.concatenate([trained.rows(), owner[known]])
    times = np.concatenate([trained.times, np.array([event.time for event in events], np.int64)[known]])
    types = np.concatenate([trained.types, np.array([event.type for event in events], np.int8)[known]])
    values = np.concatenate([trained.values, _float32([event.value for event in events])[known]])
    order = np.lexsort((times, owner))  # stable: of equal times, what the bundle has comes first
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(trained)))])
    times = times[order]
    return Queries(
        offsets,
        np.concatenate([trained.items, items[known]])[order],
        times,
        types[order],
        values[order],
        _now(trained.now, offsets, times),
    )


def _now(as_of: Int64s, offsets: Int64s, times: Int64s) -> Int64s:
    """The moment that each query is asked at: the bundle's own time, or the user's newest event where that is later.

    Not the wall clock: all features of a bundle (popularity, ages, time since the last event) are as of its own time.
    A bundle that is a week old says nothing about the user, but the wall clock would make everybody look a week idle,
    which the ranker has learned to take for a sign.
    """
    now = as_of.copy()
    some = np.diff(offsets) > 0
    now[some] = np.maximum(now[some], times[offsets[1:][some] - 1])
    return now


def _float32(values: Sequence[float]) -> Float32s:
    """Any finite float as a finite float32."""
    limit = np.finfo(np.float32).max
    return np.clip(np.array(values, np.float64), -limit, limit).astype(np.float32)
