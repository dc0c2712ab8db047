from __future__ import annotations

import asyncio

import grpc
from conftest import Start
from grpc_health.v1 import health_pb2, health_pb2_grpc
from server_wire import Running, failure

from shortlist_server.process.app import SERVICES

Status = health_pb2.HealthCheckResponse.ServingStatus


def ask(service: str) -> health_pb2.HealthCheckRequest:
    return health_pb2.HealthCheckRequest(service=service)


async def test_health_says_serving_only_with_a_bundle(start: Start) -> None:
    running = await start(load=False)
    stub = health_pb2_grpc.HealthStub(running.channel)
    for service in ("", *SERVICES):
        assert (await stub.Check(ask(service))).status == Status.NOT_SERVING
    await running.server.activate(lambda: running.system)
    for service in ("", *SERVICES):
        assert (await stub.Check(ask(service))).status == Status.SERVING
    assert set((await stub.List(health_pb2.HealthListRequest())).statuses) == {"", *SERVICES}


async def test_health_of_a_service_that_is_not_here_is_not_found(running: Running) -> None:
    stub = health_pb2_grpc.HealthStub(running.channel)
    assert (await failure(stub.Check(ask("other.Service")))).code == grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(ask("other.Service"))
    assert (await watch.read()).status == Status.SERVICE_UNKNOWN
    watch.cancel()


async def test_a_watch_follows_the_server_and_ends_when_it_drains(start: Start) -> None:
    running = await start(load=False)
    watch = health_pb2_grpc.HealthStub(running.channel).Watch(ask(SERVICES[0]))
    assert (await watch.read()).status == Status.NOT_SERVING
    await running.server.activate(lambda: running.system)
    assert (await watch.read()).status == Status.SERVING
    draining = asyncio.create_task(running.server.drain())
    assert (await watch.read()).status == Status.NOT_SERVING
    assert await asyncio.wait_for(watch.read(), 5) == grpc.aio.EOF
    await draining
