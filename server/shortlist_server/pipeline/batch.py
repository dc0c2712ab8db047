"""Records of the pipeline: each stage takes a whole record and returns a whole one.

The kinds of records are `Batch`, `Hydrated`, `Retrieved` and `Shown`. Each holds what one more stage has made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s, Int64s, Queries, Ranked, StageTrace
from shortlist_ranking.expected import Expected
from shortlist_ranking.order import scaled
from shortlist_server.pipeline.co_visitation import CoVisitation
from shortlist_server.pipeline.request import PendingRequest
from shortlist_server.pipeline.restrictions import Restrictions
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.placements.rule import Hold, Rule


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of one request: what the stages so far have noted about it."""

    flags: frozenset[str] = frozenset()  # why the answer is degraded, as in `core.types.Ranked`
    trace: tuple[StageTrace, ...] = ()
    cache_key: bytes | None = None  # None: the answer is not put into the response cache


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that share one loaded bundle, one filter and one candidate count."""

    bundle: LoadedBundle
    requests: tuple[PendingRequest, ...]
    progress: tuple[Progress, ...]

    @classmethod
    def begin(cls, bundle: LoadedBundle, requests: Sequence[PendingRequest]) -> Batch:
        """The batch of these requests, before any stage."""
        return Batch(bundle, tuple(requests), (Progress(),) * len(requests))

    def __len__(self) -> int:
        return len(self.requests)

    def select(self, which: Int64s) -> Self:
        """The requests at the positions `which` alone, with everything that the stages made for them."""
        positions = which.tolist()
        requests, progress = [self.requests[i] for i in positions], [self.progress[i] for i in positions]
        return replace(self, requests=tuple(requests), progress=tuple(progress))

    def degraded(self, flag: str, which: Sequence[bool] | npt.NDArray[np.bool_]) -> Self:
        """The batch with a flag on the requests where `which` is true."""
        if not any(which):
            return self
        flagged = [
            Progress(progress.flags | {flag}, progress.trace, progress.cache_key) if applies else progress
            for progress, applies in zip(self.progress, which, strict=True)
        ]
        return replace(self, progress=tuple(flagged))

    def traced(self, traces: Sequence[StageTrace]) -> Self:
        """The batch with the trace of one more stage for each request."""
        pairs = zip(self.progress, traces, strict=True)
        traced = [Progress(before.flags, (*before.trace, trace), before.cache_key) for before, trace in pairs]
        return replace(self, progress=tuple(traced))

    def keyed(self, keys: Sequence[bytes | None]) -> Self:
        """The batch with the cache key of each answer; None where the answer must not be cached."""
        pairs = zip(self.progress, keys, strict=True)
        return replace(self, progress=tuple(Progress(before.flags, before.trace, key) for before, key in pairs))


@dataclass(frozen=True, slots=True)
class Hydrated(Batch):
    """Requests with the histories of their users, and with the restrictions that their answers must keep."""

    queries: Queries
    restrictions: Restrictions
    repeats: Expected | None  # of the requests that let seen items come again; None where none of them does
    holds: tuple[tuple[Hold, ...], ...]  # [batch] whether each rule of the request's placement holds
    impressions: Queries | None  # what the users were shown, apart from their histories; None where none was

    @classmethod
    def of(
        cls,
        batch: Batch,
        queries: Queries,
        restrictions: Restrictions,
        repeats: Expected | None = None,
        holds: tuple[tuple[Hold, ...], ...] = (),
        impressions: Queries | None = None,
    ) -> Hydrated:
        """The batch with what hydration has made. Without `holds` no request has rules."""
        begun = batch.bundle, batch.requests, batch.progress
        return cls(*begun, queries, restrictions, repeats, holds or ((),) * len(batch), impressions)

    def holding(self, i: int) -> list[tuple[int, Rule]]:
        """The rules that hold for request i, each with its position in the placement."""
        pairs = enumerate(zip(self.requests[i].query.rules, self.holds[i], strict=False))
        return [(r, rule) for r, (rule, hold) in pairs if hold == Hold.HOLDS]

    def select(self, which: Int64s) -> Self:
        """As `Batch.select`."""
        chosen = Batch.select(self, which)
        return replace(
            chosen,
            queries=self.queries.select(which),
            restrictions=self.restrictions.select(which),
            repeats=None if self.repeats is None else self.repeats.select(which),
            holds=tuple(self.holds[i] for i in which.tolist()),
            impressions=None if self.impressions is None else self.impressions.select(which),
        )


@dataclass(frozen=True, slots=True)
class Retrieved(Hydrated):
    """Requests with their candidates, and with the scores that order their answers."""

    candidates: Candidates
    scores: Float32s  # [batch, n] the fused scores, later replaced by the ranker's scores
    co_visitation: CoVisitation | None  # None where today's events go with none of the histories
    actions: Float32s | None = None  # [batch, n, actions of the bundle] how likely each is; None where nobody asks
    factors: Float32s | None = None  # [batch, n] what scales the scores for the order alone; None where nothing does

    @classmethod
    def of_candidates(
        cls, batch: Hydrated, candidates: Candidates, co_visitation: CoVisitation | None = None
    ) -> Retrieved:
        """The batch with candidates in the order of the fused score. It is flagged where a source has failed."""
        retrieved = cls(
            *(batch.bundle, batch.requests, batch.progress, batch.queries, batch.restrictions, batch.repeats),
            *(batch.holds, batch.impressions, candidates, candidates.fused, co_visitation),
        )
        return retrieved.degraded("source_failed", [bool(candidates.failed)] * len(batch))

    def select(self, which: Int64s) -> Self:
        """As `Batch.select`."""
        chosen = Hydrated.select(self, which)
        co_visitation = None if self.co_visitation is None else self.co_visitation.select(which.tolist())
        return replace(
            chosen,
            candidates=self.candidates.part(which),
            scores=self.scores[which],
            actions=None if self.actions is None else self.actions[which],
            factors=None if self.factors is None else self.factors[which],
            co_visitation=co_visitation,
        )

    def without(self, broken: npt.NDArray[np.bool_]) -> Self:
        """The batch without the `broken` candidates, bool [batch, n]. The others move up to close the gaps."""
        old = self.candidates
        items = np.where(broken, NO_ITEM, old.items).astype(np.int32)
        fused = np.where(broken, -np.inf, old.fused).astype(np.float32)
        closed = np.argsort(items == NO_ITEM, axis=1, kind="stable")
        candidates = replace(
            old,
            items=np.take_along_axis(items, closed, 1),
            fused=np.take_along_axis(fused, closed, 1),
            scores=np.take_along_axis(old.scores, closed[:, :, None], 1),
            ranks=np.take_along_axis(old.ranks, closed[:, :, None], 1),
        )
        return replace(self, candidates=candidates, scores=candidates.fused)

    @property
    def order_scores(self) -> Float32s:
        """The scores by which candidates stand in the answers, float32 [batch, n]. Answers show `scores`."""
        if self.factors is None:
            return self.scores
        return np.stack([self.order_scores_of(i) for i in range(len(self))])

    def order_scores_of(self, i: int) -> Float32s:
        """The same of one request, float32 [n]."""
        return self.scores[i] if self.factors is None else scaled(self.scores[i], self.factors[i])

    def rows(self, i: int) -> Int32s:
        """The candidates of one request without padding, best first."""
        items = self.candidates.items[i]
        present: Int32s = items[: np.count_nonzero(items != NO_ITEM)]
        return present


@dataclass(frozen=True, slots=True)
class Shown(Batch):
    """Requests with their answers, which still lack what the stages have noted in `progress`."""

    answers: tuple[Ranked, ...]

    @classmethod
    def of(cls, batch: Batch, answers: Sequence[Ranked]) -> Shown:
        """The batch with its answers."""
        return cls(batch.bundle, batch.requests, batch.progress, tuple(answers))

    def select(self, which: Int64s) -> Self:
        """As `Batch.select`."""
        chosen = Batch.select(self, which)
        return replace(chosen, answers=tuple(self.answers[i] for i in which.tolist()))
