"""The limiter: refuses requests at once that could only be answered too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shortlist_core.errors import OverloadedError

_MEMORY = 0.95  # weight of the past in the running mean
_SHARE = 0.5  # share of a caller's time that may go into waiting: the estimate is rough, and the work comes on top
_SHORTEST, _LONGEST = 0.02, 5.0  # bounds of the advice when to retry, in seconds


class Limiter:
    """Counts pending requests, and refuses those beyond `most`. A limiter belongs to one event loop.

    `changed` is called with the number of pending requests whenever it changes.
    """

    def __init__(self, most: int, changed: Callable[[int], None] = lambda _: None) -> None:
        self._most = most
        self._changed = changed
        self._pending = 0
        self._seconds_each = 0.0  # running mean of the seconds that one request adds to the wait
        self._last_done = 0.0

    @contextmanager
    def admit(self, units: int = 1, seconds_left: float | None = None) -> Iterator[None]:
        """Count `units` requests as pending for as long as the block runs.

        Raises OverloadedError at once where that would exceed the limit, or where the wait would use up too much of the
        caller's `seconds_left`. Otherwise an overloaded server would spend all its time on answers that nobody reads.
        """
        wait = self._pending * self._seconds_each
        late = seconds_left is not None and wait > _SHARE * seconds_left > 0
        if late or self._pending + units > self._most:
            advice = min(max(wait, _SHORTEST), _LONGEST)
            raise OverloadedError(f"{self._pending} requests are waiting here, too many for another one", advice)
        if not self._pending:
            self._last_done = time.monotonic()
        self._pending += units
        self._changed(self._pending)
        try:
            yield
        finally:
            self._pending -= units
            self._changed(self._pending)
            self._done(units)

    def _done(self, units: int) -> None:
        """Learn from the busy time that passed since requests were last done."""
        now = time.monotonic()
        seconds, self._last_done = (now - self._last_done) / units, now
        self._seconds_each = _MEMORY * self._seconds_each + (1 - _MEMORY) * seconds
