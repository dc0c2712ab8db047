"""What surrounds every call, whatever the method: authentication, draining, errors, metrics, the log line."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing, nullcontext
from typing import Any, TypeVar, cast

import grpc
import structlog
from google.protobuf.message import DecodeError

from shortlist_core.errors import DeadlineError, InvalidArgumentError, UnavailableError, Violation
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.observe.logs import hashed
from shortlist_server.observe.metrics import Metrics
from shortlist_server.pipeline.requests import CallerGoneError
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.status import to_code, to_status, to_trailers

R = TypeVar("R")
Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger(__name__)

_CLOCKS_SECONDS = 0.01  # by which a client's clock may end a call before the server's does

_SEVERITY = {  # everything else is the caller's own affair: info
    grpc.StatusCode.OK: logging.DEBUG,
    grpc.StatusCode.INTERNAL: logging.ERROR,
    grpc.StatusCode.UNAVAILABLE: logging.WARNING,
    grpc.StatusCode.RESOURCE_EXHAUSTED: logging.WARNING,
    grpc.StatusCode.DEADLINE_EXCEEDED: logging.WARNING,
}


class Malformed:
    """Stands for a message whose bytes are none; `parsed` raises for it once errors can be answered."""


def parsed(request: R | Malformed) -> R:
    """The request itself; InvalidArgumentError where its bytes were no message of the method."""
    if isinstance(request, Malformed):
        raise InvalidArgumentError([Violation("request", "these bytes are no message of this method")])
    return request


class Guard(grpc.aio.ServerInterceptor):
    """Wraps the handler of each method once. No exception and no cancellation gets past it, only statuses do."""

    def __init__(self, lifecycle: Lifecycle, authority: Authority | None, metrics: Metrics) -> None:
        self._lifecycle = lifecycle
        self._authority = authority
        self._metrics = metrics
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The wrapped handler; None, and so UNIMPLEMENTED, for a method that nobody serves."""
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
        async def unary(request: Any, context: Context) -> Any:
            started = self._begin(method)
            try:
                await self._turn(method)
                with self._admitted(method, context):
                    response = await behaviour(parsed(request), context)
            except (Exception, asyncio.CancelledError) as error:
                return await self._abort(method, request, context, started, error)
            self._end(method, grpc.StatusCode.OK, started, response, request)
            return response

        return unary

    def _stream(self, method: str, behaviour: Callable[[Any, Context], AsyncIterator[Any]]) -> Callable[..., Any]:
        async def stream(request: Any, context: Context) -> AsyncIterator[Any]:
            started = self._begin(method)
            try:
                await self._turn(method)
                with self._admitted(method, context):
                    async with aclosing(cast(Any, behaviour(parsed(request), context))) as responses:
                        async for response in responses:
                            yield response
            except (Exception, asyncio.CancelledError) as error:
                await self._abort(method, request, context, started, error)
                return
            except GeneratorExit:  # gRPC found nobody to send to, and asks for no more
                self._end(method, _left(context), started, None, request)
                raise
            self._end(method, grpc.StatusCode.OK, started, None, request)

        return stream

    async def _turn(self, method: str) -> None:
        if _is_ours(method):
            await self._lifecycle.turn()

    def _admitted(self, method: str, context: Context) -> AbstractContextManager[None]:
        """Room for a call that may be made now. Health and reflection go on while the server drains."""
        if self._authority is not None:
            metadata = dict(context.invocation_metadata() or ())
            self._authority.check(method, metadata.get("authorization"))
        return self._lifecycle.call() if _is_ours(method) else nullcontext()

    async def _abort(self, method: str, request: Any, context: Context, started: float, error: BaseException) -> None:
        """End the call with the error's status. A cancellation must not get out: gRPC would not answer at all."""
        if isinstance(error, grpc.aio.AbortError):  # answered already
            self._end(method, context.code(), started, None, request)
            raise error
        if isinstance(error, asyncio.CancelledError):
            if context.cancelled():
                self._end(method, _left(context), started, None, request)
                raise grpc.aio.AbortError  # nobody is there to be answered
            error = self._why_cancelled(context)
        status = to_status(error)
        self._end(method, to_code(status), started, None, request, reason=getattr(error, "reason", "INTERNAL"))
        await context.abort(to_code(status), status.message, to_trailers(error, status))

    def _why_cancelled(self, context: Context) -> Exception:
        if _late(context):
            return DeadlineError("answer")
        if self._lifecycle.draining.is_set():
            return UnavailableError("DRAINING", "this server shut down before it had the answer")
        return CallerGoneError()

    def _begin(self, method: str) -> float:
        """Count a call that has come; when that was."""
        self._metrics.started(method)
        return time.perf_counter()

    def _end(
        self, method: str, code: grpc.StatusCode, started: float, response: Any, request: Any, **more: str
    ) -> None:
        """Count and log a call that has ended."""
        seconds = time.perf_counter() - started
        self._metrics.handled(method, code, seconds)
        if log.is_enabled_for(severity := _SEVERITY.get(code, logging.INFO)):
            log.log(
                severity,
                "call",
                method=method,
                code=code.name,
                millis=round(seconds * 1000, 2),
                request_id=getattr(response, "request_id", "") or getattr(request, "request_id", ""),
                user=hashed(getattr(request, "user_id", "")),
                **more,
            )


def _is_ours(method: str) -> bool:
    return method.startswith("/shortlist.")


def _tolerant(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """`deserialize`, but broken bytes give a Malformed: where gRPC calls it an exception would end as UNKNOWN."""

    def tolerant(data: bytes) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            return Malformed()

    return tolerant


def _left(context: Context) -> grpc.StatusCode:
    """What a caller who is gone saw."""
    return grpc.StatusCode.DEADLINE_EXCEEDED if _late(context) else grpc.StatusCode.CANCELLED


def _late(context: Context) -> bool:
    """Whether it was the deadline that ended a call: gRPC then cancels it as if its caller had left."""
    seconds = context.time_remaining()
    return seconds is not None and seconds < _CLOCKS_SECONDS
