"""Hydrate: joins the histories of a batch's users from the bundle, the live store and the requests' context events.

The restrictions of each request follow from its history and its query.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import structlog

from shortlist_core.catalog import with_given
from shortlist_core.errors import StateError
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import (
    NO_ITEM,
    Bools,
    Event,
    EventType,
    Float32s,
    Int8s,
    Int32s,
    Int64s,
    Queries,
    among,
    distinct,
)
from shortlist_ranking.expected import Expected
from shortlist_server.pipeline.batch import Batch, Hydrated
from shortlist_server.pipeline.counts import StageCounts
from shortlist_server.pipeline.holds import holds_of
from shortlist_server.pipeline.impressions import impressions_of
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.system.live_users import UserEvents
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import LiveUser

LIVE_EVENTS = 1_000
"""How many of a user's newest live events are read. They suffice for every model, and hold the seen items of months."""

log = structlog.get_logger(__name__)


_NOTHING: Int32s = np.zeros(0, np.int32)


def hydrate(
    users: UserEvents, batch: Batch, unknown_users: Callable[[int], None] = lambda _: None
) -> tuple[Hydrated, list[StageCounts]]:
    """The batch with the users' histories, oldest event first, and the counts of events of each request.

    Events on items that the bundle does not contain are left out. Events on deleted items stay, as they still say what
    the user likes. Ratings below the bundle's line are dislikes. Impressions stand apart from histories, where they
    would take the place of what users did. Of an erased user neither the bundle's history nor its groups are used.
    `unknown_users` is called with the number of users of whom nothing is known at all, if there are any.
    """
    bundle, asked = batch.bundle, [request.query for request in batch.requests]
    by_id, store_failed = _live(users, asked)
    without_events = LiveUser([], erased=False)
    live = [by_id.get(query.user_id, without_events) for query in asked]
    ids = ["" if user.erased else query.user_id for user, query in zip(live, asked, strict=True)]
    trained = bundle.histories.queries(ids)
    if not any(store_failed) and (unknown := _unknown(bundle, ids, live, trained)):
        unknown_users(unknown)
    clock = users.clock()
    impressions = impressions_of(bundle, trained, live, asked, clock)
    if impressions is not None and bundle.tiring is not None:  # models from before tiring have learned from both
        trained = trained.keep(trained.types != EventType.IMPRESSION)
    extra = [[*user.events, *_done(query.context)] for user, query in zip(live, asked, strict=True)]
    queries, events = _merge(bundle, trained, extra) if any(extra) else (trained, trained.lengths)
    attributes = [with_given(query.attributes, user.attributes) for user, query in zip(live, asked, strict=True)]
    groups = bundle.groups.of(ids, attributes) if bundle.groups is not None else None
    contexts = None if bundle.contexts is None else bundle.contexts.of([query.context_attributes for query in asked])
    moments = np.full(len(asked), clock, np.int64)
    queries = replace(queries.with_dislikes(bundle.dislike_below), groups=groups, asked=moments, contexts=contexts)
    policies = [query.seen_items or bundle.seen_items for query in asked]
    repeats = _repeats(bundle, queries, policies)
    restrictions = _restrictions(bundle, queries, asked, policies, repeats)
    holds = holds_of(bundle, asked, queries, attributes, clock)
    hydrated = Hydrated.of(batch, queries, restrictions, repeats, holds, impressions)
    hydrated = hydrated.degraded("state_unavailable", store_failed)
    counts = zip(events.tolist(), queries.lengths.tolist(), strict=True)
    return hydrated, [StageCounts.of(entered, left, unknown=entered - left) for entered, left in counts]


def _done(events: Sequence[Event]) -> list[Event]:
    """The events that are no impressions."""
    return [event for event in events if event.type != EventType.IMPRESSION]


def _unknown(bundle: LoadedBundle, ids: Sequence[str], live: Sequence[LiveUser], trained: Queries) -> int:
    """How many users have no event and no attribute in bundle and store."""
    pairs = zip(ids, live, trained.lengths.tolist(), strict=True)
    without = [
        user_id
        for user_id, user, events in pairs
        if user_id and not (user.events or user.impressions or user.attributes or events)
    ]
    if not without or bundle.groups is None:
        return len(without)
    return int(np.count_nonzero(bundle.groups.ids.rows(without) == NO_ITEM))


def _repeats(bundle: LoadedBundle, queries: Queries, policies: Sequence[SeenItems]) -> Expected | None:
    """What is expected of the users whose lists may hold seen items; None where there are no such users."""
    may_repeat = np.array([policy != SeenItems.DROP for policy in policies])
    if not may_repeat.any():
        return None
    if bundle.repeats is None:
        return Expected.nothing(len(queries))
    return bundle.repeats.expected(queries.keep(np.repeat(may_repeat, queries.lengths)))


