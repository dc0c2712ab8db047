"""The engine: answers a query with the bundle of its route, and counts how the request ended.

The engine accepts requests up to a limit, and runs them off the event loop.
"""

from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog

from shortlist_bundle.erasures import Erasures
from shortlist_core.errors import DeadlineError, UnavailableError
from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.types import Event, Ranked
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.serving.batcher import Batcher
from shortlist_server.serving.impressions import Impressions
from shortlist_server.serving.limiter import Limiter, Place
from shortlist_server.serving.routing import Route, Serving
from shortlist_server.serving.store_threads import StoreThreads
from shortlist_server.system.expiry import Expiry, Retention
from shortlist_server.system.live_catalog import LiveCatalog
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.unknown_items import unknown_items
from shortlist_state import AppendResult, StateStore
from shortlist_state.live_counts import LiveCounts

T = TypeVar("T")
Respond = Callable[[LoadedBundle, Query, Ranked], T]
"""Makes the response of an answer. Where that fails, the request counts as failed on the bundle that answered."""
Work = Callable[[LoadedBundle, Sequence[PendingRequest], Run], None]
"""One of the pipeline's paths."""

log = structlog.get_logger(__name__)

_HANGS_SECONDS = 60.0


class Engine:
    """Answers validated queries. All methods but `close` belong to one event loop."""

    def __init__(self, settings: Settings, store: StateStore, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._whose = settings.log_fields
        self.serving: Serving | None = None  # None until the first bundle is loaded
        self._cache = ResponseCache(settings.reuse_seconds) if settings.reuse_seconds else None
        looking = self._cache.forget if self._cache else lambda: None
        erasures = Erasures(settings.bundles)
        rules = self._dislike_below, self._event_weights
        self.live = LiveUsers(store, self._refresh, looking, metrics.store_available, erasures, *rules)
        self._model_thread = ThreadPoolExecutor(1, "model")
        self.catalog = LiveCatalog(
            store.catalog,
            self._model_thread,
            settings.catalog_poll_seconds,
            settings.max_fresh_items,
            partial(metrics.followed, "catalog"),
        )
        retention = Retention(settings.keep_events_seconds, settings.max_user_events)
        self._expiry = Expiry(store, retention, settings.expiry_sweep_seconds, metrics.expired)
        self._expiry.start()
        self._batcher = Batcher(self._model_thread, settings.max_batch)
        self._max_batch = settings.max_batch
        self._rank_thread = RankThread(self._batcher.due)
        self._pipeline = Pipeline(self.live, self._rank_thread, self._cache, metrics.unknown_users)
        self.store = StoreThreads(store, settings, metrics)
        self._impressions = Impressions(store, metrics)
        self._requests = Limiter(settings.max_pending, partial(metrics.pending, "recommendations"))

    def _dislike_below(self) -> float:
        """The line of the stable bundle below which ratings are no choices; -inf while there is no bundle."""
        return -math.inf if self.serving is None else self.serving.stable.dislike_below

    def _event_weights(self) -> EventWeights:
        """How much events count for the stable bundle."""
        return USUAL if self.serving is None else self.serving.stable.event_weights

    def ready(self) -> Serving:
        """The bundles that serve now. Raises UnavailableError while there are none."""
        if self.serving is None:
            raise UnavailableError("NO_BUNDLE", "this server has not loaded a bundle yet")
        return self.serving

    @property
    def stable(self) -> LoadedBundle:
        """The stable bundle that serves now. Raises UnavailableError while there is none.

        A caller reads it once per request and passes it on. So one bundle makes the whole answer, even if another
        bundle is activated meanwhile.
        """
        return self.ready().stable

    def serve(self, serving: Serving) -> None:
        """Serve these bundles from the next request on. Requests under way keep the bundle that they began with."""
        before, self.serving = self.serving, serving
        self._metrics.serving(serving.labelled())
        if before is None or before.stable is not serving.stable:
            gc.unfreeze()  # lets the garbage collector free the bundle that `worker.serve` froze
            log.info("serving", bundle=serving.stable.version, items=len(serving.stable.items), **self._whose)

    async def activate(self, load: Callable[[], LoadedBundle]) -> LoadedBundle:
        """Load a bundle on a thread of its own, and serve it alone. Returns the loaded bundle."""
        bundle = await asyncio.to_thread(load)
        await asyncio.to_thread(self.catalog.follow, bundle)
        await asyncio.to_thread(self.live.erased_users.leave_out_of, bundle)
        self.serve(Serving(bundle))
        return bundle

    def keep(self, retention: Retention) -> None:
        """Keep so many live events from now on."""
        self._expiry.keep(retention)

    def hangs(self) -> bool:
        """Whether one batch has kept the model thread for so long that it will hardly ever end."""
        return self._batcher.busy_seconds() > _HANGS_SECONDS

    def is_busy(self) -> bool:
        """Whether so many queries are pending that there may be no room for another one."""
        return self._requests.pending >= self._max_batch

    def enter(self, context: RequestContext | None) -> Place:
        """A place for one more query among the pending ones. Raises OverloadedError where there is no room for it.

        Without a context room is looked for later, when the query is answered.
        """
        return self._requests.enter(context)

    async def recommend(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response to one query, by both stages."""
        key = query.candidate_count, query.filter
        return await self._routed(self._pipeline.recommend, key, query, context, respond, is_shown=True)

    async def preview(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """As `recommend`, but the route does not count how the request ends, and no shadow ranks it."""
        bundle = self._route(query).bundle
        with self._requests.admit(1, context):
            answer = await self._recommend(bundle, query, context)
        return respond(bundle, query, answer)

    async def recommend_batch(
        self, bundle: LoadedBundle, queries: Sequence[Query], context: RequestContext
    ) -> list[Ranked]:
        """The answers of one bundle to the queries, in their order.

        Raises the first error of any query, and drops the other queries then.
        """
        with self._requests.admit(len(queries), context):
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
        key = len(query.item_ids), query.filter
        return await self._routed(self._pipeline.rank, key, query, context, respond)

    async def similar(self, query: Query, context: RequestContext, respond: Respond[T]) -> T:
        """The response to one query for the neighbours of an item, by the stable bundle."""
        bundle = self.stable
        with self._requests.admit(1, context):
            answer = await self._run(self._pipeline.similar, object(), bundle, query, context)
        return respond(bundle, query, answer)

    async def write(self, events: Sequence[Event], lane: str) -> tuple[AppendResult, int]:
        """Store events durably. A write that has begun is completed even if its caller leaves.

        Returns what became of them, and how many are about items that nobody knows; 0 before the first bundle.
        """

        def append(store: StateStore) -> tuple[AppendResult, int]:
            result, serving = store.append(events), self.serving
            unknown = unknown_items(serving.stable, store.catalog, events) if serving else 0
            self._metrics.written(result, unknown)
            return result, unknown

        return await self.store.write(append, lane)

    def shown(self, bundle: LoadedBundle, query: Query, answer: Ranked) -> None:
        """Count impressions of an answer that is about to be shown, where the query says so and names a user."""
        if query.count_impressions and query.user_id:
            self._impressions.offer(query.request_id, query.user_id, bundle.items.ids.take(answer.items))

    def drop_impressions(self, user_id: str) -> None:
        """Write nothing any more of what a user was shown who is about to be erased."""
        self._impressions.forget(user_id)

    def forget(self, user_id: str) -> bool:
        """Use nothing of a user who was just erased any more; whether it could be recorded beside the bundles."""
        is_recorded = self.live.erased_users.add(user_id)
        for bundle in self.serving.loaded() if self.serving else ():
            self.live.erased_users.leave_out_of(bundle)
        return is_recorded

    def end_writing(self) -> None:
        """Write the impressions that wait, which may take seconds where the store hangs. Any thread may do it."""
        self._impressions.close()

    def close(self) -> None:
        """Close the threads and the store. No request may be under way any more."""
        self.store.close()
        self._impressions.close()
        self.catalog.close()
        self._model_thread.shutdown(wait=False, cancel_futures=True)
        self._rank_thread.close()
        self.live.close()
        self._expiry.close()
        self._store.close()

    def _refresh(self, counts: LiveCounts) -> None:
        """Bring online popularity up to date for every loaded bundle. The follower of the store's log calls this."""
        self._metrics.followed("events")
        for bundle in self.serving.loaded() if self.serving else ():
            try:
                self.live.erased_users.leave_out_of(bundle)
                bundle.online_popularity.refresh(counts)
            except Exception:  # answers go on with the popularity of before
                log.exception("online_popularity_failed", bundle=bundle.version, **self._whose)

    async def _routed(
        self,
        work: Work,
        key: Hashable,
        query: Query,
        context: RequestContext,
        respond: Respond[T],
        is_shown: bool = False,
    ) -> T:
        """The response of the bundle that the query names, or else of the user's route, which counts how it ended.

        Of an answer that `is_shown`, impressions are counted, and a shadow ranks the query too. Who names a bundle
        compares, and shows nobody anything.
        """
        route, patience = self._route(query), context.seconds_left()
        try:
            with self._requests.admit(1, context):
                answer = await self._run(work, key, route.bundle, query, context)
            response = respond(route.bundle, query, answer)
        except BaseException as error:
            # When the deadline passes, gRPC cancels the call, as it does when the caller leaves.
            route.count(DeadlineError("answer") if context.late() else error, context.caller, patience)
            raise
        route.count(answer, context.caller, patience)
        if is_shown and not query.bundle_version:
            route.compare(query, answer)
            self.shown(route.bundle, query, answer)
        return response

    def _route(self, query: Query) -> Route:
        serving = self.ready()
        return serving.named(query.bundle_version) if query.bundle_version else serving.route(query.user_id)

    async def _recommend(self, bundle: LoadedBundle, query: Query, context: RequestContext) -> Ranked:
        key = query.candidate_count, query.filter
        return await self._run(self._pipeline.recommend, key, bundle, query, context)

    async def _run(
        self, work: Work, key: Hashable, bundle: LoadedBundle, query: Query, context: RequestContext
    ) -> Ranked:
        """The answer of one of the pipeline's paths. Requests of equal keys may share one run."""
        shared = id(bundle), work, key
        return await self._batcher.run(shared, partial(self._counted, work, bundle), PendingRequest(query, context))

    def _counted(self, work: Work, bundle: LoadedBundle, requests: Sequence[PendingRequest]) -> None:
        run = Run()
        if any(request.query.filter or request.query.rules for request in requests):
            self.catalog.bring_facts(bundle)
        try:
            work(bundle, requests, run)
        finally:
            self._metrics.batch(len(requests), run.stage_seconds, run.answers)
