"""Counts of a canary: how requests ended on stable and canary, by caller and by the time that they had."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from shortlist_core.errors import DeadlineError, ShortlistError
from shortlist_core.types import Ranked

STABLE = None
"""Stands for the side of stable, whose requests are counted together, whoever the caller was."""
OTHERS = "others"
"""Stands for all callers beyond the first MAX_CALLERS, which are judged as one."""
MAX_CALLERS = 64

Key = tuple[str | None, int]
"""A caller on the canary, or STABLE, and the class of the time that a request had."""


@dataclass(slots=True)
class Counts:
    """How many requests there were, and how many of them ended with errors or degraded answers."""

    requests: int = 0
    errors: int = 0
    degraded: int = 0
    spent: int = 0  # errors that were a spent deadline
    late: int = 0  # degraded answers of which nothing but the time was to blame

    def add(self, other: Counts, sign: int = 1) -> None:
        """Add the other counts to these; with the sign -1 take them away."""
        self.requests += sign * other.requests
        self.errors += sign * other.errors
        self.degraded += sign * other.degraded
        self.spent += sign * other.spent
        self.late += sign * other.late

    def timeless(self) -> Counts:
        """The counts without what the callers' own deadlines did."""
        return Counts(self.requests - self.spent, self.errors - self.spent, self.degraded - self.late)

    @classmethod
    def of(cls, end: Ranked | BaseException | None) -> Self | None:
        """One request by how it ended; None where that was the caller's own doing."""
        if isinstance(end, Ranked):
            return cls(1, degraded=int(bool(end.degraded)), late=int(end.degraded == {"ranker_late"}))
        if isinstance(end, DeadlineError):
            return cls(1, errors=1, spent=1)
        if isinstance(end, Exception) and not isinstance(end, ShortlistError):
            return cls(1, errors=1)
        return None


class Window:
    """Counts over a sliding window, in steps of a second."""

    def __init__(self, seconds: int, clock: Callable[[], float]) -> None:
        self._length = seconds
        self._clock = clock
        self._seconds: deque[tuple[int, dict[Key, Counts]]] = deque()
        self._totals: dict[Key, Counts] = {}

    def add(self, caller: str | None, patience: float | None, counts: Counts) -> None:
        """Count a request of this caller, or of STABLE, that had `patience` seconds; None: as long as it took."""
        second = int(self._clock())
        self._forget(second)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append((second, {}))
        key = self._key(caller, patience_class(patience))
        for tally in (self._seconds[-1][1], self._totals):
            tally.setdefault(key, Counts()).add(counts)

    def stable(self) -> dict[int, Counts]:
        """The counts of stable by the class of the time that requests had."""
        self._forget(int(self._clock()))
        return {patience: counts for (caller, patience), counts in self._totals.items() if caller is STABLE}

    def canary(self) -> Iterator[tuple[str, int, Counts]]:
        """Each caller on the canary, a class of the time that its requests had, and their counts."""
        self._forget(int(self._clock()))
        for (caller, patience), counts in self._totals.items():
            if caller is not STABLE:
                yield caller, patience, counts

    def _key(self, caller: str | None, patience: int) -> Key:
        if (caller, patience) in self._totals or caller is STABLE:
            return caller, patience
        callers = {known for known, _ in self._totals}
        return (caller if caller in callers or len(callers - {STABLE}) < MAX_CALLERS else OTHERS), patience

    def _forget(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - self._length:
            for key, counts in self._seconds.popleft()[1].items():
                self._totals[key].add(counts, -1)
                if not self._totals[key].requests:
                    del self._totals[key]


def patience_class(seconds: float | None) -> int:
    """The class of a time: requests of one class had as much time as each other, within a factor of two."""
    return -1 if seconds is None else int(max(seconds, 0.0) * 1000).bit_length()
