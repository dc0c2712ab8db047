"""A gRPC server of services that a test makes, for commands that call one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc

Add = Callable[[grpc.Server], object]
"""Adds a service to a server."""


@contextmanager
def listening(*add: Add) -> Iterator[str]:
    """The address of a server of these services, on a free port of loopback. It is stopped at the end."""
    server = grpc.server(ThreadPoolExecutor(4))
    for each in add:
        each(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()
