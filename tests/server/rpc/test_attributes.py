"""What a request says of its user besides events, on its way to stage one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.user_attribute_pb2 import UserAttribute

from shortlist_bundle.groups import UserGroups, write_groups
from shortlist_core.types import NO_GROUP
from shortlist_server.base.query import Plan
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.rpc import validate
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System
from shortlist_state import StateStore

FRANCE, SPAIN, TEA = 0, 1, 2
NAMES = [("country", "France"), ("country", "Spain"), ("interest", "tea")]


@pytest.fixture
def grouped(system: System, stored) -> System:
    """Ann is in France and likes tea; `new` has no events and is in Spain."""
    bundle = stored(lambda writer: write_groups(writer, NAMES, {"ann": [FRANCE, TEA], "new": [SPAIN]}))
    return replace(system, groups=UserGroups.load(bundle))


@pytest.fixture
def live(store: StateStore):
    live = LiveUsers(store)
    yield live
    live.close()


def groups(system: System, live: LiveUsers, *plans: Plan) -> list[set[int]] | None:
    found = hydrate(system, live, plans).queries.groups
    return None if found is None else [set(own.tolist()) - {NO_GROUP} for own in found]


def plan(user_id: str = "", *attributes: tuple[str, str]) -> Plan:
    return Plan("r", user_id, attributes=attributes)


def test_the_bundle_and_the_request_are_joined_and_the_request_wins(grouped: System, live: LiveUsers) -> None:
    plans = plan("ann"), plan("new"), plan("ann", ("country", "Spain")), plan("", ("country", "France")), plan("who")
    assert groups(grouped, live, *plans) == [{FRANCE, TEA}, {SPAIN}, {SPAIN, TEA}, {FRANCE}, set()]


def test_what_is_known_of_an_erased_user_is_not_used_and_what_is_sent_along_is(
    grouped: System, live: LiveUsers, store: StateStore
) -> None:
    store.erase("ann")
    assert groups(grouped, live, plan("ann")) is None
    assert groups(grouped, live, plan("ann", ("interest", "tea"))) == [{TEA}]


def test_unknown_attributes_are_no_error(grouped: System, live: LiveUsers) -> None:
    assert groups(grouped, live, plan("ann", ("shoe size", "42"))) == [{FRANCE, TEA}]


def test_to_a_bundle_without_attributes_they_say_nothing(system: System, live: LiveUsers) -> None:
    assert groups(system, live, plan("ann", ("country", "France"))) is None


def test_histories_are_the_same_with_attributes(grouped: System, system: System, live: LiveUsers) -> None:
    mine, plain = (hydrate(each, live, [plan("ann", ("country", "Spain"))]) for each in (grouped, system))
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
