"""The listener: has a gRPC server listen on one address, and another one where the first ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import grpc

from shortlist_core.errors import UnavailableError

Make = Callable[[], grpc.aio.Server]


class Listener:
    """One gRPC server after the other on one address. It belongs to one event loop."""

    def __init__(self, make: Make, address: str, credentials: grpc.ServerCredentials | None) -> None:
        self._make = make  # gives a server with its services
        self._address = address
        self._credentials = credentials
        self._server: grpc.aio.Server | None = None
        self._begun = asyncio.Event()

    async def start(self) -> int:
        """Listen. Returns the port. Raises UnavailableError where the address cannot be listened on."""
        server = self._make()
        try:
            if self._credentials is None:
                port = server.add_insecure_port(self._address)
            else:
                port = server.add_secure_port(self._address, self._credentials)
        except RuntimeError:
            raise UnavailableError(
                "ADDRESS", f"cannot listen on {self._address}: in use, or not of this machine"
            ) from None
        self._address = f"{self._address.rpartition(':')[0]}:{port}"  # which port 0 stood for
        await server.start()
        self._server = server
        self._begun.set()
        return port

    async def keep(self) -> None:
        """Wait until the server is stopped. Raises what ended it by itself; the next call starts another one first."""
        await self._begun.wait()
        if self._server is None:
            await self.start()
        assert self._server is not None
        try:
            await self._server.wait_for_termination()
        except Exception:
            self._server = None
            raise

    async def stop(self, seconds: float) -> None:
        """Listen no longer, and end all calls after so many seconds."""
        if self._server is not None:
            await self._server.stop(seconds)
