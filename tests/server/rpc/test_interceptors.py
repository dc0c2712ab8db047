"""How calls end that none of our own services makes end so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import grpc
import pytest

from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.rpc.grpc_server import grpc_server
from shortlist_server.rpc.in_flight import InFlight
from shortlist_server.rpc.interceptors import Interceptor
from shortlist_server.rpc.middleware import middleware

METHOD = "/test.Service/Method"


class Told(Metrics):
    """Keeps what it is told of calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def started(self, method: str) -> None:
        self.calls.append("started")

    def handled(self, method: str, code: str, seconds: float) -> None:
        self.calls.append(code)


@asynccontextmanager
async def serving(handler: Any, told: Told) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a server of one method within the middleware."""
    in_flight = InFlight(Settings.of(bundles="", state=""))
    server = grpc_server(Interceptor(middleware(Lifecycle(), None, told, in_flight), told, in_flight, 1 << 20), [])
    server.add_registered_method_handlers("test.Service", {"Method": handler})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.stop(0)


async def test_a_handler_that_answers_with_a_status_itself_counts_with_that() -> None:
    async def aborts(request: bytes, context: Any) -> None:
        await context.abort(grpc.StatusCode.DATA_LOSS, "said by the handler")

    told = Told()
    async with serving(grpc.unary_unary_rpc_method_handler(aborts, lambda data: data, lambda data: data), told) as to:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await to.unary_unary(METHOD)(b"")
    assert ended.value.code() == grpc.StatusCode.DATA_LOSS
    assert told.calls == ["started", "DATA_LOSS"]


@pytest.mark.parametrize(
    ("seconds", "code", "counted"),
    [(60.0, grpc.StatusCode.CANCELLED, "CANCELLED"), (0.3, grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")],
)
@pytest.mark.parametrize("reads", [True, False])
async def test_a_stream_whose_caller_is_gone_counts_once_with_what_the_caller_saw(
    seconds: float, code: grpc.StatusCode, counted: str, reads: bool
) -> None:
    closed = asyncio.Event()

    async def endless(requests: object, context: object) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b" " * 100_000  # a caller that does not read lets the writer wait
        finally:
            closed.set()

    told = Told()
    async with serving(
        grpc.stream_stream_rpc_method_handler(endless, lambda data: data, lambda data: data), told
    ) as to:
        call = to.stream_stream(METHOD)(timeout=seconds)
        await call.read()
        if counted == "CANCELLED":
            call.cancel()
        while reads and not call.done():
            with suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
                await call.read()
        assert await call.code() == code
        await closed.wait()
        while len(told.calls) < 2:
            await asyncio.sleep(0)
    assert told.calls == ["started", counted]
