"""Answers that are larger than a message may be are refused with the reason, before they are made."""

from __future__ import annotations

import grpc
import pytest
from conftest import Start
from server_wire import Running, failure
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.catalog_service_pb2 import ItemInput

MOST = 20_000
ALL = 40  # items of the shop, with a kilobyte of title each


@pytest.fixture
async def running(start: Start) -> Running:
    """A server whose messages have at most MOST bytes, of a shop with long titles."""
    running = await start(max_message_bytes=MOST)
    for first in range(0, ALL, 10):
        items = [ItemInput(item_id=f"i{row}", title="x" * 1_000) for row in range(first, first + 10)]
        await running.catalog.UpsertItems(catalog.UpsertItemsRequest(items=items))
    return running


@pytest.mark.parametrize("method", ["Recommend", "Retrieve", "SimilarItems", "Rank", "BatchRecommend"])
async def test_an_answer_that_cannot_be_sent_is_refused_as_such(running: Running, method: str) -> None:
    requests = {
        "Recommend": api.RecommendRequest(count=ALL),
        "Retrieve": api.RetrieveRequest(candidate_count=ALL),
        "SimilarItems": api.SimilarItemsRequest(item_id="i1", count=ALL),
        "Rank": api.RankRequest(item_ids=[f"i{row}" for row in range(ALL)]),
        "BatchRecommend": api.BatchRecommendRequest(queries=[api.BatchRecommendQuery(count=10)] * 20),
    }
    got = await failure(getattr(running.api, method)(requests[method]))
    assert (got.code, got.info.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE")
    assert "ask for less" in got.message and got.info.metadata["most_bytes"] == str(MOST)
    assert got.retry is None  # the same request would be refused again


async def test_a_stream_goes_on_after_an_answer_that_is_too_large(running: Running) -> None:
    sent = [api.StreamRecommendRequest(count=count) for count in (ALL, 1)]
    answers = [answer async for answer in running.api.StreamRecommend(iter(sent))]
    assert [answer.error.code for answer in answers] == [grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], 0]
    assert len(answers[1].recommendation.items) == 1
