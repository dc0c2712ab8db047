"""Tenants that share a server see nothing of each other, by any method, and do not keep each other waiting."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import server_fakes as fakes
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from server_wire import failure
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.event_pb2 import Event
from two_tenants import POINTS, Shared, shared_server, tenants_in
from waiting import eventually_async

from shortlist_core.errors import DataError, UnavailableError
from shortlist_server.process.deployments import open_stores
from shortlist_server.rpc.auth import TABLE
from shortlist_server.rpc.token_file import TokenFile, new_token
from shortlist_state import open_store

RECOMMEND = api.RecommendRequest(user_id="ann", count=fakes.ITEMS)
RANK = api.RankRequest(user_id="ann", item_ids=[f"i{i}" for i in range(fakes.ITEMS)])
READS: dict[str, Message] = {
    "RecommendationService/Recommend": RECOMMEND,
    "RecommendationService/BatchRecommend": api.BatchRecommendRequest(
        queries=[api.BatchRecommendQuery(user_id=user, count=fakes.ITEMS) for user in ("ann", "bob")]
    ),
    "RecommendationService/StreamRecommend": api.StreamRecommendRequest(user_id="ann", count=fakes.ITEMS),
    "RecommendationService/Retrieve": api.RetrieveRequest(user_id="ann", candidate_count=fakes.ITEMS),
    "RecommendationService/Rank": RANK,
    "RecommendationService/SimilarItems": api.SimilarItemsRequest(item_id="i20", count=fakes.ITEMS),
    "CatalogService/GetItem": catalog_api.GetItemRequest(item_id="i30"),
    "CatalogService/ListItems": catalog_api.ListItemsRequest(page_size=100),
    "UserService/GetUser": user_api.GetUserRequest(user_id="ann"),
    "UserService/ExportUser": user_api.ExportUserRequest(user_id="ann"),
}
OF_BUNDLES: dict[str, Message] = {
    "BundleService/ListBundles": bundle_api.ListBundlesRequest(),
    "BundleService/GetServingBundle": bundle_api.GetServingBundleRequest(),
}
ITEM = catalog_api.ItemInput(item_id="i30", title="Acme's own words", categories=["secret"], price=7)
EVENTS = event_api.WriteEventsRequest(events=[Event(event_id="e1", user_id="ann", item_id="i39")])
UPSERT = catalog_api.UpsertItemsRequest(items=[ITEM, catalog_api.ItemInput(item_id="new", title="New")])
DELETE = catalog_api.DeleteItemsRequest(item_ids=["i21"])
ERASE = user_api.DeleteUserRequest(user_id="bob")
WRITES: dict[str, Message] = {
    "EventService/WriteEvents": EVENTS,
    "CatalogService/UpsertItems": UPSERT,
    "CatalogService/DeleteItems": DELETE,
    "UserService/DeleteUser": ERASE,
}
CHANGES = {"BundleService/ActivateBundle", "BundleService/RollbackBundle"}


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
    walked = {f"/shortlist.v1.{method}" for method in (*READS, *OF_BUNDLES, *WRITES, *CHANGES)}
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


async def test_a_tenant_that_fills_its_queues_leaves_the_other_room(tmp_path: Path) -> None:
    async with shared_server(tmp_path, max_pending=64, max_pending_writes=1, max_pending_reads=1) as shared:
        free = threading.Event()
        shared.system("acme").retriever.before = lambda: free.wait(30)
        store, writes = shared.server.deployments["acme"].engine._store, threading.Event()
        append, store.append = store.append, lambda events: (writes.set(), free.wait(30), append(events))[2]
        try:
            flood = [
                asyncio.ensure_future(shared.call("acme", "RecommendationService/Recommend", RECOMMEND))
                for _ in range(80)
            ]
            flood.append(asyncio.ensure_future(shared.call("acme", "EventService/WriteEvents", EVENTS)))
            await asyncio.to_thread(writes.wait, 30)
            await eventually_async(lambda: _done(flood, 16))
            for method in ("RecommendationService/Recommend", "EventService/WriteEvents"):
                request = {**READS, **WRITES}[method]
                assert (await failure(shared.call("acme", method, request))).code == grpc.StatusCode.RESOURCE_EXHAUSTED
            for method, request in {**READS, **WRITES}.items():
                await shared.call("beta", method, request)
        finally:
            free.set()
        await asyncio.gather(*flood, return_exceptions=True)


async def _done(tasks: list[asyncio.Future[Any]], count: int) -> bool:
    return sum(task.done() for task in tasks) >= count


async def test_a_token_may_call_no_more_for_its_tenant_than_its_scopes_say(shared: Shared) -> None:
    token, line = new_token(["read"], tenant="acme")
    with (shared.folder / "tokens").open("a") as file:
        file.write(f"{line}\n")

    async def accepted() -> bool:
        try:
            return bool(await shared.call_with(token, "RecommendationService/Recommend", RECOMMEND))
        except grpc.aio.AioRpcError:
            return False

    assert await eventually_async(accepted)
    for method, request in WRITES.items():
        refused = await failure(shared.call_with(token, method, request))
        assert refused.code == grpc.StatusCode.PERMISSION_DENIED
    answer = await shared.call_with(token, "RecommendationService/Recommend", RECOMMEND)
    assert answer.bundle_version == shared.bundles("acme").current()


async def test_a_token_that_gets_another_tenant_ends_its_streams(shared: Shared) -> None:
    call = shared.channel.stream_stream(
        "/shortlist.v1.RecommendationService/StreamRecommend",
        api.StreamRecommendRequest.SerializeToString,
        api.StreamRecommendResponse.FromString,
    )(metadata=[("authorization", f"Bearer {shared.tokens['acme']}")], timeout=30)
    request = api.StreamRecommendRequest(user_id="ann", count=1)
    await call.write(request)
    assert (await call.read()).bundle_version == shared.bundles("acme").current()
    lines = (shared.folder / "tokens").read_text().splitlines()
    (shared.folder / "tokens").write_text(lines[0].replace("tenant=acme", "tenant=beta") + "\n")

    async def moved() -> bool:
        answer = await shared.call("acme", "RecommendationService/Recommend", RECOMMEND)
        return bool(answer.bundle_version == shared.bundles("beta").current())

    assert await eventually_async(moved)
    await call.write(request)
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    assert ended.value.code() == grpc.StatusCode.PERMISSION_DENIED


async def test_two_tenants_cannot_have_one_store_whatever_their_urls_say(tmp_path: Path) -> None:
    tenants = tenants_in(tmp_path)
    open_store(tenants["acme"].state).close()
    shutil.copy(tmp_path / "acme" / "state.sqlite", tmp_path / "beta" / "state.sqlite")
    with pytest.raises(DataError, match="the state of the tenant beta is that of acme, or a copy of it"):
        async with shared_server(tmp_path, tenants=tenants):
            pass


async def test_a_server_serves_once_all_tenants_do_and_says_who_does_not(tmp_path: Path) -> None:
    async with shared_server(tmp_path, begin=False) as shared:
        health = HealthStub(shared.channel)

        async def status() -> Any:
            return (await health.Check(health_pb2.HealthCheckRequest())).status

        await shared.server._begin(shared.server.deployments["acme"])
        assert await status() == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await shared.call("acme", "RecommendationService/Recommend", RECOMMEND)
        refused = await failure(shared.call("beta", "RecommendationService/Recommend", RECOMMEND))
        assert (refused.code, refused.info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_BUNDLE")
        (tmp_path / "beta" / "bundles" / "CURRENT").unlink()
        with pytest.raises(UnavailableError, match=r"^tenant beta: there is no bundle in "):
            await shared.server._begin(shared.server.deployments["beta"])
        assert await status() == health_pb2.HealthCheckResponse.NOT_SERVING
        fakes.publish(tmp_path / "beta" / "bundles")
        await shared.server._begin(shared.server.deployments["beta"])
        assert await status() == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize(
    ("tenants", "wrong", "message"),
    [
        (("acme", "beta"), ("", ""), "line 2: the token belongs to no tenant: say tenant=NAME, one of acme, beta"),
        (("acme", "beta"), ("gamma", ""), "line 2: there is no tenant 'gamma': say tenant=NAME, one of acme, beta"),
        ((), ("acme", ""), "line 2: this server has no tenants: give --tenants, or leave out tenant=acme"),
        (("acme", "beta"), ("beta", "same"), "line 2: this token belongs to another tenant in a line above"),
    ],
)
def test_a_token_file_that_does_not_fit_the_tenants_is_refused(
    tmp_path: Path, tenants: tuple[str, ...], wrong: tuple[str, str], message: str
) -> None:
    tenant, same = wrong
    _, good = new_token(tenant="acme" if tenants else "")
    _, bad = new_token(tenant=tenant)
    if same:
        bad = good.replace("tenant=acme", f"tenant={tenant}")
    (tmp_path / "tokens").write_text(f"{good}\n{bad}\n")
    with pytest.raises(DataError, match=message):
        TokenFile(tmp_path / "tokens", tenants)


def test_stores_of_a_server_without_tenants_have_no_name(tmp_path: Path) -> None:
    from conftest import settings

    [(name, store)] = open_stores(settings(state="sqlite::memory:"), open_store).items()
    assert name == ""
    store.close()
