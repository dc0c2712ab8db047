"""The records that travel through the stages. A stage takes a whole record and returns a whole one.

Each kind of record is the one before it and what one more stage has made: `Batch`, `Hydrated`, `Retrieved`, `Shown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s, Int64s, Queries, Ranked, StageTrace
from shortlist_server.pipeline.co_visitation import CoVisitation
from shortlist_server.pipeline.request import PendingRequest
from shortlist_server.pipeline.rules import Rules
from shortlist_server.system.loaded_bundle import LoadedBundle


@dataclass(frozen=True, slots=True)
class Progress:
    """What the stages so far have noted about one request."""

    flags: frozenset[str] = frozenset()  # why its answer is degraded, as in `core.types.Ranked`
    trace: tuple[StageTrace, ...] = ()
    cache_key: bytes | None = None  # None: its answer is not to be given again


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that share one loaded bundle, one filter and one candidate count."""

    bundle: LoadedBundle
    requests: tuple[PendingRequest, ...]
    progress: tuple[Progress, ...]

    @classmethod
    def begin(cls, bundle: LoadedBundle, requests: Sequence[PendingRequest]) -> Batch:
        """Requests of which no stage has noted anything."""
        return Batch(bundle, tuple(requests), (Progress(),) * len(requests))

    def __len__(self) -> int:
        return len(self.requests)

    def select(self, which: Int64s) -> Self:
        """The requests at the positions `which` alone, with all that was made for them."""
        positions = which.tolist()
        requests, progress = [self.requests[i] for i in positions], [self.progress[i] for i in positions]
        return replace(self, requests=tuple(requests), progress=tuple(progress))

    def degraded(self, flag: str, which: Sequence[bool] | npt.NDArray[np.bool_]) -> Self:
        """The batch with a flag on the requests where `which` is true."""
        if not any(which):
            return self
        noted = [
            Progress(each.flags | {flag}, each.trace, each.cache_key) if applies else each
            for each, applies in zip(self.progress, which, strict=True)
        ]
        return replace(self, progress=tuple(noted))

    def traced(self, traces: Sequence[StageTrace]) -> Self:
        """The batch with what one more stage did for each request."""
        pairs = zip(self.progress, traces, strict=True)
        noted = tuple(Progress(each.flags, (*each.trace, trace), each.cache_key) for each, trace in pairs)
        return replace(self, progress=noted)

    def keyed(self, keys: Sequence[bytes | None]) -> Self:
        """The batch with the key under which each answer may be given again; None where it may not."""
        pairs = zip(self.progress, keys, strict=True)
        return replace(self, progress=tuple(Progress(each.flags, each.trace, key) for each, key in pairs))


@dataclass(frozen=True, slots=True)
class Hydrated(Batch):
    """Requests with the histories of their users, and with what they must not be answered with."""

    queries: Queries
    rules: Rules

    @classmethod
    def of(cls, batch: Batch, queries: Queries, rules: Rules) -> Hydrated:
        """The batch with what hydration has made."""
        return cls(batch.bundle, batch.requests, batch.progress, queries, rules)

    def select(self, which: Int64s) -> Self:
        """As `Batch.select`."""
        chosen = Batch.select(self, which)
        return replace(chosen, queries=self.queries.select(which), rules=self.rules.select(which))


@dataclass(frozen=True, slots=True)
class Retrieved(Hydrated):
    """Requests with their candidates, and the scores by which an answer is going to be ordered."""

    candidates: Candidates
    scores: Float32s  # [batch, n] the fused scores, until the ranker's take their place
    co_visitation: CoVisitation | None  # None where nothing goes with any of the histories today

    @classmethod
    def of_candidates(
        cls, batch: Hydrated, candidates: Candidates, co_visitation: CoVisitation | None = None
    ) -> Retrieved:
        """The batch with candidates in the order of the fused score; flagged where a source has failed."""
        retrieved = cls(
            *(batch.bundle, batch.requests, batch.progress, batch.queries, batch.rules),
            *(candidates, candidates.fused, co_visitation),
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
            co_visitation=co_visitation,
        )

    def without(self, broken: npt.NDArray[np.bool_]) -> Self:
        """The batch without some candidates, bool [batch, n], and the gaps closed."""
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

    def rows(self, i: int) -> Int32s:
        """The candidates of one request without padding, best first."""
        items = self.candidates.items[i]
        present: Int32s = items[: np.count_nonzero(items != NO_ITEM)]
        return present


@dataclass(frozen=True, slots=True)
class Shown(Batch):
    """Requests with their answers, which lack only what the stages have noted."""

    answers: tuple[Ranked, ...]

    @classmethod
    def of(cls, batch: Batch, answers: Sequence[Ranked]) -> Shown:
        """The batch with its answers."""
        return cls(batch.bundle, batch.requests, batch.progress, tuple(answers))

    def select(self, which: Int64s) -> Self:
        """As `Batch.select`."""
        chosen = Batch.select(self, which)
        return replace(chosen, answers=tuple(self.answers[i] for i in which.tolist()))
