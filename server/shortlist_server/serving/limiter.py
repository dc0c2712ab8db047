"""The limiter: refuses requests at once that could only be answered too late, and shares the room between callers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shortlist_core.errors import OverloadedError
from shortlist_server.pipeline.request import RequestContext

_MEMORY = 0.95  # weight of the past in the running mean
_SHARE = 0.5  # share of a caller's time that may go into waiting: the estimate is rough, and the work comes on top
_SHORTEST, _LONGEST = 0.02, 5.0  # bounds of the advice when to retry, in seconds
_ROOM = 2  # times `most`: room for callers that hold less than their share of it
_OURSELVES = RequestContext()


class Limiter:
    """Counts pending requests by caller, and refuses those beyond `most`. A limiter belongs to one event loop.

    A caller that holds less than its equal share of `most` is refused only where `most` is exceeded twice. The wait is
    estimated for requests that are answered as FairQueue gives them out. `changed` is called with the number of pending
    requests whenever it changes.
    """

    def __init__(self, most: int, changed: Callable[[int], None] = lambda _: None) -> None:
        self._most = most
        self._changed = changed
        self._pending = 0
        self._urgent: Counter[str] = Counter()  # pending requests by lane
        self._others: Counter[str] = Counter()
        self._seconds_each = 0.0  # running mean of the seconds that one request adds to the wait
        self._last_done = 0.0

    @contextmanager
    def admit(self, units: int = 1, context: RequestContext = _OURSELVES) -> Iterator[None]:
        """Count `units` requests of a caller as pending for as long as the block runs. Raises as `check` does."""
        self.check(units, context)
        if not self._pending:
            self._last_done = time.monotonic()
        self._count(units, context)
        try:
            yield
        finally:
            self._count(-units, context)
            self._done(units)

    def check(self, units: int, context: RequestContext) -> None:
        """Return if the caller's requests would be admitted now.

        Raises OverloadedError where there is no room for them, or where the wait would use up too much of the caller's
        time. Otherwise an overloaded server would spend all its time on answers that nobody reads.
        """
        if not self._pending and units <= self._most:
            return
        seconds_left = context.seconds_left()
        wait = self._seconds_each * self._before(units, context)
        if not self._has_room(units, context):
            raise OverloadedError("too many requests are waiting here", _advice(wait))
        if seconds_left is not None and wait > _SHARE * seconds_left > 0:
            raise OverloadedError("the wait here would use up the deadline", _advice(wait))

    def _has_room(self, units: int, context: RequestContext) -> bool:
        lane, pending = context.lane, self._pending + units
        if pending <= self._most:
            return True
        lanes = self._urgent.keys() | self._others.keys() | {lane}
        return (
            self._urgent[lane] + self._others[lane] + units <= self._most / len(lanes) and pending <= _ROOM * self._most
        )

    def _before(self, units: int, context: RequestContext) -> int:
        """How many pending requests are answered before the last of the caller's new ones, nearly."""
        own = self._urgent if context.urgent else self._others
        behind = own[context.lane] + units - 1  # each caller has so many turns before the last one
        in_turns = own[context.lane] + sum(min(n, behind + 1) for lane, n in own.items() if lane != context.lane)
        return in_turns if context.urgent else in_turns + self._urgent.total()

    def _count(self, units: int, context: RequestContext) -> None:
        own = self._urgent if context.urgent else self._others
        own[context.lane] += units
        if not own[context.lane]:
            del own[context.lane]
        self._pending += units
        self._changed(self._pending)

    def _done(self, units: int) -> None:
        """Learn from the busy time that passed since requests were last done."""
        now = time.monotonic()
        seconds, self._last_done = (now - self._last_done) / units, now
        self._seconds_each = _MEMORY * self._seconds_each + (1 - _MEMORY) * seconds


def _advice(wait: float) -> float:
    """When to try again, in seconds: after the wait, within bounds, in two digits so that refusals are alike."""
    return float(f"{min(max(wait, _SHORTEST), _LONGEST):.2g}")
