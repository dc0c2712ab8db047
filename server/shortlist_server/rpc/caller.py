"""Callers: who makes a call, by the name of its token or else by its address."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import grpc

_token: ContextVar[str] = ContextVar("token", default="")  # of the call that this task handles


def authenticated(token: str) -> None:
    """Note the name of the token that the call under way was made with. A call is a task of its own in grpc.aio."""
    _token.set(token)


def caller_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The caller: the name of its token where the server asks for tokens, else the address without the port."""
    return _token.get() or address(context.peer())


def address(peer: str) -> str:
    """The address of a peer as gRPC names it, without family and port: `ipv6:[::1]:50051` is `::1`.

    All peers of a Unix socket are `unix`.
    """
    family, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if family in ("ipv4", "ipv6") else family
