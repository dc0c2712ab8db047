"""Requests that wait for the model thread meet here, and those that fit together go through it as one batch."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from shortlist_core.types import Ranked
from shortlist_server.pipeline.request import PendingRequest

Work = Callable[[list[PendingRequest]], None]

_SHARE = 0.5  # of a caller's time that may be spent on waiting for the thread


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    key: Hashable
    work: Work
    request: PendingRequest
    done: asyncio.Future[None]
    due: float  # when its turn has to come, on time.monotonic's clock; infinite where its caller waits for ever


class Batcher:
    """Feeds one thread. An idle thread takes a request at once; nobody is kept waiting for company."""

    def __init__(self, thread: Executor, max_batch: int) -> None:
        self._thread = thread
        self._max_batch = max_batch
        self._waiting: deque[_Waiting] = deque()
        self._feeding: asyncio.Task[None] | None = None

    async def run(self, key: Hashable, work: Work, request: PendingRequest) -> Ranked:
        """The request's answer, or whatever error ended it, after `work` has had it on the thread.

        Requests of equal keys may share one call of `work`, the first one's. A cancelled request is marked as such, for
        the stages to drop, and never started where it still waits.
        """
        loop = asyncio.get_running_loop()
        left = request.context.seconds_left()
        due = math.inf if left is None else time.monotonic() + _SHARE * left
        waiting = _Waiting(key, work, request, loop.create_future(), due)
        request.wake = partial(loop.call_soon_threadsafe, _settle, waiting.done)
        self._waiting.append(waiting)
        if self._feeding is None:
            self._feeding = asyncio.create_task(self._feed())
        try:
            await waiting.done
        except asyncio.CancelledError:
            request.context.cancelled = True
            raise
        return request.result()

    def due(self) -> float:
        """When the thread has to be free for those that wait, on time.monotonic's clock; may be asked on any thread."""
        return min((each.due for each in tuple(self._waiting) if not each.done.done()), default=math.inf)

    async def _feed(self) -> None:
        """Work off the queue, then end."""
        try:
            while batch := self._take():
                error = await asyncio.get_running_loop().run_in_executor(self._thread, _attempt, batch)
                for each in batch:
                    _settle(each.done, error)  # some are settled already: those that ended early
        finally:
            self._feeding = None

    def _take(self) -> list[_Waiting]:
        """The request that waits longest and those that fit to it, in the order in which they came."""
        batch: list[_Waiting] = []
        others: deque[_Waiting] = deque()
        for each in self._waiting:
            if each.done.done():
                continue
            fits = not batch or (each.key == batch[0].key and len(batch) < self._max_batch)
            (batch if fits else others).append(each)
        self._waiting = others
        return batch


def _attempt(batch: list[_Waiting]) -> Exception | None:
    try:
        batch[0].work([each.request for each in batch])
    except Exception as error:
        return error
    return None


def _settle(done: asyncio.Future[None], error: Exception | None = None) -> None:
    if done.done():  # before, or cancelled
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
