"""Samples of the metrics page, taken while the console runs, and what lies between two of them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from shortlist_console.metrics.reading import Reading

KEPT = 120
_TIMEOUT_SECONDS = 5.0


class Samples:
    """The last readings of one server's metrics."""

    def __init__(self, address: str | None, seconds: float) -> None:
        self._address = address
        self._seconds = seconds
        self.readings: deque[Reading] = deque(maxlen=KEPT)
        self.failure = ""  # why the last look failed; empty where it did not

    async def followed(self, _: web.Application) -> AsyncIterator[None]:
        """Look at the metrics while an application runs."""
        if self._address is None:
            yield
            return
        async with ClientSession(timeout=ClientTimeout(_TIMEOUT_SECONDS)) as http:
            following = asyncio.ensure_future(self._follow(http))
            yield
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def latest(self) -> Reading | None:
        """The newest reading; None where there is none."""
        return self.readings[-1] if self.readings else None

    async def _follow(self, http: ClientSession) -> None:
        while True:
            try:
                async with http.get(f"http://{self._address}/metrics") as response:
                    response.raise_for_status()
                    self.readings.append(Reading.of(await response.text(), time.time()))
                self.failure = ""
            except (ClientError, OSError, TimeoutError, ValueError) as error:
                self.failure = str(error) or "no answer in time"
            await asyncio.sleep(self._seconds)
