"""Gateway process: listens until a signal, then lets accepted calls finish."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from aiohttp import web

from shortlist_core.addresses import split
from shortlist_core.errors import UnavailableError
from shortlist_gateway.app import Gateway
from shortlist_gateway.settings import Settings


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve HTTP until SIGTERM or SIGINT. `announce` is called with the address.

    Raises UnavailableError where the gateway cannot listen on its address.
    """
    asyncio.run(_run(settings, announce))


async def _run(settings: Settings, announce: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = Gateway(settings)
    runner = web.AppRunner(
        gateway.app(),
        access_log=None,  # the server logs calls
        handler_cancellation=True,  # a caller that leaves ends its call on the server too
        auto_decompress=False,
        shutdown_timeout=settings.grace_seconds,
    )
    await runner.setup()
    try:
        announce(await _listen(runner, settings.address))
        await stop.wait()
    finally:
        await runner.cleanup()
        await gateway.close()


async def _listen(runner: web.AppRunner, address: str) -> str:
    host, port = split(address)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise UnavailableError("ADDRESS", f"cannot listen on {address}: {error.strerror or error}") from None
    return f"{address.rpartition(':')[0]}:{runner.addresses[0][1]}"
