"""Runs requests: holds the system that serves, takes work up to a limit, and keeps it off the event loop."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import TypeVar

import structlog

from shortlist_core.errors import UnavailableError
from shortlist_core.types import Event, Ranked
from shortlist_server.base.query import Plan
from shortlist_server.base.settings import Settings
from shortlist_server.observe.metrics import Metrics
from shortlist_server.pipeline import pipeline
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.requests import Call, Job
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.serving.batcher import Batcher
from shortlist_server.serving.limiter import Limiter
from shortlist_server.serving.routing import Serving, Turn
from shortlist_server.system.live_catalog import LiveCatalog
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System
from shortlist_state import AppendResult, StateStore
from shortlist_state.live_counts import LiveCounts

T = TypeVar("T")

log = structlog.get_logger(__name__)

_WRITERS = 4  # the store commits together what waits together, so a few are enough


class Engine:
    """Answers validated plans. All methods but `close` belong to one event loop."""

    def __init__(self, settings: Settings, store: StateStore, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self.serving: Serving | None = None  # None until the first bundle is loaded
        self._answers = ResponseCache(settings.reuse_seconds) if settings.reuse_seconds else None
        self.live = LiveUsers(store, self._refresh, self._answers.forget if self._answers else lambda: None)
        self._model_thread = ThreadPoolExecutor(1, "model")
        self.catalog = LiveCatalog(
            store.catalog,
            self._model_thread,
            settings.catalog_poll_seconds,
            settings.max_fresh_items,
            partial(metrics.followed, "catalog"),
        )
        self._batcher = Batcher(self._model_thread, settings.max_batch)
        self._rank_thread = RankThread(self._batcher.due)
        self._writers = ThreadPoolExecutor(_WRITERS, "write")
        self._requests = Limiter(settings.max_pending, partial(metrics.pending, "recommendations"))
        self._writes = Limiter(settings.max_pending_writes, partial(metrics.pending, "writes"))

    def ready(self) -> Serving:
        """What serves now; UnavailableError while nothing does."""
        if self.serving is None:
            raise UnavailableError("NO_BUNDLE", "this server has not loaded a bundle yet")
        return self.serving

    @property
    def system(self) -> System:
        """The stable system that serves now; UnavailableError while there is none.

        Callers take it once a request and pass it on: all of an answer comes from one bundle whatever is activated
        meanwhile.
        """
        return self.ready().stable

    def turn(self, plan: Plan, call: Call) -> AbstractContextManager[Turn]:
        """The system for one user's request, which is counted; UnavailableError while there is none."""
        return self.ready().turn(plan, call)

    def serve(self, serving: Serving) -> None:
        """From the next request on; those under way end with the system that they began with."""
        before, self.serving = self.serving, serving
        self._metrics.serving(serving)
        if before is None or before.stable is not serving.stable:
            gc.unfreeze()  # what `worker.serve` froze may go now
            log.info("serving", bundle=serving.stable.version, items=len(serving.stable.items))

    async def activate(self, load: Callable[[], System]) -> System:
        """Load a system on a thread of its own, then let it alone serve."""
        system = await asyncio.to_thread(load)
        await asyncio.to_thread(self.catalog.follow, system)
        self.serve(Serving(system))
        return system

    async def recommend(self, system: System, plans: Sequence[Plan], call: Call) -> list[Ranked]:
        """An answer for each plan, in order; raises the first error that there is, and then drops the rest."""
        with self._requests.admit(len(plans), call.seconds_left()):
            if len(plans) == 1:
                return [await self._recommend(system, plans[0], call)]
            tasks = [asyncio.ensure_future(self._recommend(system, plan, call)) for plan in plans]
            try:
                return await asyncio.gather(*tasks)
            finally:
                call.cancelled = not all(task.done() for task in tasks)
                for task in tasks:
                    task.cancel()

    async def retrieve(self, system: System, plan: Plan, call: Call) -> Ranked:
        """The candidates."""
        key = (id(system), "retrieve", plan.candidate_count, plan.filter)
        return await self._one(key, pipeline.retrieve, system, plan, call)

    async def rank(self, system: System, plan: Plan, call: Call) -> Ranked:
        """The caller's own candidates, ordered."""
        return await self._one((id(system), "rank", len(plan.item_ids)), pipeline.rank, system, plan, call)

    async def similar(self, system: System, plan: Plan, call: Call) -> Ranked:
        """The neighbours of an item."""
        return await self._one(object(), pipeline.similar, system, plan, call)

    async def write(self, events: Sequence[Event]) -> AppendResult:
        """Store events durably; a write that has begun ends even if its caller leaves."""

        def append(store: StateStore) -> AppendResult:
            result = store.append(events)
            self._metrics.written(result)
            return result

        return await self.with_store(append)

    async def with_store(self, work: Callable[[StateStore], T]) -> T:
        """What `work` answers, which asks the store and may wait for it; it takes its place among the writes."""
        with self._writes.admit():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writers, work, self._store)

    def close(self) -> None:
        """Let go of the threads and the store; nothing may be under way any more."""
        self._writers.shutdown()
        self.catalog.close()
        self._model_thread.shutdown(wait=False, cancel_futures=True)
        self._rank_thread.close()
        self.live.close()
        self._store.close()

    def _refresh(self, counts: LiveCounts) -> None:
        """What all users do right now, for every system in memory; called by the follower of the store's log."""
        self._metrics.followed("events")
        for system in self.serving.systems() if self.serving else ():
            try:
                system.trends.refresh(counts)
            except Exception:  # answers go on with what was popular before
                log.exception("trends_failed", bundle=system.version)

    async def _one(self, key: object, work: Callable[[Batch], None], system: System, plan: Plan, call: Call) -> Ranked:
        with self._requests.admit(1, call.seconds_left()):
            return await self._batcher.run(key, partial(self._work, work, system), Job(plan, call))

    async def _recommend(self, system: System, plan: Plan, call: Call) -> Ranked:
        key = (id(system), "recommend", plan.candidate_count, plan.filter)
        return await self._batcher.run(key, partial(self._work, pipeline.recommend, system), Job(plan, call))

    def _work(self, work: Callable[[Batch], None], system: System, jobs: list[Job]) -> None:
        batch = Batch(system, self.live, self._rank_thread, jobs, self._answers)
        try:
            work(batch)
        finally:
            self._metrics.batch(batch)
