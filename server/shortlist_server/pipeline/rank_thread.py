"""The rank thread: ranking with a time limit. A slow or hanging ranker costs an answer its order, not its deadline."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from shortlist_core.types import Candidates, Queries

if TYPE_CHECKING:
    Score = Callable[[Queries, Candidates], Any]
    Outcome = queue.SimpleQueue[Any]  # of one call, which may be what it raised; a queue is faster than a future
    Work = tuple[Score, Queries, Candidates, Outcome]

T = TypeVar("T")

_MEMORY = 0.8  # weight of the past in the running mean of durations
_STALLED = 2.0  # a call counts as stalled after so many times what it should take
_LEAST_STALL = 0.02  # and never before so many seconds
_LOOK_SECONDS = 0.005  # how often to check whether waiting requests need the thread of a stalled call


class RankerLateError(Exception):
    """The ranker did not answer within the time it had."""


class RankThread:
    """The one thread that rankers run on, so that the pipeline can stop waiting for a ranker.

    One thread at a time may use it. A call that was given up runs to its end. Until then further calls with a deadline
    are refused at once, as they would only queue behind it. `due` says until when the requests can wait that wait for
    the pipeline, on time.monotonic's clock. A stalled call is given up at that time, even if it has time left itself.
    """

    def __init__(self, due: Callable[[], float] = lambda: math.inf) -> None:
        self._due = due
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._running: Outcome | None = None  # of the last call; None once the pipeline has taken the outcome
        self._closed, self._closing = False, threading.Lock()
        self._durations: dict[int, float] = {}  # size of the work as a power of two -> mean seconds
        threading.Thread(target=self._run, name="rank", daemon=True).start()

    def expected_seconds(self, candidates: Candidates) -> float:
        """Seconds that work of this size or less took lately; 0 where there was none."""
        size = _size(candidates)
        return max((seconds for timed, seconds in self._durations.items() if timed <= size), default=0.0)

    def rank(
        self,
        score: Callable[[Queries, Candidates], T],
        queries: Queries,
        candidates: Candidates,
        seconds: float | None,
    ) -> T:
        """What `score`, a method of a ranker, returns.

        Raises what `score` raises, and RankerLateError where the call takes longer than `seconds`, or stalls
        while other requests wait.
        """
        if seconds is not None and self._running and self._running.empty():
            raise RankerLateError
        running = self._running = self._begin(score, queries, candidates)
        give_up = time.monotonic() + (math.inf if seconds is None else seconds)
        wait = max(_STALLED * self.expected_seconds(candidates), _LEAST_STALL)
        while True:
            try:
                outcome = running.get(timeout=max(min(wait, give_up - time.monotonic()), 0))
                break
            except queue.Empty:
                if time.monotonic() >= min(give_up, self._due()) and running.empty():
                    raise RankerLateError from None
            wait = _LOOK_SECONDS
        self._running = None
        if isinstance(outcome, BaseException):
            raise outcome
        return cast(T, outcome)

    def forgive(self, candidates: Candidates) -> None:
        """Lower the expected time of such work a little. Otherwise a ranker that was skipped is never tried again."""
        size = _size(candidates)
        self._durations = {timed: t * (_MEMORY if timed <= size else 1) for timed, t in self._durations.items()}

    def close(self) -> None:
        """Accept no more work: `rank` raises RuntimeError from now on."""
        with self._closing:
            self._closed = True
            self._work.put(None)

    def _begin(self, score: Score, queries: Queries, candidates: Candidates) -> Outcome:
        outcome: Outcome = queue.SimpleQueue()
        with self._closing:  # so that no work is queued behind the end, where it would never be done
            if self._closed:
                raise RuntimeError("the rank thread is closed")
            self._work.put((score, queries, candidates, outcome))
        return outcome

    def _run(self) -> None:
        while self._do(self._work.get()):
            pass

    def _do(self, work: Work | None) -> bool:
        """Do one piece of work, and keep no reference to it. Returns False at the end of the queue."""
        if work is None:
            return False
        score, queries, candidates, outcome = work
        try:
            outcome.put(self._timed(score, queries, candidates))
        except BaseException as error:
            outcome.put(error)
        return True

    def _timed(self, score: Score, queries: Queries, candidates: Candidates) -> Any:
        size, started = _size(candidates), time.monotonic()
        scores = score(queries, candidates)
        took = time.monotonic() - started
        self._durations[size] = _MEMORY * self._durations.get(size, took) + (1 - _MEMORY) * took
        return scores


def _size(candidates: Candidates) -> int:
    return candidates.items.size.bit_length()
