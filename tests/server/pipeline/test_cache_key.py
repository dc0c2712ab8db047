"""A cache key is a digest of all that an answer depends on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shortlist_bundle.contexts import Contexts
from shortlist_core.types import NO_GROUP
from shortlist_core.types import Event as StoredEvent
from shortlist_core.types import EventType as StoredType
from shortlist_server.pipeline.batch import Batch, Hydrated
from shortlist_server.pipeline.cache_key import cache_key
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle


def hydrated(system: LoadedBundle, live: LiveUsers, *queries: Query) -> Hydrated:
    return hydrate(live, Batch.begin(system, [PendingRequest(query, RequestContext()) for query in queries]))[0]


def test_a_cache_key_tells_nothing_of_the_user_and_takes_no_room(system: LoadedBundle, store) -> None:
    live = LiveUsers(store)
    query = Query("r-1234", "ann", (StoredEvent("e", "ann", "i20", 1, StoredType.VIEW),), excluded=("i7",) * 1_000)
    assert len(cache_key(hydrated(system, live, query), 0)) == 16  # a digest
    live.close()


@pytest.mark.parametrize(
    "changed", [{"item_id": "i9"}, {"time": 2}, {"type": StoredType.CART}, {"value": 2.0}], ids=str
)
def test_every_field_of_an_event_is_part_of_the_cache_key(system: LoadedBundle, store, changed: dict) -> None:
    live = LiveUsers(store)
    event = StoredEvent("e", "", "i8", 1, StoredType.VIEW)
    contexts = [(event,), (replace(event, **changed),), (event, event)]
    batch = hydrated(system, live, *(Query("r", context=each) for each in contexts))
    assert len({cache_key(batch, i) for i in range(3)}) == 3
    live.close()


def test_groups_and_what_others_do_are_part_of_what_is_asked_for_somebody_unknown(system: LoadedBundle, store) -> None:
    live = LiveUsers(store)
    batch = hydrated(system, live, *(Query("r", user) for user in ("", "", "ann")))
    groups = np.array([[1, NO_GROUP], [2, NO_GROUP], [1, 2]], np.int32)
    batch = replace(batch, queries=replace(batch.queries, groups=groups))
    before = [cache_key(batch, i) for i in range(3)]
    assert before[0] != before[1]
    system.online_popularity.version += 1
    assert [cache_key(batch, i) == before[i] for i in range(3)] == [False, False, True]
    live.close()


def test_the_context_is_part_of_what_is_asked_as_far_as_the_bundle_knows_it(system: LoadedBundle, store) -> None:
    live = LiveUsers(store)
    knows = replace(system, contexts=Contexts((("device", "phone"), ("device", "desk"))))
    told = ((), (("device", "phone"),), (("device", "desk"),), (("device", "watch"),))
    batch = hydrated(knows, live, *(Query("r", "ann", context_attributes=each) for each in told))
    keys = [cache_key(batch, i) for i in range(4)]
    assert len(set(keys)) == 3 and keys[3] == keys[0]
    live.close()
