"""Console process: listens until a signal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from shortlist_console.app import Console
from shortlist_console.settings import Settings
from shortlist_core.addresses import split
from shortlist_core.errors import UnavailableError
from shortlist_core.processes import serve_until_signal

_GRACE_SECONDS = 5.0


def run(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve pages until SIGTERM or SIGINT. `announce` is called with the address to open.

    Raises UnavailableError where the console cannot listen on its address.
    """
    asyncio.run(serve_until_signal(serving(settings), announce))


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[str]:
    """A console that listens, by the address to open, such as `http://127.0.0.1:8080/`.

    Raises UnavailableError where it cannot listen.
    """
    console = Console(settings)
    runner = web.AppRunner(
        console.app(),
        access_log=None,  # it would hold ids of users
        logger=logging.getLogger("shortlist_console.http"),
        handler_cancellation=True,  # who leaves ends the calls to the server too
        shutdown_timeout=_GRACE_SECONDS,
    )
    await runner.setup()
    try:
        host, port = split(settings.listen)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            reason = f"cannot listen on {settings.listen}: {error.strerror or error}"
            raise UnavailableError("ADDRESS", reason) from None
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
        await console.close()
