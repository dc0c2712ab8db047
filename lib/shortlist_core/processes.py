"""How a process of ours is started, without the current folder on its import path, and how one that serves ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager


def python_module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module with these arguments, as `python -m` does.

    `-m` alone puts the current folder first on the import path: a `server.py` or `numpy.py` that happens to lie there
    would run in the place of the real one. `-P` leaves the folder out.
    """
    return [sys.executable, "-P", "-m", name, *arguments]


async def serve_until_signal(serving: AbstractAsyncContextManager[str], announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. `announce` is called with the address that `serving` gives once it listens."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving as address:
        announce(address)
        await stop.wait()
