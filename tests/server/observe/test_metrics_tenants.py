"""Metrics of tenants are apart, by a label that is there only where there are tenants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from conftest import Start
from counted_calls import LOOPBACK
from scrape import Scrape, metrics, scrape
from server_wire import failure
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.event_pb2 import Event
from two_tenants import TENANTS, Shared, shared_server

PROCESS = {"grpc_server_started_total", "shortlist_parts_restarted_total"}
"""Counted before it is known whose call it is, or of parts that all tenants share."""


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with shared_server(tmp_path, **LOOPBACK) as running:
        yield running


async def scraped(shared: Shared) -> Scrape:
    page: Any = shared.server.metrics_page
    return await asyncio.to_thread(scrape, page.address)


async def test_each_tenants_calls_and_answers_are_counted_as_its_own(shared: Shared) -> None:
    for user in ("ann", "bob"):
        await shared.call("acme", "RecommendationService/Recommend", api.RecommendRequest(user_id=user))
    await shared.call("beta", "RecommendationService/Recommend", api.RecommendRequest(user_id="ann"))
    events = event_api.WriteEventsRequest(events=[Event(event_id="e", user_id="ann", item_id="i1")])
    await shared.call("acme", "EventService/WriteEvents", events)
    seen = await scraped(shared)
    for tenant, count in {"acme": 2, "beta": 1}.items():
        assert seen.value("shortlist_recommendations_total", tenant=tenant, made="computed") == count
        assert seen.value("shortlist_batch_size_count", tenant=tenant) == count
        ended = seen.series("grpc_server_handled_total", tenant=tenant, grpc_method="Recommend", grpc_code="OK")
        assert list(ended.values()) == [count]
    assert seen.series("shortlist_events_written_total", result="accepted") == {("acme",): 1, ("beta",): 0}
    version = shared.bundles("beta").current()
    assert seen.value("shortlist_bundle_info", tenant="beta", label="stable", version=version) == 1


async def test_refused_calls_count_for_the_tenant_of_the_token_and_others_for_none(shared: Shared) -> None:
    request = user_api.GetUserRequest(user_id="ann")
    await failure(shared.call_with("no token", "UserService/GetUser", request))
    await failure(shared.call("beta", "UserService/GetUser", user_api.GetUserRequest()))
    seen = await scraped(shared)
    for tenant, code in {"": grpc.StatusCode.UNAUTHENTICATED, "beta": grpc.StatusCode.INVALID_ARGUMENT}.items():
        ended = seen.series("grpc_server_handled_total", grpc_method="GetUser", grpc_code=code.name)
        assert {own[-1]: count for own, count in ended.items()} == {**dict.fromkeys(("", *TENANTS), 0), tenant: 1}


async def test_every_series_says_whose_it_is(shared: Shared) -> None:
    samples = (await scraped(shared)).samples
    assert {name for name, labels, _ in samples if "tenant" not in labels} <= PROCESS
    # What belongs to no tenant: calls without a known token, and how far the token file is followed.
    of_none = {name for name, labels, _ in samples if labels.get("tenant") == ""}
    assert of_none == {
        "grpc_server_handled_total",
        *(f"grpc_server_handling_seconds_{part}" for part in ("bucket", "count", "sum")),
        "shortlist_followed_timestamp_seconds",
    }
    assert {labels["log"] for name, labels, _ in samples if "followed" in name and not labels["tenant"]} == {"tokens"}


async def test_without_tenants_no_series_names_one(start: Start) -> None:
    running = await start(**LOOPBACK)
    await running.api.Recommend(api.RecommendRequest(user_id="ann"))
    assert "tenant" not in (await metrics(running)).text
