"""Where a placement says so, the server counts what it answers as impressions, and these make items tire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from server_wire import Running, failure
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.placement_pb2 import Placement, Tiring
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceStub
from waiting import eventually_async

from shortlist_core.types import EventType
from shortlist_state import StateStore

STRONG = Tiring(per_impression=0.01, recovery_seconds=86_400)


@pytest.fixture
async def running(start: Callable[..., Any], tmp_path: Any) -> Running:
    (tmp_path / "bundles").mkdir()
    running: Running = await start()
    placements = [
        Placement(name="home", tiring=STRONG, count_impressions=True),
        Placement(name="cart", tiring=STRONG),
    ]
    request = placement_api.SetPlacementsRequest(placements=placements)
    await PlacementServiceStub(running.channel).SetPlacements(request)
    return running


def shown(store: StateStore, user: str) -> list[str]:
    events = (entry.event for entry in store.export(user, -1, 100).entries)
    return [event.item_id for event in events if event and event.type == EventType.IMPRESSION]


async def ask(running: Running, user: str = "bob", **fields: Any) -> list[str]:
    response = await running.api.Recommend(api.RecommendRequest(user_id=user, count=3, **fields))
    return [item.item_id for item in response.items]


async def test_the_next_list_is_another_one(running: Running) -> None:
    first = await ask(running, placement="home", request_id="r1")
    await eventually_async(lambda: shown(running.store, "bob") == first)
    second = await ask(running, placement="home", request_id="r2")
    assert not set(first) & set(second)
    await eventually_async(lambda: shown(running.store, "bob") == first + second)
    assert await ask(running, user="ann", placement="home") == first  # nothing has tired for others


async def test_only_where_the_placement_says_so_and_for_a_user_with_an_id(running: Running) -> None:
    request = placement_api.PreviewPlacementRequest(
        placement=Placement(name="home", count_impressions=True),
        query=api.BatchRecommendQuery(user_id="bob", placement="home"),
    )
    await PlacementServiceStub(running.channel).PreviewPlacement(request)
    await ask(running, placement="cart")
    await ask(running)
    await ask(running, user="", placement="home")
    last = await ask(running, placement="home")
    await eventually_async(lambda: shown(running.store, "bob") == last)


async def test_batches_and_streams_count_as_well(running: Running) -> None:
    batch = api.BatchRecommendRequest(queries=[api.BatchRecommendQuery(user_id="ann", count=2, placement="home")])
    await running.api.BatchRecommend(batch)
    stream = running.api.StreamRecommend(iter([api.StreamRecommendRequest(user_id="bob", count=2, placement="home")]))
    assert len([message async for message in stream]) == 1
    for user in ("ann", "bob"):
        await eventually_async(lambda user=user: len(shown(running.store, user)) == 2)


async def test_a_user_who_is_deleted_is_forgotten_with_all_impressions(running: Running) -> None:
    first = await ask(running, placement="home")
    await eventually_async(lambda: shown(running.store, "bob") == first)
    deleted = await running.users.DeleteUser(user_api.DeleteUserRequest(user_id="bob"))
    assert deleted.deleted_event_count == 3 and shown(running.store, "bob") == []


@pytest.mark.parametrize(
    ("tiring", "field"),
    [
        (Tiring(per_impression=1.5), "per_impression"),
        (Tiring(per_impression=float("nan")), "per_impression"),
        (Tiring(recovery_seconds=59), "recovery_seconds"),
        (Tiring(recovery_seconds=-1), "recovery_seconds"),
    ],
    ids=str,
)
async def test_settings_beyond_their_range_are_refused(running: Running, tiring: Tiring, field: str) -> None:
    request = placement_api.SetPlacementsRequest(placements=[Placement(name="home", tiring=tiring)])
    refused = await failure(PlacementServiceStub(running.channel).SetPlacements(request))
    assert list(refused.violations) == [f"placements[0].tiring.{field}"]
