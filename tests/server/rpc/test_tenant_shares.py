"""A tenant that takes all that it can get leaves the others their queues, their share of memory and their quotas."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from requests_of_all import EVENTS, READS, RECOMMEND, WRITES
from server_wire import failure
from two_tenants import shared_server
from waiting import eventually_async

from shortlist_core.errors import OverloadedError
from shortlist_server.base.settings import Settings
from shortlist_server.base.tenants import Tenant
from shortlist_server.rpc.in_flight import Held, InFlight
from shortlist_server.rpc.token_file import new_token


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


MEBIBYTE = 1024 * 1024
PLACES = {name: Tenant(bundles=Path(name), state=f"sqlite:{name}") for name in ("acme", "beta")}


@pytest.fixture
def in_flight() -> InFlight:
    return InFlight(Settings.of(tenants=PLACES, token_file="tokens", max_bytes_in_flight=4 * MEBIBYTE))


def test_a_tenant_that_holds_all_memory_leaves_the_other_an_equal_share(in_flight: InFlight) -> None:
    acme, beta = Held(tenant="acme"), Held(tenant="beta")
    in_flight.hold(acme, 4 * MEBIBYTE)
    with pytest.raises(OverloadedError):
        in_flight.hold(acme, 1)
    in_flight.hold(beta, 2 * MEBIBYTE)
    with pytest.raises(OverloadedError):
        in_flight.hold(beta, 1)
    in_flight.end(acme)
    in_flight.hold(beta, 2 * MEBIBYTE)
    with pytest.raises(OverloadedError):
        in_flight.hold(beta, 1)


def sends(caller: str, read: Callable[[], Awaitable[bytes]]) -> Any:
    """The context of a call whose request comes as `read` says."""
    return SimpleNamespace(read=read, peer=lambda: caller)


async def test_a_tenant_whose_requests_arrive_slowly_keeps_nobody_waiting(in_flight: InFlight) -> None:
    complete, begun = asyncio.Event(), []

    async def read() -> bytes:
        begun.append("acme")
        await complete.wait()
        return b""

    async def read_at_once() -> bytes:
        return b"beta"

    slow = [asyncio.create_task(in_flight.receive(Held(tenant="acme"), sends("acme", read))) for _ in range(100)]
    await eventually_async(lambda: _is(len(begun) == 32))
    assert await in_flight.receive(Held(tenant="beta"), sends("beta", read_at_once)) == b"beta"
    assert len(begun) == 32
    complete.set()
    await asyncio.gather(*slow)
    assert len(begun) == 100


async def _is(value: bool) -> bool:
    return value


async def test_tokens_of_one_name_have_quotas_of_their_own(tmp_path: Path) -> None:
    async with shared_server(tmp_path) as shared:
        made = {tenant: new_token(["read"], "shop", quota="0.001/s", tenant=tenant) for tenant in ("acme", "beta")}
        with (tmp_path / "tokens").open("a") as file:
            file.write("".join(f"{line}\n" for _, line in made.values()))

        async def is_used_up() -> bool:
            try:
                await shared.call_with(made["acme"][0], "RecommendationService/Recommend", RECOMMEND)
            except grpc.aio.AioRpcError as error:
                return error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            return False

        assert await eventually_async(is_used_up)
        assert await shared.call_with(made["beta"][0], "RecommendationService/Recommend", RECOMMEND)
