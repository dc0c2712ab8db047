"""The limiter: refuses requests at once that could only be answered too late, and shares the room between callers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
        self.pending = 0
        self._urgent: Counter[str] = Counter()  # pending requests by lane
        self._others: Counter[str] = Counter()
        self._seconds_each = 0.0  # running mean of the seconds that one request adds to the wait
        self._last_done = 0.0
        self._ways: dict[str, float] = {}  # running means of the seconds that requests keep their places, by lane

    @contextmanager
    def admit(self, units: int = 1, context: RequestContext = _OURSELVES) -> Iterator[None]:
        """Count `units` requests of a caller as pending for as long as the block runs. Raises as `check` does.

        A request that has a place was checked before, and is not refused any more.
        """
        if not (context.place and context.place.leave()):
            self.check(units, context)
        self._count(units, context)
        try:
            yield
        finally:
            self._count(-units, context)
            self._done(units)

    def enter(self, context: RequestContext | None) -> Place:
        """Count a request as pending from now on until it leaves its place. Raises as `check` does.

        Without a context nothing is checked yet, so that `admit` will do it.
        """
        if context:
            self.check(1, context, self._ways.get(context.lane, 0.0))
        place = Place(self, context or _OURSELVES, context is not None, time.monotonic())
        self._count(1, place.context)
        return place

    def check(self, units: int, context: RequestContext, way: float = 0.0) -> None:
        """Return if the caller's requests would be admitted now.

        Raises OverloadedError where there is no room for them, or where the wait would use up too much of the caller's
        time. Otherwise an overloaded server would spend all its time on answers that nobody reads.
        """
        if not self.pending and units <= self._most:
            return
        seconds_left = context.seconds_left()
        wait = way + self._seconds_each * self._before(units, context)
        if not self._has_room(units, context):
            raise OverloadedError(f"{self._most} requests may wait here, and no more", _advice(wait))
        if seconds_left is not None and wait > _SHARE * seconds_left > 0:
            raise OverloadedError(
                f"{self._most} requests may wait here, but this one's deadline would end before its turn", _advice(wait)
            )

    def _has_room(self, units: int, context: RequestContext) -> bool:
        lane, pending = context.lane, self.pending + units
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

    def leave(self, place: Place) -> None:
        """Count the request of this place no longer."""
        lane, seconds = place.context.lane, time.monotonic() - place.entered
        # A caller who sends slowly makes only its own way longer.
        self._ways[lane] = _MEMORY * self._ways.get(lane, seconds) + (1 - _MEMORY) * seconds
        self._count(-1, place.context)

    def _count(self, units: int, context: RequestContext) -> None:
        if not self.pending:
            self._last_done = time.monotonic()
        own = self._urgent if context.urgent else self._others
        own[context.lane] += units
        if not own[context.lane]:
            del own[context.lane]
            if context.urgent:
                self._ways.pop(context.lane, None)
        self.pending += units
        self._changed(self.pending)

    def _done(self, units: int) -> None:
        """Learn from the busy time that passed since requests were last done."""
        now = time.monotonic()
        seconds, self._last_done = (now - self._last_done) / units, now
        self._seconds_each = _MEMORY * self._seconds_each + (1 - _MEMORY) * seconds


@dataclass(slots=True, eq=False)
class Place:
    """The place of a request that has been accepted and is still on its way to be admitted."""

    limiter: Limiter
    context: RequestContext
    checked: bool
    entered: float  # on time.monotonic's clock
    left: bool = False

    def leave(self) -> bool:
        """Leave the place, at the latest when the call ends. Whether it was still there, and had been checked."""
        if self.left:
            return False
        self.left = True
        self.limiter.leave(self)
        return self.checked


def _advice(wait: float) -> float:
    """When to try again, in seconds: after the wait, within bounds, in two digits so that refusals are alike."""
    return float(f"{min(max(wait, _SHORTEST), _LONGEST):.2g}")
