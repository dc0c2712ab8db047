"""Nothing is paid before admission, and callers that send or read nothing are let go."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from connected import connected
from google.protobuf.wrappers_pb2 import StringValue

from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.grpc_server import grpc_server
from shortlist_server.rpc.in_flight import CALL_BYTES, PARSED, InFlight
from shortlist_server.rpc.interceptors import Interceptor
from shortlist_server.rpc.middleware import middleware

METHOD = "/shortlist.v1.Test/Method"
Behaviour = Callable[[StringValue, Any], Any]


@asynccontextmanager
async def serving(
    make: Any, behaviour: Behaviour, authority: Authority | None = None, **values: Any
) -> AsyncIterator[tuple[grpc.aio.Channel, InFlight]]:
    """A channel to a server of one method with these settings."""
    settings = Settings.of(bundles="", state="", **values)
    in_flight, metrics = InFlight(settings), Metrics()
    around = middleware(Lifecycle(), authority, metrics, in_flight)
    server = grpc_server(Interceptor(around, metrics, in_flight, settings.max_message_bytes), [])
    handler = make(behaviour, StringValue.FromString, StringValue.SerializeToString)
    server.add_registered_method_handlers("shortlist.v1.Test", {"Method": handler})
    watching = asyncio.create_task(in_flight.watch())
    async with connected(server) as (channel, _):
        yield channel, in_flight
    watching.cancel()


async def echo(request: StringValue, context: Any) -> StringValue:
    return request


async def refusal(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call
    code: grpc.StatusCode = ended.value.code()
    return code


async def test_what_calls_hold_is_counted_while_they_last_and_not_after() -> None:
    held: list[int] = []

    async def look(request: StringValue, context: Any) -> StringValue:
        held.append(in_flight.bytes)
        return request

    async with serving(grpc.unary_unary_rpc_method_handler, look) as (channel, in_flight):
        data = StringValue(value="x" * 1000).SerializeToString()
        await channel.unary_unary(METHOD)(data)
        assert held == [CALL_BYTES + PARSED * len(data)]
        while in_flight.bytes:
            await asyncio.sleep(0)


async def test_calls_that_hold_too_much_together_are_refused_and_smaller_ones_are_not() -> None:
    async with serving(grpc.unary_unary_rpc_method_handler, echo, max_bytes_in_flight=1 << 20) as (channel, _):
        ask = channel.unary_unary(METHOD)
        large, small = (StringValue(value="x" * size).SerializeToString() for size in (300_000, 1_000))
        assert await refusal(ask(large)) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await ask(small) == small


async def test_without_a_token_no_message_is_read() -> None:
    async def never(request: StringValue, context: Any) -> StringValue:
        raise AssertionError

    async with serving(grpc.unary_unary_rpc_method_handler, never, Authority([])) as (channel, _):
        call = channel.stream_unary(METHOD)()  # sends nothing, and is refused all the same
        assert await asyncio.wait_for(refusal(call), 10) == grpc.StatusCode.UNAUTHENTICATED


async def test_a_call_without_a_message_is_invalid() -> None:
    async with serving(grpc.unary_unary_rpc_method_handler, echo) as (channel, _):
        call = channel.stream_unary(METHOD)(iter(()))
        assert await asyncio.wait_for(refusal(call), 10) == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_caller_that_does_not_send_its_request_is_let_go() -> None:
    async with serving(grpc.unary_unary_rpc_method_handler, echo, receive_seconds=0.2) as (channel, in_flight):
        call = channel.stream_unary(METHOD)()
        assert await refusal(call) == grpc.StatusCode.DEADLINE_EXCEEDED
        assert "did not send its request" in await call.details()
        while in_flight.bytes:
            await asyncio.sleep(0)


async def test_a_caller_that_does_not_read_is_let_go() -> None:
    async def endless(request: StringValue, context: Any) -> AsyncIterator[StringValue]:
        while True:
            yield StringValue(value="x" * 100_000)

    async with serving(grpc.unary_stream_rpc_method_handler, endless, send_seconds=0.2) as (channel, in_flight):
        call = channel.unary_stream(METHOD)(b"")
        await call.read()
        while in_flight.bytes:
            await asyncio.sleep(0)
        del call


async def test_a_stream_without_messages_is_let_go() -> None:
    async def each(requests: AsyncIterator[StringValue], context: Any) -> AsyncIterator[StringValue]:
        async for request in requests:
            yield request

    async with serving(grpc.stream_stream_rpc_method_handler, each, stream_idle_seconds=0.2) as (channel, _):
        call = channel.stream_stream(METHOD)()
        await call.write(b"")
        assert await call.read() == b""
        assert await call.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_slow_requests_give_way_to_those_that_wait() -> None:
    async with serving(grpc.unary_unary_rpc_method_handler, echo) as (channel, _):
        slow = [channel.stream_unary(METHOD)() for _ in range(40)]
        await asyncio.gather(*(call.wait_for_connection() for call in slow))
        assert await asyncio.wait_for(channel.unary_unary(METHOD)(b""), 10) == b""
        for call in slow:
            call.cancel()


async def test_an_answer_that_is_too_large_is_refused_with_its_size() -> None:
    async def much(request: StringValue, context: Any) -> StringValue:
        return StringValue(value="x" * 5_000)

    async with serving(grpc.unary_unary_rpc_method_handler, much, max_message_bytes=4_096) as (channel, _):
        call = channel.unary_unary(METHOD)(b"")
        assert await refusal(call) == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger than a message may be" in await call.details()


async def test_a_refused_request_is_not_kept_until_the_garbage_collector_comes() -> None:
    kept: list[weakref.ref[Any]] = []

    class Holder:
        pass

    async def refuse(request: StringValue, context: Any) -> StringValue:
        holder = Holder()
        kept.append(weakref.ref(holder))
        raise ValueError(holder)

    gc.disable()
    try:
        async with serving(grpc.unary_unary_rpc_method_handler, refuse) as (channel, _):
            assert await refusal(channel.unary_unary(METHOD)(b"")) == grpc.StatusCode.INTERNAL
            for _ in range(1_000):
                if kept[0]() is None:
                    break
                await asyncio.sleep(0.01)
            assert kept[0]() is None
    finally:
        gc.enable()
