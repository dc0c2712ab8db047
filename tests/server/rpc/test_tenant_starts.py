"""A server starts with all its tenants: it says who is not served yet, and refuses what would mix two of them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import grpc
import pytest
import server_fakes as fakes
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from redis_server import INSTALLED, RedisServer
from requests_of_all import RECOMMEND
from server_wire import failure
from two_tenants import shared_server, tenants_in
from waiting import eventually_async

from shortlist_core.errors import DataError, UnavailableError
from shortlist_server.base.settings import Settings
from shortlist_server.base.tenants import Tenant
from shortlist_server.process.deployments import open_stores
from shortlist_state import open_store


async def test_a_server_serves_once_all_tenants_do_and_says_who_does_not(tmp_path: Path) -> None:
    async with shared_server(tmp_path, begin=False) as shared:
        health = HealthStub(shared.channel)

        async def status() -> Any:
            return (await health.Check(health_pb2.HealthCheckRequest())).status

        await shared.server._begin(shared.server.deployments["acme"])
        assert await status() == health_pb2.HealthCheckResponse.NOT_SERVING
        assert shared.server.lifecycle.obstacle == "starting: no bundle is loaded yet for the tenants beta"
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


async def test_a_tenant_without_a_bundle_is_waited_for_while_the_others_are_served(tmp_path: Path) -> None:
    tenants = tenants_in(tmp_path)
    (tmp_path / "beta" / "bundles" / "CURRENT").unlink()
    async with shared_server(tmp_path, begin=False, tenants=tenants, wait_for_bundle=True) as shared:
        beginning = asyncio.ensure_future(shared.server.begin())

        async def acme_is_served() -> bool:
            try:
                return bool(await shared.call("acme", "RecommendationService/Recommend", RECOMMEND))
            except grpc.aio.AioRpcError:
                return False

        assert await eventually_async(acme_is_served)
        assert not beginning.done() and not shared.server.lifecycle.serving
        fakes.publish(tmp_path / "beta" / "bundles")
        assert set(await beginning) == {"acme", "beta"}
        assert await shared.call("beta", "RecommendationService/Recommend", RECOMMEND)
        assert shared.server.lifecycle.serving


async def test_two_tenants_cannot_have_one_store_whatever_their_urls_say(tmp_path: Path) -> None:
    tenants = tenants_in(tmp_path)
    open_store(tenants["acme"].state).close()
    shutil.copy(tmp_path / "acme" / "state.sqlite", tmp_path / "beta" / "state.sqlite")
    with pytest.raises(DataError, match="the state of the tenant beta is that of acme, or a copy of it"):
        async with shared_server(tmp_path, tenants=tenants):
            pass


@pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")
def test_one_redis_by_two_names_is_one_store(tmp_path: Path, system_test: None) -> None:
    redis = RedisServer(tmp_path)
    try:
        urls = {"acme": redis.url(), "beta": redis.url().replace("127.0.0.1", "localhost")}
        tenants = {name: Tenant(bundles=Path(name), state=url) for name, url in urls.items()}
        with pytest.raises(DataError, match="the state of the tenant beta is that of acme"):
            open_stores(Settings.of(tenants=tenants, token_file="tokens"), open_store)
        tenants["beta"] = Tenant(bundles=Path("beta"), state=redis.url(1))
        stores = open_stores(Settings.of(tenants=tenants, token_file="tokens"), open_store)
        assert list(stores) == ["acme", "beta"]
        for store in stores.values():
            store.close()
    finally:
        redis.kill()


def test_stores_of_a_server_without_tenants_have_no_name(tmp_path: Path) -> None:
    settings = Settings.of(bundles=tmp_path, state="sqlite::memory:")
    [(name, store)] = open_stores(settings, open_store).items()
    assert name == ""
    store.close()
