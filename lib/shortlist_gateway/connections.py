"""Connections of a gateway: how many there may be, and how long each may keep others waiting.

aiohttp bounds headers and the time between two requests. What is added here: the time until the first request is there,
the time that an answer may take to be read, and the number of connections. Where it is reached, the connection that has
been idle for longest makes room; where none is idle, the new one is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from shortlist_gateway.settings import Settings

_BODY = b'{"code": "unavailable", "message": "the gateway has too many connections"}'
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)

Protocol = web.RequestHandler
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Connections:
    """The connections of one HTTP server: use `watched` as the outermost middleware, and listen with `protocols`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._new: dict[Protocol, asyncio.TimerHandle] = {}  # without a first request -> what ends them
        self._idle: dict[Protocol, None] = {}  # without a request under way, the one that has been so longest first

    def protocols(self, server: web.Server) -> Callable[[], asyncio.BaseProtocol]:
        """What makes the protocol of each new connection, as `create_server` of the event loop asks for it."""
        loop, settings = asyncio.get_running_loop(), self._settings

        def make() -> asyncio.BaseProtocol:
            if len(server.connections) >= settings.max_connections and not self._make_room(server):
                return _Refusal()
            protocol = server()
            self._idle[protocol] = None
            self._new[protocol] = loop.call_later(settings.head_seconds, self._give_up, protocol)
            if len(self._idle) > 2 * settings.max_connections:
                self._forget_closed(server)
            return protocol

        return make

    @web.middleware
    async def watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note that a connection is busy, and send its answer in a bounded time."""
        protocol = request.protocol
        self._idle.pop(protocol, None)
        if waiting := self._new.pop(protocol, None):
            waiting.cancel()
        try:
            response = await handler(request)
            await self._send(request, response)
            return response
        finally:
            self._idle[protocol] = None

    async def _send(self, request: web.Request, response: web.StreamResponse) -> None:
        try:
            async with asyncio.timeout(self._settings.answer_seconds):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:  # its caller does not read
            if request.transport is not None:
                request.transport.abort()

    def _give_up(self, protocol: Protocol) -> None:
        """End a connection whose first request is not there yet."""
        self._new.pop(protocol, None)
        self._idle.pop(protocol, None)
        protocol.force_close()

    def _make_room(self, server: web.Server) -> bool:
        """Close the connection that has been idle for longest. Returns False where none is idle."""
        connected = set(server.connections)
        longest = next((protocol for protocol in self._idle if protocol in connected), None)
        if longest is None:
            return False
        if waiting := self._new.get(longest):
            waiting.cancel()
        self._give_up(longest)
        return True

    def _forget_closed(self, server: web.Server) -> None:
        connected = set(server.connections)
        self._idle = {protocol: None for protocol in self._idle if protocol in connected or protocol in self._new}


class _Refusal(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_FULL)
        transport.close()
