"""Ranking with a time limit: a ranker that is slow or hangs costs an answer its order, not its deadline."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from core.types import Candidates, Float32s, Queries

if TYPE_CHECKING:
    from ranking.ranker import Ranker

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
        self._pool = ThreadPoolExecutor(1, "rank")
        self._running: Future[Float32s] | None = None
        self._durations: dict[int, float] = {}  # size of the work as a power of two -> mean seconds

    def expected_seconds(self, candidates: Candidates) -> float:
        """How long work of this size, or less of it, took lately; 0 where there was none."""
        size = _size(candidates)
        return max((seconds for known, seconds in self._durations.items() if known <= size), default=0.0)

    def rank(self, ranker: Ranker, queries: Queries, candidates: Candidates, seconds: float | None) -> Float32s:
        """What `ranker.rank` returns or raises; RankerLateError where that takes longer than `seconds`, or stalls while
        others wait.
        """
        if seconds is not None and self._running and not self._running.done():
            raise RankerLateError
        running = self._running = self._pool.submit(self._timed, ranker, queries, candidates)
        give_up = time.monotonic() + (math.inf if seconds is None else seconds)
        wait = max(_STALLED * self.expected_seconds(candidates), _LEAST_STALL)
        while True:
            try:
                return running.result(min(wait, give_up - time.monotonic()))
            except TimeoutError:
                if running.done():  # the ranker's own TimeoutError, or a result of the very last moment
                    return running.result()
            if time.monotonic() >= min(give_up, self._due()):
                raise RankerLateError
            wait = _LOOK_SECONDS

    def forgive(self, candidates: Candidates) -> None:
        """Expect a little less of such work: the ranker was passed over, and is to be tried again some day."""
        size = _size(candidates)
        self._durations = {known: t * (_MEMORY if known <= size else 1) for known, t in self._durations.items()}

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _timed(self, ranker: Ranker, queries: Queries, candidates: Candidates) -> Float32s:
        size, started = _size(candidates), time.monotonic()
        scores: Float32s = ranker.rank(queries, candidates)
        took = time.monotonic() - started
        self._durations[size] = _MEMORY * self._durations.get(size, took) + (1 - _MEMORY) * took
        return scores


def _size(candidates: Candidates) -> int:
    return candidates.items.size.bit_length()
