"""The interceptor: surrounds every call with the middleware, whatever the method. `middleware` lists them in order."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import DecodeError

from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_server.base.metrics import Metrics
from shortlist_server.pipeline.request import CallerGoneError

R = TypeVar("R")
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(slots=True, eq=False)
class Call:
    """One call, as the middleware sees it."""

    method: str  # full name, with a slash in front
    request: Any  # the message, a Malformed, or the iterator of a stream's messages
    context: Context
    started: float = field(default_factory=time.perf_counter)
    response: Any = None  # the answer of a unary call; None before it, and for streams
    code: grpc.StatusCode = grpc.StatusCode.OK  # the status that the call ends with
    reason: str = ""  # the reason of the error that the call ends with

    @property
    def is_ours(self) -> bool:
        """Whether the method belongs to Shortlist. Health and reflection do not, and go on while the server drains."""
        return self.method.startswith("/shortlist.")


Proceed = Callable[[Call], Awaitable[None]]
"""Goes on with a call: returns when it has been answered, raises when it ends in any other way."""

Middleware = Callable[[Proceed, Call], Awaitable[None]]
"""Surrounds a call: does its part before and after it goes on, or raises instead of going on."""


class Malformed:
    """Stands for a request whose bytes are no message. `parsed` raises for it, where the error can become a status."""


def parsed(request: R | Malformed) -> R:
    """The request itself. Raises InvalidArgumentError where its bytes were no message of the method."""
    if isinstance(request, Malformed):
        raise InvalidArgumentError([Violation("request", "these bytes are no message of this method")])
    return request


class Interceptor(grpc.aio.ServerInterceptor):
    """Wraps the handler of each method once. No exception and no cancellation passes it, only statuses do."""

    def __init__(self, middleware: Sequence[Middleware], metrics: Metrics) -> None:
        self._middleware = middleware
        self._metrics = metrics
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The wrapped handler; None for a method that nobody serves, which gRPC answers with UNIMPLEMENTED."""
        method = handler_call_details.method
        if method not in self._wrapped:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._wrapped[method] = self._wrap(method, handler)
        return self._wrapped[method]

    def _wrap(self, method: str, handler: Any) -> grpc.RpcMethodHandler[Any, Any]:
        one, many = self._unary, self._stream
        arity: dict[tuple[bool, bool], tuple[Callable[..., grpc.RpcMethodHandler[Any, Any]], Any, Any]] = {
            (False, False): (grpc.unary_unary_rpc_method_handler, one, handler.unary_unary),
            (False, True): (grpc.unary_stream_rpc_method_handler, many, handler.unary_stream),
            (True, True): (grpc.stream_stream_rpc_method_handler, many, handler.stream_stream),
        }
        make, wrap, behaviour = arity[handler.request_streaming, handler.response_streaming]
        self._metrics.serves(method, handler.request_streaming, handler.response_streaming)
        return make(
            wrap(method, behaviour),
            request_deserializer=_tolerant(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _unary(self, method: str, behaviour: Callable[[Any, Context], Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def answer(call: Call) -> None:
            call.response = await behaviour(parsed(call.request), call.context)

        surrounded = self._surround(answer)

        async def unary(request: Any, context: Context) -> Any:
            call = Call(method, request, context)
            await surrounded(call)
            return call.response

        return unary

    def _stream(
        self, method: str, behaviour: Callable[[Any, Context], AsyncIterator[Any]]
    ) -> Callable[..., Awaitable[None]]:
        async def answer(call: Call) -> None:
            async with aclosing(cast(Any, behaviour(parsed(call.request), call.context))) as responses:
                async for response in responses:
                    await _write(call.context, response)

        surrounded = self._surround(answer)

        async def stream(request: Any, context: Context) -> None:
            await surrounded(Call(method, request, context))

        return stream

    def _surround(self, answer: Proceed) -> Proceed:
        """`answer` within all middleware, made once for each method, because a call pays for every layer."""
        return reduce(lambda inner, middleware: partial(middleware, inner), reversed(self._middleware), answer)


async def _write(context: Context, response: Any) -> None:
    """Send one response of a stream. Raises CallerGoneError where it cannot reach the caller any more."""
    try:
        await context.write(response)
    except grpc.aio.InternalError:
        raise CallerGoneError from None


def _tolerant(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """`deserialize`, but broken bytes give a Malformed. gRPC would turn an exception at that point into UNKNOWN."""

    def tolerant(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return Malformed()

    return tolerant
