"""Requests are parsed within bounds that are checked first, and the largest that the API allows fit into them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from shortlist.v1 import catalog_service_pb2, event_service_pb2, recommendation_service_pb2
from shortlist.v1.catalog_service_pb2 import ItemInput, UpsertItemsRequest
from shortlist.v1.event_pb2 import EVENT_TYPE_VIEW, ContextEvent, Event
from shortlist.v1.recommendation_service_pb2 import BatchRecommendQuery, BatchRecommendRequest

from shortlist_core.errors import InvalidArgumentError
from shortlist_core.values import MAX_CATEGORIES
from shortlist_server.process.app import SERVICES
from shortlist_server.rpc import checks, validate
from shortlist_server.rpc.messages import MOST_FIELDS, Parser, children

BATCH = "/shortlist.v1.RecommendationService/BatchRecommend"


def largest_batch() -> BatchRecommendRequest:
    event = ContextEvent(item_id="i" * 128, event_type=EVENT_TYPE_VIEW, value=1.0)
    event.event_time.FromMicroseconds(1_790_000_000_000_000)
    query = BatchRecommendQuery(
        user_id="u" * 128,
        context_events=[event] * checks.MAX_CONTEXT_EVENTS,
        excluded_item_ids=["i" * 10] * validate.MAX_EXCLUDED,
    )
    return BatchRecommendRequest(request_id="r", queries=[query] * validate.MAX_QUERIES)


def largest_upsert() -> UpsertItemsRequest:
    item = ItemInput(item_id="i" * 128, title="t" * 100, categories=["c"] * MAX_CATEGORIES, price=1.0)
    return UpsertItemsRequest(items=[item] * validate.MAX_ITEMS)


def largest_write() -> event_service_pb2.WriteEventsRequest:
    event = Event(
        event_id="e" * 128, user_id="u" * 128, item_id="i" * 128, event_type=EVENT_TYPE_VIEW, value=1.0, session_id="s"
    )
    event.event_time.FromMicroseconds(1_790_000_000_000_000)
    return event_service_pb2.WriteEventsRequest(events=[event] * validate.MAX_EVENTS)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        (BATCH, largest_batch()),
        ("/shortlist.v1.CatalogService/UpsertItems", largest_upsert()),
        ("/shortlist.v1.EventService/WriteEvents", largest_write()),
    ],
)
async def test_the_largest_requests_that_the_api_allows_are_parsed(method: str, request_: object) -> None:
    kind = type(request_)
    assert await Parser(method, kind.FromString).parse(request_.SerializeToString()) == request_  # type: ignore[attr-defined]


def many_events() -> BatchRecommendQuery:
    return BatchRecommendQuery(context_events=[ContextEvent()] * 500_000)


@pytest.mark.parametrize(
    "bomb",
    [
        b"\x12\x00" * 8_000_000,  # empty queries
        BatchRecommendRequest(
            queries=[BatchRecommendQuery.FromString(b"\x1a\x00" * 2_000_000)] * 4
        ).SerializeToString(),
    ],
    ids=["queries", "context events"],
)
async def test_a_small_message_that_becomes_a_large_one_is_refused_before_it_is_parsed(bomb: bytes) -> None:
    def never(data: bytes) -> object:
        raise AssertionError

    with pytest.raises(InvalidArgumentError, match=f"more than {MOST_FIELDS:,} fields"):
        await Parser(BATCH, never).parse(bomb)


@pytest.mark.parametrize("size", [10, 1_000_000])
async def test_bytes_that_are_no_message_are_refused(size: int) -> None:
    with pytest.raises(InvalidArgumentError, match="no message"):
        await Parser(BATCH, BatchRecommendRequest.FromString).parse(b"\xff" * size)


def test_every_method_has_its_fields_counted() -> None:
    services = recommendation_service_pb2, catalog_service_pb2, event_service_pb2
    for service in (s for module in services for s in module.DESCRIPTOR.services_by_name.values()):
        assert service.full_name in SERVICES
        for method in service.methods:
            assert children(f"/{service.full_name}/{method.name}") is not None


@pytest.mark.system
def test_no_request_waits_until_the_loop_that_counts_is_compiled() -> None:
    program = f"""
import asyncio
from shortlist_server.rpc.messages import Parser, compile_loops
from shortlist_kernels.wire_fields import count_fields
from shortlist.v1.recommendation_service_pb2 import BatchRecommendRequest

assert not count_fields.signatures
compile_loops()
compiled = list(count_fields.signatures)
asyncio.run(Parser({BATCH!r}, BatchRecommendRequest.FromString).parse(bytes([10, 255, 255, 63]) + bytes(2**20 - 1)))
assert count_fields.signatures == compiled and len(compiled) == 1, count_fields.signatures
"""
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
