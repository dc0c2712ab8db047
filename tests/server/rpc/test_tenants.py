"""Tenants that share a server see nothing of each other, by any method, and do not keep each other waiting."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from requests_of_all import CHANGES, DELETE, EVENTS, OF_BUNDLES, OF_PLACEMENTS, READS, RECOMMEND, UPSERT, WRITES
from server_wire import failure
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.placement_pb2 import Placement
from two_tenants import POINTS, Shared, shared_server, tenants_in
from waiting import eventually_async

from shortlist_server.rpc.auth import TABLE


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    async with shared_server(tmp_path) as running:
        yield running


async def answers(shared: Shared, tenant: str, requests: dict[str, Message]) -> dict[str, Any]:
    """What a tenant is answered, without what is new in every answer."""
    found = {}
    for method, request in requests.items():
        answer = await shared.call(tenant, method, request)
        for message in (answer, *getattr(answer, "recommendations", ()), getattr(answer, "recommendation", answer)):
            for field in ("request_id", "attribution_token"):
                if field in message.DESCRIPTOR.fields_by_name:
                    message.ClearField(field)
        found[method] = answer
    return found


def test_the_walk_knows_every_method() -> None:
    walked = {f"/shortlist.v1.{method}" for method in (*READS, *OF_BUNDLES, *OF_PLACEMENTS, *WRITES, *CHANGES)}
    assert walked == {method for method in TABLE if method.startswith("/shortlist.")}


async def test_what_a_tenant_writes_shows_in_all_its_answers_and_in_none_of_the_others(shared: Shared) -> None:
    before = {tenant: await answers(shared, tenant, READS) for tenant in shared.tokens}
    for method, request in WRITES.items():
        await shared.call("acme", method, request)

    async def all_changed() -> bool:
        now = await answers(shared, "acme", READS)
        return all(now[method] != before["acme"][method] for method in READS)

    assert await eventually_async(all_changed)
    assert await answers(shared, "beta", READS) == before["beta"]


async def test_what_one_tenant_has_written_is_new_to_the_other(shared: Shared) -> None:
    for method, request in WRITES.items():
        await shared.call("acme", method, request)
    written = await shared.call("beta", "EventService/WriteEvents", EVENTS)
    assert (written.accepted_count, written.duplicate_count) == (1, 0)
    upserted = await shared.call("beta", "CatalogService/UpsertItems", UPSERT)
    assert (upserted.created_count, upserted.updated_count) == (1, 1)  # i30 is in both bundles
    assert (await shared.call("beta", "CatalogService/DeleteItems", DELETE)).deleted_count == 1
    user = await shared.call("beta", "UserService/GetUser", user_api.GetUserRequest(user_id="bob"))
    assert (user.deleted_before, user.bundle_event_count) == (False, 1)


async def test_each_tenant_is_answered_from_its_own_bundle(shared: Shared) -> None:
    for tenant, points in POINTS.items():
        answer = await shared.call(tenant, "RecommendationService/Recommend", RECOMMEND)
        assert answer.bundle_version == shared.bundles(tenant).current()
        assert answer.items[0].score == pytest.approx(39 * points)


async def test_an_activation_touches_one_tenant(shared: Shared) -> None:
    before = await answers(shared, "beta", OF_BUNDLES | READS)
    first, second = shared.bundles("acme").versions()
    for label, share in ((bundle_api.BUNDLE_LABEL_CANARY, 1.0), (bundle_api.BUNDLE_LABEL_STABLE, 0.0)):
        request = bundle_api.ActivateBundleRequest(bundle_version=second, label=label, user_share=share)
        await shared.call("acme", "BundleService/ActivateBundle", request)
        answer = await shared.call("acme", "RecommendationService/Recommend", RECOMMEND)
        assert answer.bundle_version == second
        assert await answers(shared, "beta", OF_BUNDLES | READS) == before
    other = bundle_api.ActivateBundleRequest(bundle_version=first, label=bundle_api.BUNDLE_LABEL_STABLE)
    refused = await failure(shared.call("beta", "BundleService/ActivateBundle", other))
    assert refused.code == grpc.StatusCode.NOT_FOUND
    back = bundle_api.RollbackBundleRequest(label=bundle_api.BUNDLE_LABEL_STABLE)
    refused = await failure(shared.call("beta", "BundleService/RollbackBundle", back))
    assert refused.code == grpc.StatusCode.NOT_FOUND
    await shared.call("acme", "BundleService/RollbackBundle", back)
    assert await answers(shared, "beta", OF_BUNDLES | READS) == before


async def test_placements_of_one_tenant_are_nothing_to_the_other(shared: Shared) -> None:
    before = await answers(shared, "beta", OF_PLACEMENTS)
    home = placement_api.SetPlacementsRequest(placements=[Placement(name="home", count=1)])
    await shared.call("acme", "PlacementService/SetPlacements", home)
    asked = api.RecommendRequest(placement="home")
    assert len((await shared.call("acme", "RecommendationService/Recommend", asked)).items) == 1
    refused = await failure(shared.call("beta", "RecommendationService/Recommend", asked))
    assert refused.code == grpc.StatusCode.NOT_FOUND
    assert await answers(shared, "beta", OF_PLACEMENTS) == before


async def test_pages_of_one_tenant_do_not_go_on_with_the_other(tmp_path: Path) -> None:
    tenants = tenants_in(tmp_path)
    copy = shutil.copytree(tenants["acme"].bundles, tmp_path / "copy")  # one and the same version for both
    tenants["beta"] = tenants["beta"].model_copy(update={"bundles": copy})
    async with shared_server(tmp_path, tenants=tenants) as shared:
        for method, first in {
            "CatalogService/ListItems": catalog_api.ListItemsRequest(page_size=3),
            "UserService/ExportUser": user_api.ExportUserRequest(user_id="ann", page_size=1),
        }.items():
            first.page_token = (await shared.call("acme", method, first)).next_page_token
            assert await shared.call("acme", method, first)
            assert set((await failure(shared.call("beta", method, first))).violations) == {"page_token"}
