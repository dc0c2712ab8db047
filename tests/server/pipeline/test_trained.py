"""A really trained system behind the wire; `tests/training/test_one_path.py` compares it with the bundle offline."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from shortlist.v1.event_pb2 import Event, EventType
from shortlist.v1.event_service_pb2 import WriteEventsRequest
from shortlist.v1.event_service_pb2_grpc import EventServiceStub
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.placement_service_pb2 import PreviewPlacementRequest
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceStub
from shortlist.v1.recommendation_service_pb2 import BatchRecommendQuery, RankRequest, RecommendRequest
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from shortlist.v1.rule_pb2 import ItemSelector, LongTail, MinimumShare, Rule

from shortlist_server.base.settings import Settings
from shortlist_server.process.app import create_server
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import open_store


@pytest.fixture
async def channel(trained_bundle):
    settings = Settings.of(bundles=Path(), state="", address="127.0.0.1:0", drain_delay_seconds=0, grace_seconds=5)
    server, port = await create_server(settings, open_store("sqlite::memory:"))
    system = LoadedBundle.load(trained_bundle.load(), settings.max_batch, settings.max_fresh_items)
    await server.activate(lambda: system)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.drain()


async def test_a_candidates_score_is_the_same_in_any_company(channel, trained_bundle):
    user = trained_bundle.trained.table.user_ids[0]
    api = RecommendationServiceStub(channel)
    answer = await api.Recommend(RecommendRequest(user_id=user, count=10), timeout=30)
    known = {item.item_id: item.score for item in answer.items}
    for some in (list(known)[:1], list(known)[3:7], list(known)[::-1]):
        ranked = await api.Rank(RankRequest(user_id=user, item_ids=some), timeout=30)
        assert {item.item_id: item.score for item in ranked.items} == pytest.approx(
            {i: known[i] for i in some}, abs=1e-4
        )


async def test_what_a_rule_searches_for_has_the_score_that_it_has_anyway(channel, trained_bundle):
    """Ten candidates do not hold ten items of the long tail, so they are searched for among these alone."""
    user = trained_bundle.trained.table.user_ids[0]
    share = MinimumShare(items=ItemSelector(long_tail=LongTail(head_share=0.5)), share=1)
    placement = Placement(name="tail", count=10, candidate_count=10, rules=[Rule(name="r", minimum_share=share)])
    request = PreviewPlacementRequest(placement=placement, query=BatchRecommendQuery(user_id=user, include_trace=True))
    answer = (await PlacementServiceStub(channel).PreviewPlacement(request, timeout=30)).recommendation
    told = {item.item_id: item.score for item in answer.items}
    assert len(told) == 10 and answer.trace[1].left_count > 10
    rank = RankRequest(user_id=user, item_ids=list(told))
    ranked = await RecommendationServiceStub(channel).Rank(rank, timeout=30)
    assert {item.item_id: item.score for item in ranked.items} == pytest.approx(told, abs=1e-4)


async def test_an_event_changes_the_next_answer(channel, trained_bundle):
    api, user = RecommendationServiceStub(channel), "nobody yet"
    before = await api.Recommend(RecommendRequest(user_id=user, count=10), timeout=30)
    taken = before.items[0].item_id
    event = Event(event_id="e1", user_id=user, item_id=taken, event_type=EventType.EVENT_TYPE_PURCHASE)
    event.event_time.GetCurrentTime()
    await EventServiceStub(channel).WriteEvents(WriteEventsRequest(events=[event]), timeout=30)
    after = await api.Recommend(RecommendRequest(user_id=user, count=10), timeout=30)
    assert taken not in [item.item_id for item in after.items]
    assert [item.item_id for item in after.items] != [item.item_id for item in before.items]
    assert any(item.reason.anchor_item_id == taken for item in after.items)
