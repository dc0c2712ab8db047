"""What is known of the users of a batch, joined from the bundle, the live store and the requests themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from shortlist_core.errors import StateError
from shortlist_core.types import NO_ITEM, Bools, Event, Float32s, Int8s, Int32s, Int64s, Queries
from shortlist_server.base.query import Plan
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System
from shortlist_state import LiveUser

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


def hydrate(system: System, live: LiveUsers, plans: Sequence[Plan]) -> Hydrated:
    """The histories of the plans' users, oldest event first, without events on items that the bundle does not know.

    Items that were deleted still say what the user likes. Of a user who was erased, what the bundle has is not used,
    neither the history nor the groups.
    """
    users, store_failed = _live(live, plans)
    nobody = LiveUser([], erased=False)
    of_plans = [users.get(plan.user_id, nobody) for plan in plans]
    ids = ["" if user.erased else plan.user_id for user, plan in zip(of_plans, plans, strict=True)]
    trained = system.histories.queries(ids)
    extra = [[*user.events, *plan.context] for user, plan in zip(of_plans, plans, strict=True)]
    queries, found = _merge(system, trained, extra) if any(extra) else (trained, trained.lengths)
    if system.groups is not None:
        queries = replace(queries, groups=system.groups.of(ids, [plan.attributes for plan in plans]))
    return Hydrated(queries, queries.seen(), found, store_failed)


def _live(live: LiveUsers, plans: Sequence[Plan]) -> tuple[dict[str, LiveUser], list[bool]]:
    """What is live of each user, and for which plans it is missing because the store failed."""
    ids = list(dict.fromkeys(plan.user_id for plan in plans if plan.user_id))
    if not ids:
        return {}, [False] * len(plans)
    try:
        return dict(zip(ids, live.read(ids, LIVE_EVENTS), strict=True)), [False] * len(plans)
    except Exception as error:  # whatever the store's trouble is, an answer without live events beats none
        log.warning("state_unavailable", error=str(error), exc_info=not isinstance(error, StateError))
        known = {user_id: LiveUser([], live.erased(user_id)) for user_id in ids}
        return known, [bool(plan.user_id) for plan in plans]


def _merge(system: System, trained: Queries, extra: Sequence[Sequence[Event]]) -> tuple[Queries, Int64s]:
    """The bundle's histories with the extra events of each query sorted in by time, and how many events were found."""
    events = [event for of_query in extra for event in of_query]
    owner = np.repeat(np.arange(len(trained)), [len(of_query) for of_query in extra])
    items = system.items.ids.ever([event.item_id for event in events])
    times = np.array([event.time for event in events], np.int64)
    types = np.array([event.type for event in events], np.int8)
    twice = _trained_on(trained, owner, items, times, types)
    found = trained.lengths + np.bincount(owner[~twice], minlength=len(trained))
    known = (items != NO_ITEM) & ~twice
    owner = np.concatenate([trained.rows(), owner[known]])
    times = np.concatenate([trained.times, times[known]])
    types = np.concatenate([trained.types, types[known]])
    values = np.concatenate([trained.values, _float32([event.value for event in events])[known]])
    order = np.lexsort((times, owner))  # stable: of equal times, what the bundle has comes first
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(trained)))])
    times = times[order]
    queries = Queries(
        offsets,
        np.concatenate([trained.items, items[known]])[order],
        times,
        types[order],
        values[order],
        _now(trained.now, offsets, times),
    )
    return queries, found


def _trained_on(trained: Queries, owner: Int64s, items: Int32s, times: Int64s, types: Int8s) -> Bools:
    """Which extra events are in the bundle's history too, bool [extra]: it may have learned from the store's log."""
    twice = np.zeros(len(owner), np.bool_)
    old = np.flatnonzero(times <= trained.now[owner])  # later than what the bundle has seen they cannot be
    for query in np.unique(owner[old]):
        part = slice(trained.offsets[query], trained.offsets[query + 1])
        columns = (trained.times[part], trained.items[part], trained.types[part])
        there = set(zip(*(column.tolist() for column in columns), strict=True))
        for i in old[owner[old] == query]:
            twice[i] = (int(times[i]), int(items[i]), int(types[i])) in there
    return twice


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
