"""Quotas: how many queries a second a token may ask, over time. Each worker counts for itself."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from shortlist_core.errors import QuotaError


@dataclass(slots=True)
class _Bucket:
    level: float
    filled: float  # when it had this level, on the clock


class Quotas:
    """A bucket for each token (token bucket; Turner 1986), which fills at its quota and holds a second's worth.

    A batch may overdraw it: the debt is paid before the next call. All methods belong to one event loop.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self._clock = clock

    def take(self, token: str, per_second: float, queries: int = 1) -> None:
        """Take so many queries out of the token's bucket. Raises QuotaError where it is empty."""
        if per_second == math.inf:
            return
        now, room = self._clock(), max(per_second, 1.0)
        bucket = self._buckets.setdefault(token, _Bucket(room, now))
        bucket.level = min(room, bucket.level + (now - bucket.filled) * per_second)
        bucket.filled = now
        if bucket.level <= 0:
            raise QuotaError(-bucket.level / per_second)
        bucket.level -= queries
