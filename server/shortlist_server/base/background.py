"""Background work: runs for as long as the process serves, and begins again where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shortlist_server.base.metrics import Metrics

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 1.0  # before failed work begins again


async def keep(part: str, work: Callable[[], Awaitable[None]], metrics: Metrics) -> None:
    """Do the work until it is done or cancelled. A failure is logged and counted under `part`; it then begins again."""
    while True:
        try:
            return await work()
        except Exception:
            log.exception("part_failed", part=part)
            metrics.restarted(part)
        await asyncio.sleep(_PAUSE_SECONDS)
