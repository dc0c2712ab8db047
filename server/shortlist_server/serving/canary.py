"""The canary watch: compares how requests end on canary and stable, and decides when the canary has failed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shortlist_core.errors import DeadlineError, ShortlistError
from shortlist_core.types import Ranked


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a canary: how far its rates of errors and of degraded answers may exceed those of stable.

    The rates are compared with stable's because an absent store or a short deadline is not the canary's fault.
    """

    window_seconds: int
    least_requests: int  # fewest requests on the canary within the window by which it is judged
    error_rate: float
    degraded_rate: float


@dataclass(slots=True)
class Counts:
    """How many requests there were, and how many of them ended with errors or degraded answers."""

    requests: int = 0
    errors: int = 0
    degraded: int = 0

    def add(self, other: Counts) -> None:
        """Add the other counts to these."""
        self.requests += other.requests
        self.errors += other.errors
        self.degraded += other.degraded

    @property
    def error_rate(self) -> float:
        """Errors per request; 0 without requests."""
        return self.errors / max(self.requests, 1)

    @property
    def degraded_rate(self) -> float:
        """Degraded answers per request; 0 without requests."""
        return self.degraded / max(self.requests, 1)


class CanaryWatch:
    """Counts the requests of stable and canary over a sliding window.

    When the canary exceeds a limit, `on_failure` is called once, with the reason. A watch belongs to one event loop.
    """

    def __init__(
        self, limits: Limits, on_failure: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._on_failure = on_failure
        self._clock = clock
        self._seconds: deque[tuple[int, Counts, Counts]] = deque()  # second, stable's, the canary's
        self._failed = False

    def count(self, on_canary: bool, end: Ranked | BaseException | None) -> None:
        """Count a request that ended with an answer or an exception, unless that was the caller's own doing."""
        if (counts := _counts(end)) is None:
            return
        second = int(self._clock())
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, Counts(), Counts()))
        _, stable, canary = self._seconds[-1]
        (canary if on_canary else stable).add(counts)
        if on_canary and not self._failed and (reason := self._verdict()):
            self._failed = True
            self._on_failure(reason)

    def counts(self) -> tuple[Counts, Counts]:
        """The counts of stable and of the canary within the window."""
        oldest = int(self._clock()) - self.limits.window_seconds
        while self._seconds and self._seconds[0][0] <= oldest:
            self._seconds.popleft()
        stable, canary = Counts(), Counts()
        for _, of_stable, of_canary in self._seconds:
            stable.add(of_stable)
            canary.add(of_canary)
        return stable, canary

    def _verdict(self) -> str:
        """Which limit the canary exceeds, in words; empty where it exceeds none."""
        limits, (stable, canary) = self.limits, self.counts()
        if canary.requests < limits.least_requests:
            return ""
        if canary.error_rate > stable.error_rate + limits.error_rate:
            what, worse, than, limit = "failed", canary.error_rate, stable.error_rate, limits.error_rate
        elif canary.degraded_rate > stable.degraded_rate + limits.degraded_rate:
            what, worse, than, limit = "degraded", canary.degraded_rate, stable.degraded_rate, limits.degraded_rate
        else:
            return ""
        return (
            f"{worse:.1%} of {canary.requests:,} requests {what} within {limits.window_seconds} s,"
            f" on stable {than:.1%}: more than {limit:.1%} above"
        )


def _counts(end: Ranked | BaseException | None) -> Counts | None:
    if isinstance(end, Ranked):
        return Counts(1, degraded=int(bool(end.degraded)))
    if isinstance(end, DeadlineError) or (isinstance(end, Exception) and not isinstance(end, ShortlistError)):
        return Counts(1, errors=1)
    return None
