"""Store threads: work with the store off the event loop. Readers have threads and a limit of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.pipeline.request import RequestContext
from shortlist_server.serving.fair_queue import FairQueue
from shortlist_server.serving.limiter import Limiter
from shortlist_state import StateStore

T = TypeVar("T")
Work = Callable[[StateStore], T]

_WRITERS = 16  # the store commits what they write at the same time together
_READERS = 2


class StoreThreads:
    """The threads around a store, which stays its owner's. All methods but `close` belong to one event loop.

    Answers are made on the threads too, as far as that takes time: a page of a thousand items would keep the event loop
    from all other calls.
    """

    def __init__(self, store: StateStore, settings: Settings, metrics: Metrics) -> None:
        writes = Limiter(settings.max_pending_writes, partial(metrics.pending, "writes"))
        reads = Limiter(settings.max_pending_reads, partial(metrics.pending, "reads"))
        self._writers = _Threads(_WRITERS, "write", store, writes)
        self._readers = _Threads(_READERS, "read", store, reads)

    async def write(self, work: Work[T], lane: str) -> T:
        """The result of `work`, within the limit of pending writes. It is completed even if its caller leaves.

        `lane` says whose turn it is, see RequestContext. Raises OverloadedError where too many wait.
        """
        return await self._writers.do(work, lane)

    async def read(self, work: Work[T], lane: str) -> T:
        """The result of `work`, which only reads. Raises OverloadedError where too many wait."""
        return await self._readers.do(work, lane)

    def close(self) -> None:
        """End the threads after the work that has begun."""
        self._writers.close()
        self._readers.close()


class _Threads:
    """Some threads, which do the work of callers in turns."""

    def __init__(self, count: int, name: str, store: StateStore, limiter: Limiter) -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self._store = store
        self._limiter = limiter
        self._idle = count
        self._waiting: FairQueue[tuple[Work[Any], asyncio.Future[Any]]] = FairQueue()

    async def do(self, work: Work[T], lane: str) -> T:
        # Without a deadline: what the limiter learns of one thread would refuse too much where there are several.
        with self._limiter.admit(1, RequestContext(lane=lane)):
            result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            here = copy_context()  # in which the work knows whose call it is done for
            self._waiting.put((lambda store: here.run(work, store), result), lane, urgent=True)
            self._begin()
            return await result

    def close(self) -> None:
        self._pool.shutdown()

    def _begin(self) -> None:
        """Give work to the threads that have none."""
        while self._idle and (next_one := self._waiting.take()):
            work, result = next_one
            if not result.cancelled():  # its caller has not left
                self._idle -= 1
                running = asyncio.get_running_loop().run_in_executor(self._pool, work, self._store)
                running.add_done_callback(partial(self._end, result))

    def _end(self, result: asyncio.Future[Any], running: asyncio.Future[Any]) -> None:
        self._idle += 1
        error = running.exception()
        if not result.cancelled():
            if error:
                result.set_exception(error)
            else:
                result.set_result(running.result())
        self._begin()
