"""Ranking with a time limit: a ranker that is slow or hangs costs an answer its order, not its deadline."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from shortlist_core.types import Candidates, Float32s, Queries

if TYPE_CHECKING:
    from shortlist_ranking.ranker import Ranker

    Outcome = queue.SimpleQueue[Float32s | BaseException]  # of one call; a future takes longer to hand over
    Work = tuple[Ranker, Queries, Candidates, Outcome]

_MEMORY = 0.8  # weight of the past in the running mean of durations
_STALLED, _LEAST_STALL = 2.0, 0.02  # times as long as lately, and seconds, after which a call counts as stalled
_LOOK_SECONDS = 0.005  # how often a stalled call is weighed against those who wait


class RankerLateError(Exception):
    """The ranker did not answer within the time it had."""


class RankThread:
    """The one thread that rankers run on, so that the pipeline can stop waiting for them.

    Used by one thread at a time. A call that was given up on runs to its end; until then others with a deadline are
    refused at once, as they would only queue up behind it. `due` tells until when those can wait who wait for that
    thread, on time.monotonic's clock: a call that has stalled is given up for them, whatever time it has itself.
    """

    def __init__(self, due: Callable[[], float] = lambda: math.inf) -> None:
        self._due = due
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._running: Outcome | None = None  # None once its outcome was taken
        self._closed, self._closing = False, threading.Lock()
        self._durations: dict[int, float] = {}  # size of the work as a power of two -> mean seconds
        threading.Thread(target=self._run, name="rank", daemon=True).start()

    def expected_seconds(self, candidates: Candidates) -> float:
        """How long work of this size, or less of it, took lately; 0 where there was none."""
        size = _size(candidates)
        return max((seconds for known, seconds in self._durations.items() if known <= size), default=0.0)

    def rank(self, ranker: Ranker, queries: Queries, candidates: Candidates, seconds: float | None) -> Float32s:
        """What `ranker.rank` returns or raises; RankerLateError where that takes longer than `seconds`, or stalls while
        others wait.
        """
        if seconds is not None and self._running and self._running.empty():
            raise RankerLateError
        running = self._running = self._begin(ranker, queries, candidates)
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
        return outcome

    def forgive(self, candidates: Candidates) -> None:
        """Expect a little less of such work: the ranker was passed over, and is to be tried again some day."""
        size = _size(candidates)
        self._durations = {known: t * (_MEMORY if known <= size else 1) for known, t in self._durations.items()}

    def close(self) -> None:
        """Take no more work: `rank` raises RuntimeError from now on."""
        with self._closing:
            self._closed = True
            self._work.put(None)

    def _begin(self, ranker: Ranker, queries: Queries, candidates: Candidates) -> Outcome:
        outcome: Outcome = queue.SimpleQueue()
        with self._closing:  # so that no work comes behind the end, where nobody would do it
            if self._closed:
                raise RuntimeError("the rank thread is closed")
            self._work.put((ranker, queries, candidates, outcome))
        return outcome

    def _run(self) -> None:
        while self._do(self._work.get()):
            pass

    def _do(self, work: Work | None) -> bool:
        """Some work, of which nothing is kept; False where it is the end."""
        if work is None:
            return False
        ranker, queries, candidates, outcome = work
        try:
            outcome.put(self._timed(ranker, queries, candidates))
        except BaseException as error:
            outcome.put(error)
        return True

    def _timed(self, ranker: Ranker, queries: Queries, candidates: Candidates) -> Float32s:
        size, started = _size(candidates), time.monotonic()
        scores: Float32s = ranker.rank(queries, candidates)
        took = time.monotonic() - started
        self._durations[size] = _MEMORY * self._durations.get(size, took) + (1 - _MEMORY) * took
        return scores


def _size(candidates: Candidates) -> int:
    return candidates.items.size.bit_length()
