"""How calls end that none of our own services makes end so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import grpc
import pytest
from connected import connected

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


def unary(behaviour: Any) -> Any:
    """The handler of a method that takes bytes and gives bytes."""
    return grpc.unary_unary_rpc_method_handler(behaviour, lambda data: data, lambda data: data)


def one_method(handler: Any, told: Told) -> grpc.aio.Server:
    """A server of one method within the middleware."""
    in_flight = InFlight(Settings.of(bundles="", state=""))
    server = grpc_server(Interceptor(middleware(Lifecycle(), None, told, in_flight), told, in_flight, 1 << 20), [])
    server.add_registered_method_handlers("test.Service", {"Method": handler})
    return server


async def test_a_handler_that_answers_with_a_status_itself_counts_with_that() -> None:
    async def aborts(request: bytes, context: Any) -> None:
        await context.abort(grpc.StatusCode.DATA_LOSS, "said by the handler")

    told = Told()
    async with connected(one_method(unary(aborts), told)) as (to, _):
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await to.unary_unary(METHOD)(b"")
    assert ended.value.code() == grpc.StatusCode.DATA_LOSS
    assert told.calls == ["started", "DATA_LOSS"]


async def test_an_error_is_counted_before_its_caller_sees_it() -> None:
    seen, seen_before_counted = threading.Event(), []

    class Waiting(Told):
        def handled(self, method: str, code: str, seconds: float) -> None:
            seen_before_counted.append(seen.wait(0.2))

    async def breaks(request: bytes, context: Any) -> None:
        raise KeyError

    async with connected(one_method(unary(breaks), Waiting())) as (_, address):

        def call() -> None:  # in a thread, so that an answer is seen while the server's loop waits
            with grpc.insecure_channel(address) as channel, suppress(grpc.RpcError):
                channel.unary_unary(METHOD)(b"", timeout=30)
            seen.set()

        await asyncio.to_thread(call)
    assert seen_before_counted == [False]


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
    handler = grpc.stream_stream_rpc_method_handler(endless, lambda data: data, lambda data: data)
    async with connected(one_method(handler, told)) as (to, _):
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
