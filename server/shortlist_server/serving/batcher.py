"""The batcher: a queue in front of the model thread. Callers take turns, and requests of equal keys
go through it as one batch."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from shortlist_core.types import Ranked
from shortlist_server.pipeline.request import PendingRequest
from shortlist_server.serving.fair_queue import FairQueue

Work = Callable[[list[PendingRequest]], None]

_SHARE = 0.5  # share of a caller's time that a request may wait for the thread


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    key: Hashable
    work: Work
    request: PendingRequest
    done: asyncio.Future[None]
    due: float  # when the request has to start, on time.monotonic's clock; infinite where the caller has no deadline


class Batcher:
    """Feeds one thread with batches. An idle thread takes a request at once: no request waits for a fuller batch."""

    def __init__(self, thread: Executor, max_batch: int) -> None:
        self._thread = thread
        self._max_batch = max_batch
        self._waiting: FairQueue[_Waiting] = FairQueue()
        self._feeding: asyncio.Task[None] | None = None
        self._began = 0.0  # when the batch on the thread began, on time.monotonic's clock; 0 while there is none

    async def run(self, key: Hashable, work: Work, request: PendingRequest) -> Ranked:
        """The request's answer, after `work` has run on the thread. Raises the error that ended the request.

        Requests of equal keys may share one call of `work`, that of the first request. If this call is cancelled, the
        request is marked as cancelled. It is then dropped by the next stage, or never started.
        """
        loop = asyncio.get_running_loop()
        seconds_left = request.context.seconds_left()
        due = math.inf if seconds_left is None else time.monotonic() + _SHARE * seconds_left
        waiting = _Waiting(key, work, request, loop.create_future(), due)
        request.wake = partial(loop.call_soon_threadsafe, _settle, waiting.done)
        self._waiting.put(waiting, request.context.lane, request.context.urgent)
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._feed())
        try:
            await waiting.done
        except asyncio.CancelledError:
            request.context.cancelled = True
            raise
        return request.result()

    def due(self) -> float:
        """When the thread has to be free for the waiting requests, on time.monotonic's clock; infinite without any.

        May be called on any thread.
        """
        return min((waiting.due for waiting in self._waiting if not waiting.done.done()), default=math.inf)

    def busy_seconds(self) -> float:
        """How long the batch on the thread has taken so far; 0 where there is none."""
        return time.monotonic() - self._began if self._began else 0.0

    async def _feed(self) -> None:
        """Run batches until the queue is empty."""
        try:
            while batch := self._take():
                error = await asyncio.get_running_loop().run_in_executor(self._thread, self._attempt, batch)
                for waiting in batch:
                    _settle(waiting.done, error)  # no effect on requests that ended early
        finally:
            self._feeding = None

    def _attempt(self, batch: list[_Waiting]) -> Exception | None:
        self._began = time.monotonic()
        try:
            batch[0].work([waiting.request for waiting in batch])
        except Exception as error:
            return error
        finally:
            self._began = 0.0
        return None

    def _take(self) -> list[_Waiting]:
        """The request whose turn it is and those of its key, in the order of their turns; empty without any."""
        batch: list[_Waiting] = []
        others: list[_Waiting] = []
        while len(batch) < self._max_batch and (waiting := self._waiting.take()) is not None:
            if not waiting.done.done():
                (others if batch and waiting.key != batch[0].key else batch).append(waiting)
        self._waiting.put_back([(other, other.request.context.lane, other.request.context.urgent) for other in others])
        return batch


def _settle(done: asyncio.Future[None], error: Exception | None = None) -> None:
    if done.done():  # settled before, or cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
