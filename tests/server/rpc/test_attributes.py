"""What a request says of its user besides events, on its way to stage one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.user_attribute_pb2 import UserAttribute

from shortlist_bundle.groups import UserGroups, write_groups
from shortlist_core.types import NO_GROUP
from shortlist_server.pipeline.batch import Batch, Hydrated
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.rpc import validate
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import StateStore

FRANCE, SPAIN, TEA = 0, 1, 2
NAMES = [("country", "France"), ("country", "Spain"), ("interest", "tea")]


@pytest.fixture
def grouped(system: LoadedBundle, stored) -> LoadedBundle:
    """Ann is in France and likes tea; `new` has no events and is in Spain."""
    bundle = stored(lambda writer: write_groups(writer, NAMES, {"ann": [FRANCE, TEA], "new": [SPAIN]}))
    return replace(system, groups=UserGroups.load(bundle))


@pytest.fixture
def live(store: StateStore):
    live = LiveUsers(store)
    yield live
    live.close()


def groups(system: LoadedBundle, live: LiveUsers, *queries: Query) -> list[set[int]] | None:
    groups = hydrated(system, live, *queries).queries.groups
    return None if groups is None else [set(row.tolist()) - {NO_GROUP} for row in groups]


def hydrated(system: LoadedBundle, live: LiveUsers, *queries: Query) -> Hydrated:
    requests = [PendingRequest(each, RequestContext()) for each in queries]
    return hydrate(live, Batch.begin(system, requests))[0]


def query(user_id: str = "", *attributes: tuple[str, str]) -> Query:
    return Query("r", user_id, attributes=attributes)


def test_the_bundle_and_the_request_are_joined_and_the_request_wins(grouped: LoadedBundle, live: LiveUsers) -> None:
    queries = (
        query("ann"),
        query("new"),
        query("ann", ("country", "Spain")),
        query("", ("country", "France")),
        query("who"),
    )
    assert groups(grouped, live, *queries) == [{FRANCE, TEA}, {SPAIN}, {SPAIN, TEA}, {FRANCE}, set()]


def test_what_was_written_wins_over_the_bundle_and_the_request_over_both(
    grouped: LoadedBundle, live: LiveUsers, store: StateStore
) -> None:
    store.describe({"ann": [("country", "Spain")], "who": [("interest", "tea"), ("country", "France")]})
    asked = query("ann"), query("ann", ("country", "France")), query("who"), query("who", ("country", "Spain"))
    assert groups(grouped, live, *asked) == [{SPAIN, TEA}, {FRANCE, TEA}, {FRANCE, TEA}, {SPAIN, TEA}]
    store.describe({"ann": []})
    assert groups(grouped, live, query("ann")) == [{FRANCE, TEA}]


def test_what_was_written_of_an_erased_user_since_then_is_used(
    grouped: LoadedBundle, live: LiveUsers, store: StateStore
) -> None:
    store.describe({"ann": [("interest", "tea")]})
    store.erase("ann")
    assert groups(grouped, live, query("ann")) is None
    store.describe({"ann": [("country", "Spain")]})
    assert groups(grouped, live, query("ann")) == [{SPAIN}]


def test_what_is_known_of_an_erased_user_is_not_used_and_what_is_sent_along_is(
    grouped: LoadedBundle, live: LiveUsers, store: StateStore
) -> None:
    store.erase("ann")
    assert groups(grouped, live, query("ann")) is None
    assert groups(grouped, live, query("ann", ("interest", "tea"))) == [{TEA}]


def test_unknown_attributes_are_no_error(grouped: LoadedBundle, live: LiveUsers) -> None:
    assert groups(grouped, live, query("ann", ("shoe size", "42"))) == [{FRANCE, TEA}]


def test_to_a_bundle_without_attributes_they_say_nothing(system: LoadedBundle, live: LiveUsers) -> None:
    assert groups(system, live, query("ann", ("country", "France"))) is None


def test_histories_are_the_same_with_attributes(grouped: LoadedBundle, system: LoadedBundle, live: LiveUsers) -> None:
    mine, plain = (hydrated(each, live, query("ann", ("country", "Spain"))) for each in (grouped, system))
    assert np.array_equal(mine.queries.items, plain.queries.items)
    assert np.array_equal(mine.queries.now, plain.queries.now)


@pytest.mark.parametrize(
    ("read", "request_of"),
    [
        (validate.recommend, api.RecommendRequest),
        (validate.recommend, api.StreamRecommendRequest),
        (validate.retrieve, api.RetrieveRequest),
        (validate.rank, lambda **fields: api.RankRequest(item_ids=["i1"], **fields)),
        (
            lambda request: validate.batch_recommend(request)[1][0],
            lambda **fields: api.BatchRecommendRequest(queries=[api.BatchRecommendQuery(**fields)]),
        ),
    ],
)
def test_every_request_for_a_user_may_carry_them(read, request_of) -> None:
    sent = [UserAttribute(key="country", value="France"), UserAttribute(key="country", value="Spain")]
    assert read(request_of(user_attributes=sent)).attributes == (("country", "France"), ("country", "Spain"))
