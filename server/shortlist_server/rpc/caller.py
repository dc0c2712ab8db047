"""Callers: who makes a call, by the name of its token or else by its address."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import grpc

from shortlist_core.addresses import is_loopback
from shortlist_server.pipeline.request import RequestContext

_token: ContextVar[str] = ContextVar("token", default="")  # of the call that this task handles


def authenticated(token: str) -> None:
    """Note the name of the token that the call under way was made with. A call is a task of its own in grpc.aio."""
    _token.set(token)


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The caller: the name of its token where the server asks for tokens, else the address without the port."""
    return _token.get() or address(context.peer())


def request_context(
    context: grpc.aio.ServicerContext[Any, Any], reserve_seconds: float, urgent: bool = True
) -> RequestContext:
    """The request context of a call: its caller, and its deadline less the time that the answer needs to get back."""
    seconds_left = context.time_remaining()
    deadline = None if seconds_left is None else time.monotonic() + seconds_left - reserve_seconds
    return RequestContext(deadline, caller=caller_of(context), lane=lane_of(context), urgent=urgent)


def lane_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Between which callers turns are taken: the callers. On this machine, whose programs share an address, by port."""
    if token := _token.get():
        return token
    peer = context.peer()
    host = address(peer)
    return peer if is_loopback(host) else host


def address(peer: str) -> str:
    """The address of a peer as gRPC names it, without family and port: `ipv6:[::1]:50051` is `::1`.

    All peers of a Unix socket are `unix`.
    """
    family, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if family in ("ipv4", "ipv6") else family
