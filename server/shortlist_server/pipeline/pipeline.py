"""The pipeline: runs the stages of a request, in the order that the README's picture and the trace also show.

A stage that fails or has no time is skipped, and the answer is flagged. A request whose deadline passes or whose caller
leaves ends early: no later stage runs for it. Servers, evaluation and `shortlist recommend` all run this pipeline.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import numpy as np

from shortlist_core.errors import ShortlistError
from shortlist_core.types import Ranked, StageTrace
from shortlist_server.pipeline import rank, retrieve, selection
from shortlist_server.pipeline.batch import Batch, Hydrated, Progress, Retrieved, Shown
from shortlist_server.pipeline.cache_key import cache_key
from shortlist_server.pipeline.counts import StageCounts
from shortlist_server.pipeline.filter import filter
from shortlist_server.pipeline.hydrate import hydrate
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest
from shortlist_server.pipeline.response_cache import ResponseCache
from shortlist_server.pipeline.tiring import tired
from shortlist_server.system.live_users import UserEvents
from shortlist_server.system.loaded_bundle import LoadedBundle

B = TypeVar("B", bound=Batch)
C = TypeVar("C", bound=Batch)


@dataclass(slots=True)
class Run:
    """The record of one run of the pipeline, for the metrics."""

    stage_seconds: list[tuple[str, float]] = field(default_factory=list)  # stages in the order in which they ran
    answers: list[Ranked] = field(default_factory=list)


class NobodyWaitsError(Exception):
    """Every request of the batch has ended, so no further stage has to run."""


class Pipeline:
    """The stages, with what they need besides a loaded bundle. A pipeline belongs to one thread."""

    def __init__(
        self,
        users: UserEvents,
        rank_thread: RankThread,
        cache: ResponseCache | None = None,
        unknown_users: Callable[[int], None] = lambda _: None,  # is told how many users of a batch nobody knows
    ) -> None:
        self._hydrate = partial(hydrate, users, unknown_users=unknown_users)
        self._retrieve = partial(retrieve.retrieve, users.baskets)
        self._rank = partial(rank.rank, rank_thread)
        self._urgent = partial(rank.urgent, rank_thread)
        self._cache = cache  # None: every answer is computed

    def recommend(self, bundle: LoadedBundle, requests: Sequence[PendingRequest], run: Run) -> None:
        """Answer the requests by both stages: one retrieval and one model call for all that the cache cannot answer.

        Afterwards each request has its answer or its error.
        """
        with suppress(NobodyWaitsError):
            hydrated = self._stage("hydrate", self._hydrate, Batch.begin(bundle, requests), run)
            uncached = self._answer_from_cache(hydrated, run)
            retrieved = self._stage("retrieve", self._retrieve, uncached, run)
            filtered = self._stage("filter", filter, retrieved, run)
            patient = self._answer_urgent(filtered, run, _select)
            ranked = self._stage("rank", self._rank, patient, run)
            self._finish(self._stage("select", _select, ranked, run), run)

    def retrieve(self, bundle: LoadedBundle, requests: Sequence[PendingRequest], run: Run) -> None:
        """Answer the requests by stage one alone: all candidates, by fused score."""
        with suppress(NobodyWaitsError):
            hydrated = self._stage("hydrate", self._hydrate, Batch.begin(bundle, requests), run)
            retrieved = self._stage("retrieve", self._retrieve, hydrated, run)
            filtered = self._stage("filter", filter, retrieved, run)
            self._finish(self._stage("select", selection.order, filtered, run), run)

    def rank(self, bundle: LoadedBundle, requests: Sequence[PendingRequest], run: Run) -> None:
        """Answer the requests by stage two alone: all of the callers' own candidates, by the ranker's score."""
        with suppress(NobodyWaitsError):
            hydrated = self._stage("hydrate", self._hydrate, Batch.begin(bundle, requests), run)
            scored = self._stage("retrieve", retrieve.score, hydrated, run)
            patient = self._answer_urgent(scored, run, selection.order)
            ranked = self._stage("rank", self._rank, patient, run)
            self._finish(self._stage("select", selection.order, ranked, run), run)

    def similar(self, bundle: LoadedBundle, requests: Sequence[PendingRequest], run: Run) -> None:
        """Answer one request with the neighbours of an item.

        Raises NotFoundError where the item is not in the catalogue of the bundle.
        """
        with suppress(NobodyWaitsError):
            retrieved = self._stage("retrieve", retrieve.neighbours, Batch.begin(bundle, requests), run)
            filtered = self._stage("filter", filter, retrieved, run)
            self._finish(self._stage("select", selection.order, filtered, run), run)

    def _stage(self, name: str, work: Callable[[B], tuple[C, list[StageCounts]]], batch: B, run: Run) -> C:
        """The record that a stage makes of the requests whose callers still wait.

        Raises NobodyWaitsError where no caller waits any more.
        """
        batch = _wanted(batch, name)
        started = time.perf_counter_ns()
        done, counts = work(batch)
        micros = (time.perf_counter_ns() - started) // 1_000
        run.stage_seconds.append((name, micros / 1_000_000))
        return done.traced([StageTrace(name, c.entered, c.left, micros, c.dropped, c.rules) for c in counts])

    def _answer_from_cache(self, batch: Hydrated, run: Run) -> Hydrated:
        """Answer requests from the response cache. Returns the others, with the cache keys for their answers.

        A request that asks for the trace runs through every stage, so the cache never answers it.
        """
        cache = self._cache
        if cache is None:
            return batch
        traced = [request.query.include_trace for request in batch.requests]
        keys = [None if is_traced else cache_key(batch, i) for i, is_traced in enumerate(traced)]
        cached = [None if key is None else cache.get(key) for key in keys]
        for request, progress, answer in zip(batch.requests, batch.progress, cached, strict=True):
            if answer is not None:
                _end(request, progress, answer, run)
                request.wake()
        missing = np.flatnonzero([answer is None for answer in cached])
        batch = batch.keyed(keys)
        return batch if len(missing) == len(batch) else batch.select(missing)

    def _answer_urgent(
        self, batch: Retrieved, run: Run, select: Callable[[Retrieved], tuple[Shown, list[StageCounts]]]
    ) -> Retrieved:
        """Answer the requests that have no time for the ranker, in the fused order. Returns the other requests.

        The urgent requests are answered before the others are ranked, as they have no time to wait for that either.
        """
        batch = _wanted(batch, "rank")
        urgent = self._urgent(batch)
        if not urgent.any():
            return batch
        with suppress(NobodyWaitsError):
            unranked = self._stage("rank", rank.keep_fused_order, batch.select(np.flatnonzero(urgent)), run)
            hurried = self._stage("select", select, unranked, run)
            self._finish(hurried, run)
            for request in hurried.requests:
                request.wake()
        return batch.select(np.flatnonzero(~urgent))

    def _finish(self, batch: Shown, run: Run) -> None:
        """End the requests with their answers. Answers without flags go into the response cache."""
        for request, progress, answer in zip(batch.requests, batch.progress, batch.answers, strict=True):
            ended = _end(request, progress, answer, run)
            if self._cache is not None and progress.cache_key is not None and not progress.flags:
                self._cache.put(progress.cache_key, ended)


def _select(batch: Retrieved) -> tuple[Shown, list[StageCounts]]:
    """The select stage of recommendations, in which what was shown lately stands further behind."""
    return selection.select(tired(batch))


def _wanted(batch: B, stage: str) -> B:
    """The requests whose callers still wait. The others end with an error, and no later stage runs for them.

    Raises NobodyWaitsError where no caller waits any more.
    """
    waiting = []
    for i, request in enumerate(batch.requests):
        try:
            request.context.check(stage)
            waiting.append(i)
        except ShortlistError as error:
            request.fail(error)
            request.wake()
    if not waiting:
        raise NobodyWaitsError
    return batch if len(waiting) == len(batch) else batch.select(np.array(waiting, np.int64))


def _end(request: PendingRequest, progress: Progress, answer: Ranked, run: Run) -> Ranked:
    """End a request with its answer, completed by what the stages have noted. Returns the completed answer."""
    noted = replace(answer, degraded=progress.flags, trace=progress.trace)
    request.answer(noted)
    run.answers.append(noted)
    return noted
