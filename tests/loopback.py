"""Addresses of this machine alone: free ones, taken ones, and whether somebody listens there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from shortlist_core.addresses import split


def free_address() -> str:
    """Where nobody listens yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def taken_address() -> Iterator[str]:
    """Where somebody listens for the time of the context."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def refuses(address: str) -> bool:
    """Whether nobody takes connections there, or nobody does any more."""
    try:
        socket.create_connection(split(address), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False
