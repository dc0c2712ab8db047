"""The middleware around every call, in one ordered list: statuses, log line, the server's end, tokens, admission."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext
from typing import NoReturn

import grpc
import structlog

from shortlist_core.errors import DeadlineError, SlowCallerError, UnavailableError
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.logs import hashed
from shortlist_server.base.metrics import Metrics
from shortlist_server.pipeline.request import CallerGoneError
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.caller import tenant_of_call
from shortlist_server.rpc.gate import is_refusable
from shortlist_server.rpc.in_flight import InFlight
from shortlist_server.rpc.interceptors import Call, Context, Middleware, Proceed
from shortlist_server.rpc.status import Ending, ending

log = structlog.get_logger(__name__)

_CLOCKS_SECONDS = 0.01  # how much earlier than the server a client may see the deadline pass

_SEVERITY = {  # every other status is the caller's own doing, and logged as info
    grpc.StatusCode.OK: logging.DEBUG,
    grpc.StatusCode.INTERNAL: logging.ERROR,
    grpc.StatusCode.UNAVAILABLE: logging.WARNING,
    grpc.StatusCode.RESOURCE_EXHAUSTED: logging.WARNING,
    grpc.StatusCode.DEADLINE_EXCEEDED: logging.WARNING,
}


class _EndedError(Exception):
    """The call has its ending, which is still to be sent."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending


def middleware(
    lifecycle: Lifecycle,
    authority: Authority | None,
    metrics: Metrics,
    in_flight: InFlight,
) -> list[Middleware]:
    """All middleware, the outermost first. Without an authority everybody may call."""
    return [
        send_status(),
        count_and_log(metrics),
        find_status(lifecycle),
        wait_where_held(lifecycle),
        *([authenticate(authority)] if authority else []),
        admit(lifecycle),
        bound_memory(in_flight),
    ]


def send_status() -> Middleware:
    """Send the status of a call without an answer. It is counted before, so whoever sees it finds it counted."""

    async def sending(proceed: Proceed, call: Call) -> None:
        try:
            await proceed(call)
        except _EndedError as ended:
            await call.context.abort(call.code, ended.ending.message, ended.ending.trailers)

    return sending


def count_and_log(metrics: Metrics) -> Middleware:
    """Count each call at its start and at its end, and log it at its end."""

    async def counting(proceed: Proceed, call: Call) -> None:
        metrics.started(call.method)
        try:
            await proceed(call)
        finally:
            seconds = time.perf_counter() - call.started
            metrics.of(tenant_of_call()).handled(call.method, call.code.name, seconds)
            _log(call, seconds)

    return counting


def find_status(lifecycle: Lifecycle) -> Middleware:
    """Turn an error into the call's status. A cancellation becomes a status too, or gRPC would not answer at all."""

    async def finding(proceed: Proceed, call: Call) -> None:
        context = call.context
        try:
            await proceed(call)
        except grpc.aio.AbortError:  # answered already
            call.code = context.code()
            raise
        except asyncio.CancelledError:
            if context.cancelled():
                _leave(call)
            _end(call, _why_cancelled(call, lifecycle))
        except CallerGoneError:
            _leave(call)
        except Exception as error:
            _end(call, error)

    return finding


def wait_where_held(lifecycle: Lifecycle) -> Middleware:
    """Hold a call that arrives in the last moment of a server until it can be refused."""

    async def waiting(proceed: Proceed, call: Call) -> None:
        if call.is_ours:
            await lifecycle.turn()
        await proceed(call)

    return waiting


def authenticate(authority: Authority) -> Middleware:
    """Refuse calls that the authority does not allow."""

    async def authenticating(proceed: Proceed, call: Call) -> None:
        metadata = dict(call.context.invocation_metadata() or ())
        authority.check(call.method, metadata.get("authorization"))
        await proceed(call)

    return authenticating


def admit(lifecycle: Lifecycle) -> Middleware:
    """Refuse new calls while the server drains, but for health and reflection, and let it wait for accepted calls."""

    async def admitting(proceed: Proceed, call: Call) -> None:
        with lifecycle.call() if call.is_ours else nullcontext():
            await proceed(call)

    return admitting


def bound_memory(in_flight: InFlight) -> Middleware:
    """Count what the call holds until gRPC has sent its end. Refuse it where all calls hold too much together."""

    async def bounding(proceed: Proceed, call: Call) -> None:
        call.held.tenant = tenant_of_call()
        call.held.refusable = is_refusable(call.method)
        in_flight.begin(call.held)
        held = call.held  # the call itself refers to messages
        call.context.add_done_callback(lambda _: in_flight.end(held))  # type: ignore[arg-type]  # it needs no name
        await proceed(call)

    return bounding


def _leave(call: Call) -> NoReturn:
    """End the call without an answer, because its caller is gone; raises AbortError."""
    call.code = _seen_by_caller(call.context)
    raise grpc.aio.AbortError from None


def _end(call: Call, error: Exception) -> NoReturn:
    """End the call with the error's status; raises _EndedError."""
    ended = ending(error)
    call.code, call.reason = ended.code, getattr(error, "reason", "INTERNAL")
    raise _EndedError(ended) from None


def _why_cancelled(call: Call, lifecycle: Lifecycle) -> Exception:
    if call.held.let_go:
        return SlowCallerError(call.held.let_go)
    if _late(call.context):
        return DeadlineError("answer")
    if lifecycle.draining.is_set():
        return UnavailableError("DRAINING", "this server shut down before it had the answer")
    return CallerGoneError()


def _log(call: Call, seconds: float) -> None:
    if log.is_enabled_for(severity := _SEVERITY.get(call.code, logging.INFO)):
        log.log(
            severity,
            "call",
            method=call.method,
            code=call.code.name,
            millis=round(seconds * 1000, 2),
            request_id=getattr(call.response, "request_id", "") or getattr(call.request, "request_id", ""),
            user=hashed(getattr(call.request, "user_id", "")),
            **({"tenant": tenant} if (tenant := tenant_of_call()) else {}),
            **({"reason": call.reason} if call.reason else {}),
        )


def _seen_by_caller(context: Context) -> grpc.StatusCode:
    """The status that a caller who is gone has seen."""
    return grpc.StatusCode.DEADLINE_EXCEEDED if _late(context) else grpc.StatusCode.CANCELLED


def _late(context: Context) -> bool:
    """Whether the deadline ended the call. gRPC then cancels the call, as it does when the caller leaves."""
    seconds = context.time_remaining()
    return seconds is not None and seconds < _CLOCKS_SECONDS
