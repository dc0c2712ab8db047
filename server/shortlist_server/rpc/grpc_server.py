"""The gRPC server: that of grpc.aio, but it accepts calls in loops of its own.

grpc.aio accepts one call after the other. One path that is not UTF-8 ends its loop, and all calls with it (as of grpcio
1.85.1). And a busy event loop accepts so few calls that gRPC's core cancels others that wait. Here several calls of a
method are accepted at once, and a path is never decoded: whatever is not a registered method is UNIMPLEMENTED.

This uses private parts of grpcio, so pyproject.toml bounds its version, and tests/server/rpc/test_grpc_server.py fails
where they change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, cast

import grpc
from grpc._cython import cygrpc
from grpc.aio._server import Server

from shortlist_server.pipeline.request import Place
from shortlist_server.rpc.caller import placed
from shortlist_server.rpc.gate import Gate
from shortlist_server.rpc.status import Ending
from shortlist_server.rpc.wakeups import read_at_once

_AT_ONCE = 16  # calls of one method that are accepted in one turn of the event loop
_GATED_AT_ONCE = 256  # of a method that the gate guards: it can only refuse in time what has been accepted
_UNKNOWN = "(unknown)"

_task: ContextVar[asyncio.Task[None]] = ContextVar("task")


def rpc_task() -> asyncio.Task[None]:
    """The task of the call under way. Once it is cancelled, gRPC resets the call's stream and frees what it holds."""
    return _task.get()


def grpc_server(
    interceptor: grpc.aio.ServerInterceptor, options: Sequence[tuple[str, int]], gate: Gate | None = None
) -> grpc.aio.Server:
    """A server with one interceptor. Its services have to be added as registered methods, as generated code does.

    Calls that the gate refuses never reach the interceptor.
    """
    return cast(grpc.aio.Server, _Server(interceptor, options, gate))


class _Server(Server):
    def __init__(
        self, interceptor: grpc.aio.ServerInterceptor, options: Sequence[tuple[str, int]], gate: Gate | None
    ) -> None:
        # The constructor of the base class would make another core.
        self._loop = cygrpc.get_working_loop()
        self._server = _Core(gate, self._loop, None, (), (interceptor,), options, None)


class _Core(cygrpc.AioServer):  # type: ignore[misc]
    def __init__(self, gate: Gate | None, loop: asyncio.AbstractEventLoop, *rest: Any) -> None:
        super().__init__(loop, *rest)
        read_at_once(loop)
        self._gate = gate
        self._event_loop = loop
        self._around = rest[2]
        self._registered: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def add_registered_method_handlers(self, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        super().add_registered_method_handlers(handlers)
        self._registered.update(handlers)

    def _make_request_call_future(self, method: bytes | None) -> asyncio.Task[None]:
        """What grpc.aio waits for: there the next call, here a loop that ends with the server, by an error."""
        return self._event_loop.create_task(self._accept_all(method))

    async def _accept_all(self, method: bytes | None) -> None:
        gated = self._gate is not None and method is not None and self._gate.guards(method.decode())
        await asyncio.gather(*(self._accept(method) for _ in range(_GATED_AT_ONCE if gated else _AT_ONCE)))

    async def _accept(self, method: bytes | None) -> None:
        name = _UNKNOWN if method is None else method.decode()
        resolver = cygrpc._MethodResolver([], self._registered)
        while True:
            state = await (self._request_call() if method is None else self._request_registered_call(method))
            context = cygrpc._ServicerContext(state, None, None, self._event_loop)
            entry = self._gate.enter(name, context) if self._gate else None
            if isinstance(entry, Ending):
                rpc = _refuse(state, entry, self._event_loop)
            else:
                rpc = cygrpc._handle_rpc(name, resolver, self._around, state, self._event_loop, False)
                rpc = _run(cygrpc._schedule_rpc_coro(rpc, state, self._event_loop, name), entry)
            task = self._event_loop.create_task(rpc)
            self._tasks.add(task)  # the event loop itself holds its tasks weakly
            task.add_done_callback(self._tasks.discard)
            del state, context, rpc, task  # a call lives as long as it is referred to


async def _refuse(state: Any, ending: Ending, loop: asyncio.AbstractEventLoop) -> None:
    """End a call with a status and nothing else. It frees what it holds once nobody refers to it."""
    metadata = cygrpc.SendInitialMetadataOperation((), 0)
    with suppress(cygrpc.ExecuteBatchError):  # its caller is gone
        await cygrpc._send_error_status_from_server(
            state, ending.code.value[0], ending.message, ending.trailers, metadata, loop
        )


async def _run(rpc: Awaitable[None], place: Place | None) -> None:
    task = asyncio.current_task()
    assert task is not None
    _task.set(task)
    placed(place)
    try:
        await rpc
    finally:
        if place:
            place.leave()
