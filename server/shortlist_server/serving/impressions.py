"""Impressions that the server counts itself: what answers show becomes events of their users once they are answered."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import structlog

from shortlist_core.errors import StateError
from shortlist_core.types import Event, EventType
from shortlist_server.base.metrics import Metrics
from shortlist_state import StateStore

WAITING = 2_000
"""Most answers that wait to be written; those of further ones are dropped, and counted as such."""

AT_ONCE = 50
"""Answers that are written together, as a store commits a batch in hardly more time than one event."""

CLOSE_SECONDS = 5.0
"""So long the writing of what waits may take at the end."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShownList:
    """What one answer shows to its user."""

    request_id: str
    user_id: str
    item_ids: Sequence[str]
    time: int  # microseconds

    def events(self) -> list[Event]:
        """An impression of each item. A request that is sent again has the same ids, so that it counts once."""
        return [
            Event(self._id(item_id), self.user_id, item_id, self.time, EventType.IMPRESSION)
            for item_id in self.item_ids
        ]

    def _id(self, item_id: str) -> str:
        parts = (text.encode("utf-8", "surrogatepass") for text in (self.request_id, self.user_id, item_id))
        digest = blake2b(digest_size=16)
        for part in parts:
            digest.update(len(part).to_bytes(4, "big") + part)
        return f"impression-{digest.hexdigest()}"


class Impressions:
    """Writes impressions on a thread of its own. `offer` may be called from any thread, and neither waits nor raises.

    What cannot be written is dropped: an item that tires a little later is better than an answer that waits.
    """

    def __init__(self, store: StateStore, metrics: Metrics) -> None:
        self._store, self._metrics = store, metrics
        self._waiting: deque[ShownList] = deque()
        self._news = threading.Condition()  # guards the deque
        self._writing = threading.Lock()  # held from taking lists until they are written
        self._closing = self._fails = False
        self._thread = threading.Thread(target=self._run, name="impressions", daemon=True)
        self._thread.start()

    def offer(self, request_id: str, user_id: str, item_ids: Sequence[str]) -> None:
        """Have an answer written that was given just now."""
        shown = ShownList(request_id, user_id, item_ids, time.time_ns() // 1_000)
        with self._news:
            if fits := len(self._waiting) < WAITING:
                self._waiting.append(shown)
                self._news.notify()
        if not fits:
            self._metrics.impressions(dropped=len(item_ids))

    def forget(self, user_id: str) -> None:
        """Write nothing any more of what this user was shown so far. Waits for the writing under way."""
        with self._writing, self._news:
            self._waiting = deque(shown for shown in self._waiting if shown.user_id != user_id)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while self._wait():
            with self._writing:
                if lists := self._take():
                    self._write([event for shown in lists for event in shown.events()])

    def _wait(self) -> bool:
        """Wait for something to write. Returns False where there is nothing left and nothing will come."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            return bool(self._waiting)

    def _take(self) -> list[ShownList]:
        with self._news:
            return [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]

    def _write(self, events: Sequence[Event]) -> None:
        try:
            result = self._store.append(events)
        except Exception as error:  # the thread must outlive every failure of the store
            self._metrics.impressions(dropped=len(events))
            if not self._fails:
                log.warning("impressions_dropped", error=str(error), exc_info=not isinstance(error, StateError))
            self._fails = True
        else:
            self._metrics.impressions(stored=result.accepted, duplicates=result.duplicates)
            self._fails = False
