"""The lifecycle of a server: starting, serving, draining."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shortlist_core.errors import UnavailableError

_MOST_NAMED = 10  # tenants in the reason why the server does not serve


class Lifecycle:
    """The state of the server. Health, admission of calls and the end of the process all follow it.

    The server serves once a bundle is loaded for each of the tenants; without tenants there is one, without a name.
    """

    def __init__(self, tenants: Iterable[str] = ("",)) -> None:
        self.draining = asyncio.Event()
        self._not_loaded = set(tenants)
        self._calls = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._held = asyncio.Event()
        self._held.set()  # no call is held: the event is set while calls may go on
        self._change = asyncio.Event()

    @property
    def serving(self) -> bool:
        """Whether all bundles are loaded and the server does not drain."""
        return not self.obstacle

    @property
    def obstacle(self) -> str:
        """Why the server does not serve, in a few words; empty where it does."""
        if self.draining.is_set():
            return "draining: this server is shutting down"
        if not self._not_loaded:
            return ""
        whose = ", ".join(sorted(self._not_loaded)[:_MOST_NAMED])
        return f"starting: no bundle is loaded yet{whose and f' for the tenants {whose}'}"

    def loaded(self, tenant: str = "") -> None:
        """Note that the tenant's bundle is loaded. Once all are, the server serves."""
        self._not_loaded.discard(tenant)
        self._notify()

    def drain(self) -> None:
        """Refuse new calls from now on. Calls accepted before go on."""
        self.draining.set()
        self._notify()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count one call as under way. Raises UnavailableError where the server drains."""
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
        """Let new calls wait in `turn` from now on."""
        self._held.clear()

    def release(self) -> None:
        """Let the held calls go on. The draining server then refuses them."""
        self._held.set()

    async def turn(self) -> None:
        """Wait until a new call may ask to be admitted: at once, except in the last moment of a server."""
        await self._held.wait()

    async def idle(self) -> None:
        """Wait until no call is under way."""
        await self._idle.wait()

    async def changed(self) -> None:
        """Wait for the next change of `serving` or `draining`."""
        await self._change.wait()

    def _notify(self) -> None:
        change, self._change = self._change, asyncio.Event()
        change.set()
