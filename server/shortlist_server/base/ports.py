"""Ports: checks that a port is free, or reserves it, before anything slow begins."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from shortlist_core.errors import UnavailableError
from shortlist_server.base.settings import Settings


def check_free(settings: Settings) -> int:
    """The port to listen on, a free one where the settings say 0. Raises UnavailableError where it is in use.

    The check is needed because workers listen with SO_REUSEPORT. With that alone a second server on the same port would
    go unnoticed and get half of the calls.
    """
    with _bound(settings, int(settings.address.rpartition(":")[2]), socket.SO_REUSEADDR) as probe:
        port: int = probe.getsockname()[1]
    return port


def reserve(settings: Settings) -> socket.socket:
    """A socket that holds the port without listening, so that no other program gets it while workers come and go."""
    return _bound(settings, check_free(settings), socket.SO_REUSEPORT)


@contextmanager
def listening_on(address: str) -> Iterator[None]:
    """Turn errors within the block into an UnavailableError: nobody can listen on the address."""
    try:
        yield
    except (OSError, UnicodeError) as error:  # UnicodeError is raised for an impossible host name such as a..b
        reason = getattr(error, "strerror", None) or str(error)
        raise UnavailableError("ADDRESS", f"cannot listen on {address}: {reason}") from None


def _bound(settings: Settings, port: int, option: int) -> socket.socket:
    with listening_on(settings.address):
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind(address)
    return bound
