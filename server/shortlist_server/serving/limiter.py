"""Refuses work early that could only be answered late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shortlist_core.errors import OverloadedError

_MEMORY = 0.95  # weight of the past in the running mean
_SHARE = 0.5  # of a caller's time that may be spent on waiting; the estimate is rough, and the work itself comes on top
_SHORTEST, _LONGEST = 0.02, 5.0  # bounds of the advice when to come back, seconds


class Limiter:
    """Counts what is in work or waiting, and refuses what goes beyond `most`. For one event loop.

    `changed` is called with the number whenever it changes.
    """

    def __init__(self, most: int, changed: Callable[[int], None] = lambda _: None) -> None:
        self._most = most
        self._changed = changed
        self._pending = 0
        self._seconds_each = 0.0  # running mean of the time that one unit adds to the queue
        self._last_done = 0.0

    @contextmanager
    def admit(self, units: int = 1, seconds_left: float | None = None) -> Iterator[None]:
        """Hold room for `units` of work; OverloadedError, at once, where there is not enough.

        Nor is work taken on whose caller, with `seconds_left` to its deadline, would be gone when its turn comes:
        under more load than the server bears, all its time would go into answers that nobody reads.
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
        """Learn from the time that passed, under work, since the units done before."""
        now = time.monotonic()
        each, self._last_done = (now - self._last_done) / units, now
        self._seconds_each = _MEMORY * self._seconds_each + (1 - _MEMORY) * each
