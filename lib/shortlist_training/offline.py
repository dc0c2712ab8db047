"""The serving pipeline without gRPC: lists for many users at once, for files and for evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from shortlist_bundle import Bundle
from shortlist_bundle.erasures import Erasures
from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_core.errors import ShortlistError
from shortlist_core.types import NO_ITEM, Float32s, Int32s, Ranked
from shortlist_ranking.ranker import Ranker
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_training.recorded_users import RecordedUsers

BATCH = 1
"""Queries that go through the pipeline together: with more, sums of vectors differ in their last bits."""

FAILURES = frozenset({"source_failed", "ranker_skipped"})
"""Flags of an answer that a server gives all the same; a measurement or a file of lists must not hide them."""


class UnansweredError(ShortlistError):
    """A bundle could not answer a user in full: a fault of the bundle or of the program, which the log tells."""

    reason = "UNANSWERED"

    def __init__(self, version: str, user_id: str, flags: str) -> None:
        super().__init__(f"bundle {version} does not answer user {user_id!r} in full: {flags}; the log says why")


Counting = Callable[[int], Callable[[int], None]]
"""Hears how many users lists are made for, and gives what hears how many more are done."""

Path = Callable[[Pipeline, LoadedBundle, Sequence[PendingRequest], Run], None]


@dataclass(frozen=True)
class Lists:
    """Ranked rows int32 [users, count], NO_ITEM where a list is shorter, and their scores float32."""

    items: Int32s
    scores: Float32s


@dataclass(frozen=True)
class Recommender:
    """One loaded bundle as it serves at the end of a table of interactions."""

    bundle: LoadedBundle
    users: RecordedUsers
    thread: RankThread
    counting: Counting = lambda _: lambda _: None

    def recommend(self, queries: Sequence[Query], advance: Callable[[int], None] = lambda _: None) -> Lists:
        """Both stages. `advance` hears how many more users were done."""
        return self._lists(Pipeline.recommend, queries, advance)

    def retrieve(self, queries: Sequence[Query]) -> Lists:
        """Stage one alone, best fused score first."""
        return self._lists(Pipeline.retrieve, queries, lambda _: None)

    def answers(self, queries: Sequence[Query]) -> list[Ranked]:
        """Whole answers of both stages, with the reasons of the items."""
        pipeline = Pipeline(self.users, self.thread)
        return [answer for query in queries for answer in self._answers(Pipeline.recommend, pipeline, [query])]

    def with_ranker(self, ranker: Ranker) -> Recommender:
        """The same with another ranker."""
        return replace(self, bundle=replace(self.bundle, ranker=ranker))

    def _lists(self, path: Path, queries: Sequence[Query], advance: Callable[[int], None]) -> Lists:
        width = max((query.count for query in queries), default=0)
        items = np.full((len(queries), width), NO_ITEM, np.int32)
        scores = np.zeros((len(queries), width), np.float32)
        pipeline, counted = Pipeline(self.users, self.thread), self.counting(len(queries))
        for start in range(0, len(queries), BATCH):
            answers = self._answers(path, pipeline, queries[start : start + BATCH])
            for i, answer in enumerate(answers, start):
                items[i, : len(answer.items)], scores[i, : len(answer.items)] = answer.items, answer.scores
            advance(len(answers))
            counted(len(answers))
        return Lists(items, scores)

    def _answers(self, path: Path, pipeline: Pipeline, queries: Sequence[Query]) -> list[Ranked]:
        requests = [PendingRequest(query, RequestContext()) for query in queries]
        path(pipeline, self.bundle, requests, Run())
        answers = [request.result() for request in requests]
        for query, answer in zip(queries, answers, strict=True):
            if failed := sorted(answer.degraded & FAILURES):
                raise UnansweredError(self.bundle.version, query.user_id, ", ".join(failed))
        return answers


@contextmanager
def serving_offline(
    bundle: Bundle,
    past: pl.DataFrame | None = None,
    new: Sequence[CatalogItem] = (),
    erasures: Erasures | None = None,
    counting: Counting = lambda _: lambda _: None,
) -> Iterator[Recommender]:
    """The bundle as a server would serve it at the end of `past`, with `new` items written in this order.

    Nothing of the users in `erasures` is used. Interactions since the bundle's data ended count as live events do.
    Raises BundleRefusedError where the bundle's parts do not fit.
    """
    loaded = LoadedBundle.load(bundle, BATCH, len(new))
    loaded.apply_changes([CatalogChange(number, item.item_id, item, 0) for number, item in enumerate(new)])
    manifest = bundle.manifest
    rules = manifest.dislike_below, manifest.event_weights
    users = RecordedUsers(past, manifest.as_of_micros, erasures or frozenset(), *rules)
    if erasures is not None:
        loaded.forget([erasures])
    loaded.online_popularity.refresh(users.counts)
    thread = RankThread()
    try:
        yield Recommender(loaded, users, thread, counting)
    finally:
        thread.close()
