"""Refuses work early that could only be answered late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import OverloadedError

_MEMORY = 0.95  # weight of the past in the running mean
_SHORTEST, _LONGEST = 0.02, 5.0  # bounds of the advice when to come back, seconds


class Limiter:
    """Counts what is in work or waiting, and refuses what goes beyond `most`. For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pending = 0
        self._seconds_each = 0.0  # mean time that one unit adds to the queue

    @contextmanager
    def admit(self, units: int = 1) -> Iterator[None]:
        """Hold room for `units` of work; OverloadedError, at once, where there is not enough."""
        if self._pending + units > self._most:
            advice = min(max(self._pending * self._seconds_each, _SHORTEST), _LONGEST)
            raise OverloadedError(f"{self._pending} requests are waiting, the limit is {self._most}", advice)
        self._pending += units
        ahead, started = self._pending, time.monotonic()
        try:
            yield
        finally:
            self._pending -= units
            each = (time.monotonic() - started) / ahead
            self._seconds_each = _MEMORY * self._seconds_each + (1 - _MEMORY) * each
