"""A call that ends without the message that its method takes is answered, whatever the method."""

from __future__ import annotations

import grpc
import pytest
from fuzz_calls import STREAMS, UNARY, WATCH, FuzzCall
from server_wire import Running


async def ends(running: Running, call: FuzzCall) -> tuple[grpc.StatusCode, str]:
    """Code and text of what the call ends with."""
    made = running.channel.stream_stream(call.method)(iter(call.messages), timeout=20)
    try:
        assert [answer async for answer in made] == []
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return await made.code(), ""


@pytest.mark.parametrize("method", [*UNARY, WATCH])
async def test_a_method_of_one_message_misses_it(running: Running, method: str) -> None:
    code, text = await ends(running, FuzzCall(method, ()))
    assert (code, text) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "request is missing: this method takes one message",
    )


@pytest.mark.parametrize("method", STREAMS)
async def test_a_stream_without_a_message_is_a_short_one(running: Running, method: str) -> None:
    assert await ends(running, FuzzCall(method, ())) == (grpc.StatusCode.OK, "")
