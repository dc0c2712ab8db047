"""The canary watch: compares how requests end on canary and stable, and decides when the canary has failed.

Like is compared with like, and no caller decides for others:

- A deadline is the caller's own choice. A request that its deadline ended, or kept from the ranker, counts only where
  stable had enough requests with as much time (within a factor of two). Their rate is what was to be expected.
- Enough callers have to have seen it: three, or all who use the canary where they are fewer. So a single caller, which
  may be a front end for everybody, can fail a canary only where nobody else uses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shortlist_core.types import Ranked
from shortlist_server.serving.canary_counts import STABLE, Counts, Window


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a canary: how far its rates of errors and of degraded answers may exceed those of stable.

    The rates are compared with stable's because an absent store is not the canary's fault.
    """

    window_seconds: int
    least_requests: int  # fewest requests on the canary within the window by which it is judged
    least_callers: int  # fewest callers who have to see it fail, where so many use it
    error_rate: float
    degraded_rate: float


@dataclass(slots=True)
class _Seen:
    """What was seen of the canary, beside what stable would have made of the same requests."""

    counts: Counts = field(default_factory=Counts)
    expected_errors: float = 0.0
    expected_degraded: float = 0.0

    def add(self, counts: Counts, stable: Counts) -> None:
        self.counts.add(counts)
        self.expected_errors += counts.requests * stable.errors / max(stable.requests, 1)
        self.expected_degraded += counts.requests * stable.degraded / max(stable.requests, 1)

    def rates(self) -> tuple[tuple[str, float, float], tuple[str, float, float]]:
        """What went wrong in words, its rate on the canary, and the rate that was to be expected."""
        requests, counts = max(self.counts.requests, 1), self.counts
        return (
            ("failed", counts.errors / requests, self.expected_errors / requests),
            ("degraded", counts.degraded / requests, self.expected_degraded / requests),
        )


class CanaryWatch:
    """Counts the requests of stable and canary over a sliding window.

    When the canary exceeds a limit, `on_failure` is called once, with the reason. A watch belongs to one event loop.
    """

    def __init__(
        self, limits: Limits, on_failure: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits
        self._on_failure = on_failure
        self._window = Window(limits.window_seconds, clock)
        self._failed = False

    def count(
        self, on_canary: bool, end: Ranked | BaseException | None, caller: str = "", patience: float | None = None
    ) -> None:
        """Count a request that ended with an answer or an exception, unless that was the caller's own doing.

        `patience` is how many seconds the request had; None: its caller would have waited for ever.
        """
        if (counts := Counts.of(end)) is None:
            return
        self._window.add(caller if on_canary else STABLE, patience, counts)
        if on_canary and not self._failed and counts.errors + counts.degraded and (reason := self._verdict()):
            self._failed = True
            self._on_failure(reason)

    def counts(self) -> tuple[Counts, Counts]:
        """The counts of stable and of the canary within the window, whatever was to blame."""
        stable, canary = Counts(), Counts()
        for counts in self._window.stable().values():
            stable.add(counts)
        for _, _, counts in self._window.canary():
            canary.add(counts)
        return stable, canary

    def _verdict(self) -> str:
        """Which limit the canary exceeds, in words; empty where it exceeds none."""
        limits, callers, everybody = self.limits, *self._seen()
        if everybody.counts.requests < limits.least_requests:
            return ""
        heard = self._heard(callers)
        for which, limit in enumerate((limits.error_rate, limits.degraded_rate)):
            what, worse, than = everybody.rates()[which]
            rates = [seen.rates()[which] for seen in heard]
            witnesses = sum(rate > expected + limit for _, rate, expected in rates)
            if worse > than + limit and witnesses >= min(limits.least_callers, len(heard)):
                return (
                    f"{worse:.1%} of {everybody.counts.requests:,} requests {what} within {limits.window_seconds} s,"
                    f" on stable {than:.1%}: more than {limit:.1%} above"
                )
        return ""

    def _seen(self) -> tuple[dict[str, _Seen], _Seen]:
        """What each caller has seen of the canary, and what all have."""
        stable, usual = self._window.stable(), Counts()
        for counts in stable.values():
            usual.add(counts.timeless())
        callers: dict[str, _Seen] = {}
        everybody = _Seen()
        for caller, patience, counts in self._window.canary():
            like = stable.get(patience, Counts())
            judged = (counts, like) if like.requests >= self.limits.least_requests else (counts.timeless(), usual)
            for seen in (everybody, callers.setdefault(caller, _Seen())):
                seen.add(*judged)
        return callers, everybody

    def _heard(self, callers: dict[str, _Seen]) -> list[_Seen]:
        """Those who had enough requests on the canary to tell; all, where nobody had."""
        enough = max(self.limits.least_requests // 10, 1)
        used = [seen for seen in callers.values() if seen.counts.requests]
        return [seen for seen in used if seen.counts.requests >= enough] or used
