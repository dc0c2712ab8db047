"""A thread that looks again and again whether a store has news, whatever the store's trouble is."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from shortlist_core.errors import StateError

log = structlog.get_logger(__name__)


class Follower:
    """Calls `catch_up` every `poll_seconds` and when woken, until it is closed. A failure is logged once, by `name`."""

    def __init__(self, name: str, catch_up: Callable[[], object], poll_seconds: float) -> None:
        self._name, self._catch_up, self._poll_seconds = name, catch_up, poll_seconds
        self._news = threading.Event()
        self.closing = False
        self._thread = threading.Thread(target=self._follow, name=f"follow {name}", daemon=True)

    def start(self) -> None:
        """Begin; from another thread on, all that `catch_up` needs must be there."""
        self._thread.start()

    def wake(self) -> None:
        """There is news: do not wait until it is time to look."""
        self._news.set()

    def close(self) -> None:
        """End the thread, after what it is at. What takes long looks at `closing` meanwhile."""
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
            except Exception as error:  # this thread must outlive whatever is wrong with the store
                if not fails and not self.closing:
                    known = isinstance(error, StateError)
                    log.warning(f"{self._name}_unavailable", error=str(error), exc_info=not known)
                fails = True
            self._news.wait(self._poll_seconds)
