"""The follower: a thread that polls a store or a file for news, and goes on when that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from shortlist_core.errors import ShortlistError

log = structlog.get_logger(__name__)


class Follower:
    """Calls `catch_up` every `poll_seconds` and when woken, until it is closed.

    A failure is logged under `name`: once when it begins, and once when `catch_up` succeeds again.
    """

    def __init__(self, name: str, catch_up: Callable[[], object], poll_seconds: float) -> None:
        self._name, self._catch_up, self._poll_seconds = name, catch_up, poll_seconds
        self._news = threading.Event()
        self.closing = False
        self._thread = threading.Thread(target=self._follow, name=f"follow {name}", daemon=True)

    def start(self) -> None:
        """Start the thread. Everything that `catch_up` needs must exist by now."""
        self._thread.start()

    def wake(self) -> None:
        """Call `catch_up` now, without waiting for the next poll."""
        self._news.set()

    def close(self) -> None:
        """End the thread after the current `catch_up`. A long `catch_up` should look at `closing` in between."""
        self.closing = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        fails = False
        while not self.closing:
            self._news.clear()
            try:
                self._catch_up()
                if fails:
                    log.info(f"{self._name}_available")
                fails = False
            except Exception as error:  # the thread must outlive every failure of what it follows
                if not fails and not self.closing:
                    expected = isinstance(error, ShortlistError)
                    log.warning(f"{self._name}_unavailable", error=str(error), exc_info=not expected)
                fails = True
            self._news.wait(self._poll_seconds)