def _restrictions(
    bundle: LoadedBundle,
    queries: Queries,
    asked: Sequence[Query],
    policies: Sequence[SeenItems],
    repeats: Expected | None,
) -> Restrictions:
    """The restrictions of each request."""
    ids, deleted, seen = bundle.items.ids, bundle.items.deleted, queries.seen()
    if len(deleted):
        seen = [rows[~among(rows, deleted)] for rows in seen]
    return Restrictions(
        [_dropped(policy, rows, repeats, i) for i, (policy, rows) in enumerate(zip(policies, seen, strict=True))],
        [distinct(ids.rows(query.excluded)) if query.excluded else _NOTHING for query in asked],
        [_shown(bundle, query.page.shown) if query.page.shown else _NOTHING for query in asked],
        bundle.filters.allowed(asked[0].filter),
        deleted,
    )


def _shown(bundle: LoadedBundle, hashes: bytes) -> Int32s:
    """The rows of the items that earlier pages have shown, whichever bundle made those pages; none deleted."""
    rows = bundle.items.ids.rows_of_hashes(np.frombuffer(hashes, "<u8"))
    return rows[~among(rows, bundle.items.deleted)]


def _dropped(policy: SeenItems, seen: Int32s, repeats: Expected | None, query: int) -> Int32s:
    """The seen items that the answer must not hold."""
    if policy == SeenItems.REPEATS and repeats is not None:
        return seen[~among(seen, repeats.likely(query))]
    return _NOTHING if policy == SeenItems.KEEP else seen


def _live(users: UserEvents, asked: Sequence[Query]) -> tuple[dict[str, LiveUser], list[bool]]:
    """The live user of each id, and for which queries live events are missing because the store failed."""
    ids = list(dict.fromkeys(query.user_id for query in asked if query.user_id))
    if not ids:
        return {}, [False] * len(asked)
    try:
        return dict(zip(ids, users.read(ids, LIVE_EVENTS), strict=True)), [False] * len(asked)
    except Exception as error:  # however the store fails, an answer without live events is better than none
        log.warning("state_unavailable", error=str(error), exc_info=not isinstance(error, StateError))
        without_events = {user_id: LiveUser([], users.erased(user_id)) for user_id in ids}
        return without_events, [bool(query.user_id) for query in asked]


def _merge(bundle: LoadedBundle, trained: Queries, extra: Sequence[Sequence[Event]]) -> tuple[Queries, Int64s]:
    """The bundle's histories with the extra events of each query merged in by time, and how many events each query has.

    That number includes events on unknown items, which the histories leave out.
    """
    events = [event for of_query in extra for event in of_query]
    owner = np.repeat(np.arange(len(trained)), [len(of_query) for of_query in extra])
    items = bundle.items.ids.ever([event.item_id for event in events])
    times = np.array([event.time for event in events], np.int64)
    types = np.array([event.type for event in events], np.int8)
    twice = _trained_on(trained, owner, items, times, types)
    total = trained.lengths + np.bincount(owner[~twice], minlength=len(trained))
    added = (items != NO_ITEM) & ~twice
    owner = np.concatenate([trained.rows(), owner[added]])
    times = np.concatenate([trained.times, times[added]])
    types = np.concatenate([trained.types, types[added]])
    values = np.concatenate([trained.values, _float32([event.value for event in events])[added]])
    order = np.lexsort((times, owner))  # stable: at equal times the bundle's events come first
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(trained)))])
    times = times[order]
    queries = Queries(
        offsets,
        np.concatenate([trained.items, items[added]])[order],
        times,
        types[order],
        values[order],
        _now(trained.now, offsets, times),
        rules=trained.rules,
    )
    return queries, total


def _trained_on(trained: Queries, owner: Int64s, items: Int32s, times: Int64s, types: Int8s) -> Bools:
    """Which extra events the bundle's history holds too, bool [extra]: a bundle may be trained on the store's log."""
    twice = np.zeros(len(owner), np.bool_)
    old = np.flatnonzero(times <= trained.now[owner])  # the bundle holds no later events
    for query in np.unique(owner[old]):
        part = slice(trained.offsets[query], trained.offsets[query + 1])
        columns = (trained.times[part], trained.items[part], trained.types[part])
        trained_events = set(zip(*(column.tolist() for column in columns), strict=True))
        for i in old[owner[old] == query]:
            twice[i] = (int(times[i]), int(items[i]), int(types[i])) in trained_events
    return twice


def _now(as_of: Int64s, offsets: Int64s, times: Int64s) -> Int64s:
    """The moment of each query: the bundle's time, or the user's newest event where that is later.

    The wall clock is not used, because all features of a bundle (popularity, ages, time since the last event) are as of
    the bundle's time. With a bundle of last week the wall clock would make all users look idle for a week, and the
    ranker has learned that idle users behave differently.
    """
    now = as_of.copy()
    has_history = np.diff(offsets) > 0
    now[has_history] = np.maximum(now[has_history], times[offsets[1:][has_history] - 1])
    return now


def _float32(values: Sequence[float]) -> Float32s:
    """The values as float32; those beyond its range become its largest or smallest finite number."""
    limit = np.finfo(np.float32).max
    return np.clip(np.array(values, np.float64), -limit, limit).astype(np.float32)
