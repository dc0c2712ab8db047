"""The gRPC server accepts calls whatever their paths are, and the private parts of grpcio that it uses are there."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from connected import connected
from grpc._cython import cygrpc

from shortlist_server.rpc.grpc_server import grpc_server


class Nothing(grpc.aio.ServerInterceptor):
    """Lets every call pass."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        return await continuation(handler_call_details)


@pytest.fixture
async def channel() -> AsyncIterator[grpc.aio.Channel]:
    async def echo(request: bytes, context: Any) -> bytes:
        return request

    server = grpc_server(Nothing(), [])
    server.add_registered_method_handlers("test.Service", {"Echo": grpc.unary_unary_rpc_method_handler(echo)})
    async with connected(server) as (channel, _):
        yield channel
    await server.wait_for_termination()  # raises what ended the server by itself


@pytest.mark.parametrize(
    "path", [b"/\xff\xfe", b"\xc3\x28", b"/test.Service/\xed\xa0\x80", b"/test.Service/Other", b"x"]
)
async def test_a_path_that_nobody_serves_is_unimplemented_and_other_calls_go_on(
    channel: grpc.aio.Channel, path: bytes
) -> None:
    echo = channel.unary_unary("/test.Service/Echo")
    before = asyncio.gather(*(echo(b"%d" % i) for i in range(20)))
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await channel.unary_unary(path)(b"")  # type: ignore[arg-type]  # paths are text, but not for everybody
    assert ended.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert await before == [b"%d" % i for i in range(20)]
    assert await echo(b"after") == b"after"


async def test_more_calls_at_once_than_are_accepted_at_once_are_all_answered(channel: grpc.aio.Channel) -> None:
    echo = channel.unary_unary("/test.Service/Echo")
    assert await asyncio.gather(*(echo(b"%d" % i) for i in range(500))) == [b"%d" % i for i in range(500)]


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (
            cygrpc._handle_rpc,
            ["method_name", "method_resolver", "interceptors", "rpc_state", "loop", "concurrency_exceeded"],
        ),
        (cygrpc._schedule_rpc_coro, ["rpc_coro", "rpc_state", "loop", "method_name"]),
    ],
)
def test_private_functions_of_grpcio_are_as_this_server_calls_them(function: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize("name", ["_make_request_call_future", "_request_call", "_request_registered_call"])
def test_private_methods_of_grpcio_are_there(name: str) -> None:
    assert callable(getattr(cygrpc.AioServer, name))
