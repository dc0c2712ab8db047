"""Expiry: live events that are too old, or too many of one user, leave the store bit by bit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from shortlist_core.types import SECOND
from shortlist_server.base.follower import Follower
from shortlist_state import StateStore

USERS = 100
"""Users whom one step looks at. Writers wait for a step's deletions, milliseconds, and never for more."""

PAUSE_SECONDS = 0.02
"""Pause after each step: a sweep takes a small share of one thread."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: events of the last `seconds`, and the newest `most` of each user. None: no limit."""

    seconds: float | None
    most: int | None


class Expiry:
    """Sweeps a store again and again, on a thread of its own, every `sweep_seconds` after the last sweep.

    Every process of a store may do so: the steps of one do not disturb those of another. `expired` is called with the
    number of deleted events after each step.
    """

    def __init__(
        self, store: StateStore, retention: Retention, sweep_seconds: float, expired: Callable[[int], None]
    ) -> None:
        self._store, self._retention, self._expired = store, retention, expired
        self._closing = threading.Event()
        self._started = False
        self._follower = Follower("expiry", self.sweep, sweep_seconds)

    def start(self) -> None:
        """Begin, unless nothing ever expires."""
        self.keep(self._retention)

    def keep(self, retention: Retention) -> None:
        """Keep so much from now on. Where that is another amount than before, all users are looked at soon."""
        changed, self._retention = retention != self._retention, retention
        if not self._started and retention != Retention(None, None):
            self._started = True
            self._follower.start()
        elif self._started and changed:
            self._follower.wake()

    def close(self) -> None:
        """End after the current step. The store stays open."""
        self._closing.set()
        self._follower.close()

    def sweep(self) -> None:
        """Look at every user once. Raises what the store raises."""
        kept = self._retention
        before = None if kept.seconds is None else int((time.time() - kept.seconds) * SECOND)
        deleted = waiting = 0
        place, more = "", True
        while more and not self._closing.is_set():
            step = self._store.expire(before, kept.most, place, USERS)
            deleted, waiting = deleted + step.deleted, waiting + step.waiting
            self._expired(step.deleted)
            place, more = step.place, step.more
            self._closing.wait(PAUSE_SECONDS)
        if deleted:
            log.info("events_expired", events=deleted)
        if waiting:
            log.warning("expiry_waits", events=waiting, reason="no training has taken them from the store yet")
