"""Reloading: what a running server takes anew on SIGHUP, without a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from shortlist_core.errors import ShortlistError
from shortlist_server.base import logs
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import Server
from shortlist_server.system.expiry import Retention

RELOADED = ("grace_seconds", "keep_events_seconds", "max_user_events", "log_level")
"""The settings that a running server takes anew. All others hold until it is started again."""

Reread = Callable[[], Settings]
"""The settings as flags, environment and file say them now. Raises ShortlistError where they cannot be used."""

Changes = Mapping[str, Any]
Reloads = asyncio.Queue[Callable[[], Changes]]
"""Orders to reload: each tells which settings change. It may take a moment, on a thread."""

log = structlog.get_logger(__name__)


class Rereading:
    """Tells, whenever it is called, which of the settings that a server runs with are to be taken anew.

    The log says what changed besides and needs a restart. Settings that cannot be used change nothing, and the log says
    why. Without `reread` nothing ever changes.
    """

    def __init__(self, running: Settings, reread: Reread | None) -> None:
        self._running, self._reread = running, reread

    def __call__(self) -> Changes:
        """Read the settings again. Returns what changes."""
        try:
            wanted = self._reread() if self._reread else self._running
        except Exception as error:  # a running server must outlive whatever is wrong with a file
            expected = isinstance(error, ShortlistError)
            log.error("settings_not_reloaded", reason=str(error), exc_info=not expected)
            return {}
        differ = [name for name in Settings.model_fields if getattr(wanted, name) != getattr(self._running, name)]
        if fixed := [name for name in differ if name not in RELOADED]:
            log.warning("settings_need_restart", settings=fixed)
        changed = {name: getattr(wanted, name) for name in differ if name in RELOADED}
        self._running = self._running.model_copy(update=changed)
        return changed


def reload(server: Server, changed: Changes) -> None:
    """Have a server take these settings, and look at once at all that it follows by polling."""
    server.settings = server.settings.model_copy(update=dict(changed))
    if "log_level" in changed:
        logs.configure(server.settings.log_level, server.settings.log_key)
    for tenant, own in server.settings.of_each().items():
        deployment = server.deployments[tenant]
        deployment.engine.keep(Retention(own.keep_events_seconds, own.max_user_events))
        deployment.following.wake()
        deployment.bundle_manager.look_again()
    if server.tokens:
        server.tokens.wake()
    log.info("reloaded", settings=sorted(changed))


async def follow_reloads(server: Server, reloads: Reloads) -> None:
    """Reload a server whenever it is ordered, until cancelled."""
    while True:
        ask = await reloads.get()
        reload(server, await asyncio.to_thread(ask))
