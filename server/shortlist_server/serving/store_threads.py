"""Store threads: work with the store off the event loop. Readers have threads and a limit of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.serving.limiter import Limiter
from shortlist_state import StateStore

T = TypeVar("T")
Work = Callable[[StateStore], T]

_WRITERS = 16  # the store commits what they write at the same time together
_READERS = 2


class StoreThreads:
    """The threads around a store, which stays its owner's. All methods but `close` belong to one event loop."""

    def __init__(self, store: StateStore, settings: Settings, metrics: Metrics) -> None:
        self._store = store
        self._writers = ThreadPoolExecutor(_WRITERS, "write")
        self._readers = ThreadPoolExecutor(_READERS, "read")
        self._writes = Limiter(settings.max_pending_writes, partial(metrics.pending, "writes"))
        self._reads = Limiter(settings.max_pending_reads, partial(metrics.pending, "reads"))

    async def write(self, work: Work[T]) -> T:
        """The result of `work`, within the limit of pending writes. It is completed even if its caller leaves.

        Raises OverloadedError where too many wait.
        """
        with self._writes.admit():
            return await asyncio.get_running_loop().run_in_executor(self._writers, work, self._store)

    async def read(self, work: Work[T]) -> T:
        """The result of `work`, which only reads. Raises OverloadedError where too many wait."""
        with self._reads.admit():
            return await asyncio.get_running_loop().run_in_executor(self._readers, work, self._store)

    def close(self) -> None:
        """End the threads after the work that has begun."""
        self._writers.shutdown()
        self._readers.shutdown()
