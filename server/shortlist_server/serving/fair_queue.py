"""The fair queue: waiting requests, given out in turns between callers, the urgent ones first."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_URGENT_IN_A_ROW = 7  # after so many urgent ones, one of the others comes first, so that these make progress too


class FairQueue(Generic[T]):
    """Requests by caller. Each caller has a turn, and in it the request that has waited longest.

    Start-time fair queueing with equal weights (Goyal, Vin, Cheng 1996) comes to that where all requests cost the same.
    """

    def __init__(self) -> None:
        self._urgent: OrderedDict[str, deque[T]] = OrderedDict()  # the callers in the order of their turns
        self._others: OrderedDict[str, deque[T]] = OrderedDict()
        self._urgent_in_a_row = 0

    def __iter__(self) -> Iterator[T]:
        """All requests that wait, by caller."""
        for lanes in (self._urgent, self._others):
            for lane in tuple(lanes.values()):
                yield from tuple(lane)

    def put(self, request: T, caller: str, urgent: bool) -> None:
        """Let the request wait behind those of its caller."""
        lanes = self._urgent if urgent else self._others
        if caller not in lanes:
            lanes[caller] = deque()  # its turn comes after those of all callers that wait already
        lanes[caller].append(request)

    def take(self) -> T | None:
        """The next request; None where none waits."""
        others_first = self._urgent_in_a_row >= _URGENT_IN_A_ROW
        for lanes in (self._others, self._urgent) if others_first else (self._urgent, self._others):
            if lanes:
                self._urgent_in_a_row = self._urgent_in_a_row + 1 if lanes is self._urgent else 0
                return _next_turn(lanes)
        return None

    def put_back(self, requests: list[tuple[T, str, bool]]) -> None:
        """Let requests that were taken wait again, before all others of their callers."""
        for request, caller, urgent in reversed(requests):
            lanes = self._urgent if urgent else self._others
            lanes.setdefault(caller, deque()).appendleft(request)
            lanes.move_to_end(caller, last=False)


def _next_turn(lanes: OrderedDict[str, deque[T]]) -> T:
    caller, lane = lanes.popitem(last=False)
    request = lane.popleft()
    if lane:
        lanes[caller] = lane  # at the end: the others have their turns first
    return request
