"""A channel to a server that a test has put together by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc


@asynccontextmanager
async def connected(server: grpc.aio.Server) -> AsyncIterator[tuple[grpc.aio.Channel, str]]:
    """Start the server on a free port of loopback: a channel to it, and its address. Stops it at the end."""
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    async with grpc.aio.insecure_channel(address) as channel:
        yield channel, address
    await server.stop(0)
