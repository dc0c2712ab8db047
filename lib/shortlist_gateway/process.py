"""Gateway process: listens until a signal, then lets accepted calls finish."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from shortlist_core.addresses import split
from shortlist_core.errors import UnavailableError
from shortlist_core.processes import serve_until_signal
from shortlist_gateway.app import Gateway
from shortlist_gateway.connections import Connections
from shortlist_gateway.settings import Settings

_LINGERING_SECONDS = 5.0  # to read on after a refusal, so that its caller gets to read why
_SWITCH_SECONDS = 0.0005  # after which a thread that converts JSON lets the event loop run


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve HTTP until SIGTERM or SIGINT. `announce` is called with the address.

    Raises UnavailableError where the gateway cannot listen on its address.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    asyncio.run(serve_until_signal(serving(settings), announce))


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """A gateway that listens, by its address; at the end accepted calls finish first.

    Raises UnavailableError where it cannot listen.
    """
    gateway, connections = Gateway(settings), Connections(settings)
    runner = web.AppRunner(
        gateway.app(connections),
        access_log=None,  # the server logs calls
        logger=_http_log(),
        handler_cancellation=True,  # a caller that leaves ends its call on the server too
        auto_decompress=False,
        keepalive_timeout=settings.idle_seconds,
        max_headers=settings.max_headers,
        lingering_time=_LINGERING_SECONDS,
        shutdown_timeout=settings.grace_seconds,
    )
    await runner.setup()
    listener = None
    try:
        listener = await _listen(runner, connections, settings.address)
        yield f"{settings.address.rpartition(':')[0]}:{listener.sockets[0].getsockname()[1]}"
    finally:
        if listener:
            listener.close()
        await runner.cleanup()
        await gateway.close()


async def _listen(runner: web.AppRunner, connections: Connections, address: str) -> asyncio.Server:
    host, port = split(address)
    assert runner.server is not None
    try:
        protocols = connections.protocols(runner.server)
        return await asyncio.get_running_loop().create_server(protocols, host, port)
    except OSError as error:
        raise UnavailableError("ADDRESS", f"cannot listen on {address}: {error.strerror or error}") from None


def _http_log() -> logging.Logger:
    """The log of the HTTP server without what callers send that is no HTTP: it would repeat their bytes."""
    log = logging.getLogger("shortlist_gateway.http")
    log.addFilter(_is_no_callers_fault)
    return log


def _is_no_callers_fault(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
