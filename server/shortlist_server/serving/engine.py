"""The engine: takes a query, answers it with the bundle that serves it, and counts how that ended.

It takes work up to a limit and keeps it off the event loop.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog

from shortlist_core.errors import DeadlineError, UnavailableError
from shortlist_core.types import Event, Ranked
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.serving.batcher import Batcher
from shortlist_server.serving.limiter import Limiter
from shortlist_server.serving.routing import Serving
from shortlist_server.system.live_catalog import LiveCatalog
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import AppendResult, StateStore
from shortlist_state.live_counts import LiveCounts

T = TypeVar("T")
Respond = Callable[[LoadedBundle, Query, Ranked], T]
"""Makes the response of an answer. A failure to make it counts as a failure of the bundle that answered."""
Work = Callable[[LoadedBundle, Sequence[PendingRequest], Run], None]
"""One of the pipeline's paths."""

log = structlog.get_logger(__name__)

_WRITERS = 4  # the store commits together what waits together, so a few are enough


class Engine:
    """Answers validated queries. All methods but `close` belong to one event loop."""

    def __init__(self, settings: Settings, store: StateStore, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self.serving: Serving | None = None  # None until the first bundle is loaded
        self._cache = ResponseCache(settings.reuse_seconds) if settings.reuse_seconds else None
        self.live = LiveUsers(store, self._refresh, self._cache.forget if self._cache else lambda: None)
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
        self._pipeline = Pipeline(self.live, self._rank_thread, self._cache)
        self._writers = ThreadPoolExecutor(_WRITERS, "write")
        self._requests = Limiter(settings.max_pending, partial(metrics.pending, "recommendations"))
        self._writes = Limiter(settings.max_pending_writes, partial(metrics.pending, "writes"))

    def ready(self) -> Serving:
        """What serves now; UnavailableError while nothing does."""
        if self.serving is None:
            raise UnavailableError("NO_BUNDLE", "this server has not loaded a bundle yet")
        return self.serving

    @property
    def stable(self) -> LoadedBundle:
        """The stable bundle that serves now; UnavailableError while there is none.

        Callers take it once a request and pass it on: all of an answer comes from one bundle whatever is activated
        meanwhile.
        """
        return self.ready().stable

    def serve(self, serving: Serving) -> None:
        """From the next request on; those under way end with the bundle that they began with."""
        before, self.serving = self.serving, serving
        self._metrics.serving(serving.labelled())
        if before is None or before.stable is not serving.stable:
            gc.unfreeze()  # what `worker.serve` froze may go now
            log.info("serving", bundle=serving.stable.version, items=len(serving.stable.items))

    async def activate(self, load: Callable[[], LoadedBundle]) -> LoadedBundle:
        """Load a bundle on a thread of its own, then let it alone serve."""
        bundle = await asyncio.to_thread(load)
        await asyncio.to_thread(self.catalog.follow, bundle)
        self.serve(Serving(bundle))
        return bundle

    async def recommend(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response to one query, by both stages."""
        key = query.candidate_count, query.filter
        return await self._routed(self._pipeline.recommend, key, query, context, respond, compare=True)

    async def recommend_batch(
        self, bundle: LoadedBundle, queries: Sequence[Query], context: RequestContext
    ) -> list[Ranked]:
        """An answer of one bundle for each query, in order; raises the first error that there is, and then drops the
        rest.
        """
        with self._requests.admit(len(queries), context.seconds_left()):
            tasks = [asyncio.ensure_future(self._recommend(bundle, query, context)) for query in queries]
            try:
                return await asyncio.gather(*tasks)
            finally:
                context.cancelled = not all(task.done() for task in tasks)
                for task in tasks:
                    task.cancel()

    async def retrieve(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response to one query by stage one alone: its candidates."""
        key = query.candidate_count, query.filter
        return await self._routed(self._pipeline.retrieve, key, query, context, respond)

    async def rank(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response to one query by stage two alone: the caller's own candidates, ordered."""
        return await self._routed(self._pipeline.rank, len(query.item_ids), query, context, respond)

    async def similar(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response with the neighbours of an item, by the stable bundle."""
        bundle = self.stable
        with self._requests.admit(1, context.seconds_left()):
            answer = await self._run(self._pipeline.similar, object(), bundle, query, context)
        return respond(bundle, query, answer)

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
        """What all users do right now, for every bundle in memory; called by the follower of the store's log."""
        self._metrics.followed("events")
        for bundle in self.serving.loaded() if self.serving else ():
            try:
                bundle.online_popularity.refresh(counts)
            except Exception:  # answers go on with what was popular before
                log.exception("online_popularity_failed", bundle=bundle.version)

    async def _routed(
        self,
        work: Work,
        key: Hashable,
        query: Query,
        context: RequestContext,
        respond: Respond[T],
        compare: bool = False,
    ) -> T:
        """The response by the bundle that serves this user, counted; a shadow ranks `compare`d ones as well."""
        route = self.ready().route(query.user_id)
        try:
            with self._requests.admit(1, context.seconds_left()):
                answer = await self._run(work, key, route.bundle, query, context)
            response = respond(route.bundle, query, answer)
        except BaseException as error:
            # gRPC cancels a call whose deadline is over, as if its caller had left.
            route.count(DeadlineError("answer") if context.late() else error)
            raise
        route.count(answer)
        if compare:
            route.compare(query, answer)
        return response

    async def _recommend(self, bundle: LoadedBundle, query: Query, context: RequestContext) -> Ranked:
        key = query.candidate_count, query.filter
        return await self._run(self._pipeline.recommend, key, bundle, query, context)

    async def _run(
        self, work: Work, key: Hashable, bundle: LoadedBundle, query: Query, context: RequestContext
    ) -> Ranked:
        """The answer of a path of the pipeline; requests of equal keys may share one run."""
        shared = id(bundle), work, key
        return await self._batcher.run(shared, partial(self._counted, work, bundle), PendingRequest(query, context))

    def _counted(self, work: Work, bundle: LoadedBundle, requests: Sequence[PendingRequest]) -> None:
        run = Run()
        try:
            work(bundle, requests, run)
        finally:
            self._metrics.batch(len(requests), run.stage_seconds, run.answers)
