"""Whether the server takes calls: starting, serving, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from shortlist_core.errors import UnavailableError


class Lifecycle:
    """The one place that knows; health, admission of calls and the end of the process all follow it."""

    def __init__(self) -> None:
        self.draining = asyncio.Event()
        self._loaded = False
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._held = asyncio.Event()
        self._held.set()  # nobody is
        self._change = asyncio.Event()

    @property
    def serving(self) -> bool:
        """Whether a bundle is loaded and the server is not on its way out."""
        return self._loaded and not self.draining.is_set()

    def loaded(self) -> None:
        """A bundle is loaded: from now on the server serves."""
        self._loaded = True
        self._notify()

    def drain(self) -> None:
        """From now on new calls are refused; those accepted before go on."""
        self.draining.set()
        self._notify()

    @contextmanager
    def call(self) -> Iterator[None]:
        """One call under way; UnavailableError where the server drains."""
        if self.draining.is_set():
            raise UnavailableError("DRAINING", "this server is shutting down, another one will answer")
        self._calls += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._calls -= 1
            if not self._calls:
                self._idle.set()

    def hold(self) -> None:
        """From now on calls that come wait in `turn`."""
        self._held.clear()

    def release(self) -> None:
        """They go on, and as the server drains they are refused."""
        self._held.set()

    async def turn(self) -> None:
        """Return when a call that has come may ask to be admitted: at once, but in the last moment of a server."""
        await self._held.wait()

    async def idle(self) -> None:
        """Return as soon as no call is under way."""
        await self._idle.wait()

    async def changed(self) -> None:
        """Return after the next change of what `serving` or `draining` say."""
        await self._change.wait()

    def _notify(self) -> None:
        change, self._change = self._change, asyncio.Event()
        change.set()
