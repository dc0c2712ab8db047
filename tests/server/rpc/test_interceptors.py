"""How calls end that none of our own services makes end so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
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


async def test_a_handler_that_answers_with_a_status_itself_counts_with_that() -> None:
    async def aborts(request: bytes, context: Any) -> None:
        await context.abort(grpc.StatusCode.DATA_LOSS, "said by the handler")

    told = Told()
    server = grpc.aio.server(interceptors=[Interceptor(middleware(Lifecycle(), None, told), told)])
    handler = grpc.unary_unary_rpc_method_handler(aborts, lambda data: data, lambda data: data)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Service", {"Method": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await channel.unary_unary(METHOD)(b"")
    await server.stop(0)
    assert ended.value.code() == grpc.StatusCode.DATA_LOSS
    assert told.calls == ["started", "DATA_LOSS"]


@pytest.mark.parametrize(("left", "code"), [(None, "CANCELLED"), (5.0, "CANCELLED"), (0.001, "DEADLINE_EXCEEDED")])
async def test_a_stream_that_grpc_asks_no_more_of_counts_once(left: float | None, code: str) -> None:
    async def endless(requests: object, context: object) -> AsyncIterator[int]:
        while True:
            yield 1

    async def found(details: object) -> Any:
        return grpc.stream_stream_rpc_method_handler(endless)

    told = Told()
    details: Any = SimpleNamespace(method=METHOD)
    handler: Any = await Interceptor(middleware(Lifecycle(), None, told), told).intercept_service(found, details)
    answers = handler.stream_stream(None, SimpleNamespace(time_remaining=lambda: left))
    assert await anext(answers) == 1
    await answers.aclose()
    assert told.calls == ["started", code]
