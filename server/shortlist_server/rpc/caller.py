"""Callers: who makes a call, by the name of its token or else by its address, and for which tenant."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import grpc

from shortlist_core.addresses import is_loopback
from shortlist_core.errors import PermissionDeniedError
from shortlist_server.pipeline.request import Place, RequestContext

_token: ContextVar[str] = ContextVar("token", default="")  # of the call that this task handles
_tenant: ContextVar[str] = ContextVar("tenant", default="")
_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)
_charge: ContextVar[Callable[[int], None]] = ContextVar("charge", default=lambda queries: None)
_place: ContextVar[Place | None] = ContextVar("place", default=None)


def belongs_to(tenant: str) -> None:
    """Note the tenant of the call under way."""
    _tenant.set(tenant)


def authenticated(token: str, check: Callable[[], None], charge: Callable[[int], None] = lambda queries: None) -> None:
    """Note who makes the call under way with which token, what checks the token again, and what charges it.

    A call is a task of its own in grpc.aio, so calls do not see each other's notes.
    """
    _token.set(token)
    _check.set(check)
    _charge.set(charge)


def placed(place: Place | None) -> None:
    """Note the place among the pending requests that the call under way has got."""
    _place.set(place)


def check_again() -> None:
    """Check the token of a call that lasts: it may have been revoked, or have expired, since the call began.

    Raises UnauthenticatedError or PermissionDeniedError then, the latter also where the token has got another tenant.
    Where no tokens are asked for, this returns.
    """
    tenant = _tenant.get()
    _check.get()()
    if _tenant.get() != tenant:
        raise PermissionDeniedError("this token belongs to another tenant now")


def of_tenant(text: str) -> str:
    """The text, so that no other tenant has the same. Without tenants it stays as it is."""
    tenant = _tenant.get()
    return f"{tenant}/{text}" if tenant else text


def tenant_of_call() -> str:
    """The tenant of the call under way; empty on a server without tenants, and before the token is known."""
    return _tenant.get()


def charge(queries: int) -> None:
    """Charge the token of the call for so many queries beside the one that its start was charged for.

    Raises QuotaError where the token's quota is used up. Where no tokens are asked for, this returns.
    """
    if queries > 0:
        _charge.get()(queries)


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The caller: the name of its token where the server asks for tokens, else the address without the port."""
    return _token.get() or address(context.peer())


def request_context(
    context: grpc.aio.ServicerContext[Any, Any], reserve_seconds: float, urgent: bool = True
) -> RequestContext:
    """The request context of a call: its caller, and its deadline less the time that the answer needs to get back."""
    seconds_left = context.time_remaining()
    deadline = None if seconds_left is None else time.monotonic() + seconds_left - reserve_seconds
    return RequestContext(deadline, caller=caller_of(context), lane=lane_of(context), urgent=urgent, place=_place.get())


def lane_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Between which callers turns are taken: the callers. On this machine, whose programs share an address, by port."""
    return _token.get() or _lane(context.peer())


@lru_cache(4_096)  # a connection makes many calls
def _lane(peer: str) -> str:
    host = address(peer)
    return peer if is_loopback(host) else host


def address(peer: str) -> str:
    """The address of a peer as gRPC names it, without family and port: `ipv6:[::1]:50051` is `::1`.

    All peers of a Unix socket are `unix`.
    """
    family, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if family in ("ipv4", "ipv6") else family
