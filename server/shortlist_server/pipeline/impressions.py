"""Impressions of a batch's users: what they were shown, from the bundle, the live store and the requests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import NO_ITEM, EventType, Queries
from shortlist_server.pipeline.query import Query
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import LiveUser


def impressions_of(
    bundle: LoadedBundle, trained: Queries, live: Sequence[LiveUser], asked: Sequence[Query], clock: int
) -> Queries | None:
    """The impressions of each query up to `clock` (microseconds), oldest first; None where there are none at all.

    Those of items that nobody knows are left out. One that the bundle and the store both have counts once.
    """
    in_bundle = np.flatnonzero(trained.types == EventType.IMPRESSION)
    pairs = [
        [*user.impressions, *((e.item_id, e.time) for e in query.context if e.type == EventType.IMPRESSION)]
        for user, query in zip(live, asked, strict=True)
    ]
    if not (len(in_bundle) or any(pairs)):
        return None
    ids = [item_id for of_query in pairs for item_id, _ in of_query]
    places = {item_id: place for place, item_id in enumerate(dict.fromkeys(ids))}  # many are shown again and again
    items = bundle.items.ids.ever(list(places))[[places[item_id] for item_id in ids]]
    times = np.array([time for of_query in pairs for _, time in of_query], np.int64)
    owner = np.repeat(np.arange(len(pairs)), [len(of_query) for of_query in pairs])
    known = (items != NO_ITEM) & (times <= clock)
    owner = np.concatenate([trained.rows()[in_bundle], owner[known]])
    items = np.concatenate([trained.items[in_bundle], items[known]])
    times = np.concatenate([trained.times[in_bundle], times[known]])
    order = np.lexsort((items, times, owner))
    owner, items, times = owner[order], items[order], times[order]
    once = np.ones(len(owner), np.bool_)
    once[1:] = (np.diff(owner) != 0) | (np.diff(times) != 0) | (np.diff(items) != 0)
    owner, items, times = owner[once], items[once], times[once]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(trained)))]).astype(np.int64)
    types = np.full(len(items), EventType.IMPRESSION, np.int8)
    now = np.full(len(trained), clock, np.int64)
    return Queries(offsets, items, times, types, np.ones(len(items), np.float32), trained.now, asked=now)
