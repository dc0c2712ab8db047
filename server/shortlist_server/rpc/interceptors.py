"""The interceptor: surrounds every call with the middleware, whatever the method. `middleware` lists them in order.

A request is received inside of the middleware. So a call that the middleware refuses costs no message.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import Any, cast

import grpc

from shortlist_core.errors import AnswerTooLargeError, InvalidArgumentError
from shortlist_server.base.metrics import Metrics
from shortlist_server.pipeline.request import CallerGoneError
from shortlist_server.rpc.in_flight import PARSED, Held, InFlight
from shortlist_server.rpc.messages import Malformed, Parser, malformed

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(slots=True, eq=False)
class Call:
    """One call, as the middleware sees it."""

    method: str  # full name, with a slash in front
    context: Context
    started: float = field(default_factory=time.perf_counter)
    request: Any = None  # the message of a unary call, once it has been received and parsed; None for streams
    response: Any = None  # the answer of a unary call; None before it, and for streams
    sent: bytes | None = None  # the answer of a unary call as it is sent; None before it, and for streams
    held: Held = field(default_factory=Held)  # what the call holds, once `bound_memory` has counted it
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


class Interceptor(grpc.aio.ServerInterceptor):
    """Wraps the handler of each method once. No exception and no cancellation passes it, only statuses do."""

    def __init__(self, middleware: Sequence[Middleware], metrics: Metrics, in_flight: InFlight, max_bytes: int) -> None:
        self._middleware = middleware
        self._metrics = metrics
        self._in_flight = in_flight
        self._max_bytes = max_bytes  # of a response
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
        """The handler as gRPC sees it: it is given bytes, gives bytes, and reads them when it is ready to."""
        self._metrics.serves(method, handler.request_streaming, handler.response_streaming)
        parser, serialize = Parser(method, handler.request_deserializer), handler.response_serializer
        if not handler.response_streaming:
            one = self._one(handler.unary_unary, parser, serialize)
            return grpc.stream_unary_rpc_method_handler(self._surrounded(method, one))
        receive = self._requests if handler.request_streaming else self._request
        behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream
        many = self._many(behaviour, partial(receive, parser), serialize)
        return grpc.stream_stream_rpc_method_handler(self._surrounded(method, many))

    def _surrounded(self, method: str, answer: Proceed) -> Callable[[object, Context], Awaitable[bytes | None]]:
        """`answer` within all middleware, made once for each method, because a call pays for every layer."""
        proceed = reduce(lambda inner, middleware: partial(middleware, inner), reversed(self._middleware), answer)

        async def handle(_: object, context: Context) -> bytes | None:
            call = Call(method, context)
            try:
                await proceed(call)
                return call.sent
            except grpc.aio.AbortError as error:
                # gRPC keeps the error, and its frames would keep the request until the garbage collector comes.
                call.request = call.response = call.sent = error.__context__ = None
                raise error.with_traceback(None) from None

        return handle

    def _one(
        self, behaviour: Callable[[Any, Context], Awaitable[Any]], parser: Parser, serialize: Callable[[Any], bytes]
    ) -> Proceed:
        async def answer(call: Call) -> None:
            call.request = await self._request(parser, call)
            call.response = await behaviour(call.request, call.context)
            call.sent = self._sendable(serialize(call.response))
            self._in_flight.hold(call.held, len(call.sent))
            self._in_flight.await_caller(call.held, "reader")

        return answer

    def _many(
        self,
        behaviour: Callable[[Any, Context], AsyncIterator[Any]],
        receive: Callable[[Call], Any],
        serialize: Callable[[Any], bytes],
    ) -> Proceed:
        async def answer(call: Call) -> None:
            received = receive(call)
            request = received if isinstance(received, AsyncIterator) else await received
            async with aclosing(cast(Any, behaviour(request, call.context))) as responses:
                async for response in responses:
                    await self._send(call, self._sendable(serialize(response)))

        return answer

    async def _request(self, parser: Parser, call: Call) -> Any:
        """The only message of a call. Raises InvalidArgumentError where there is none, or one that is malformed."""
        data: Any = await self._in_flight.receive(call.held, call.context.read)
        if data is grpc.aio.EOF:
            raise malformed("is missing: this method takes one message")
        self._in_flight.hold(call.held, PARSED * len(data))
        return await parser.parse(data)

    async def _requests(self, parser: Parser, call: Call) -> AsyncIterator[Any]:
        """The messages of a stream. A malformed one is a Malformed."""
        call.held.is_stream = True
        while True:
            self._in_flight.await_caller(call.held, "message")
            data = await call.context.read()
            if data is grpc.aio.EOF:
                return
            self._in_flight.receive_next(call.held, PARSED * len(data))
            try:
                message = await parser.parse(data)
            except InvalidArgumentError:
                message = Malformed()
            yield message

    async def _send(self, call: Call, data: bytes) -> None:
        """Send one response of a stream. Raises CallerGoneError where it cannot reach the caller any more."""
        self._in_flight.hold(call.held, len(data))
        self._in_flight.await_caller(call.held, "reader")
        try:
            await call.context.write(data)
        except grpc.aio.InternalError:
            raise CallerGoneError from None
        finally:
            self._in_flight.release(call.held, len(data))
            self._in_flight.answered(call.held)

    def _sendable(self, data: bytes) -> bytes:
        """The bytes of a response. Raises AnswerTooLargeError for one that gRPC would not send."""
        if len(data) > self._max_bytes:
            raise AnswerTooLargeError(len(data), self._max_bytes)
        return data
