"""The requests that travel through the stages together, and what the stages have made for them so far."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s, Int64s, Queries
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.requests import Job
from shortlist_server.pipeline.rules import Rules
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System
from shortlist_server.system.online_popularity import Together

if TYPE_CHECKING:
    from shortlist_server.pipeline.response_cache import ResponseCache


@dataclass(slots=True)
class Batch:
    """Jobs that share one filter and candidate count. A stage replaces arrays, it never writes into them."""

    system: System
    live: LiveUsers
    rank_thread: RankThread
    jobs: list[Job]
    answers: ResponseCache | None = None  # those of earlier batches; None: each answer is made anew
    queries: Queries = field(init=False)
    rules: Rules = field(init=False)
    together: Together | None = field(init=False, default=None)
    candidates: Candidates = field(init=False)
    scores: Float32s = field(init=False)  # [batch, n] by which the answer is ordered
    timed: list[tuple[str, float]] = field(init=False, default_factory=list)  # stages so far, seconds; of all parts

    def part(self, which: Int64s) -> Batch:
        """The jobs at the positions `which` alone, with what was made for them."""
        part = copy(self)
        part.jobs = [self.jobs[i] for i in which]
        if hasattr(self, "queries"):
            part.queries = self.queries.select(which)
        if hasattr(self, "rules"):
            part.rules = self.rules.select(which)
        if self.together is not None:
            part.together = self.together.select(which.tolist())
        if hasattr(self, "candidates"):
            part.candidates, part.scores = self.candidates.part(which), self.scores[which]
        return part

    def degrade(self, flag: str, which: Sequence[bool] | npt.NDArray[np.bool_]) -> None:
        """Flag the answers of the jobs where `which` is true."""
        for job, applies in zip(self.jobs, which, strict=True):
            if applies:
                job.degraded.add(flag)

    def place(self, candidates: Candidates) -> None:
        """Take over candidates; until they are ranked their order is that of the fused score."""
        self.candidates, self.scores = candidates, candidates.fused
        self.degrade("source_failed", [bool(candidates.failed)] * len(self.jobs))

    def remove(self, broken: npt.NDArray[np.bool_]) -> None:
        """Take candidates off the lists, bool [batch, n], and close the gaps."""
        old = self.candidates
        items = np.where(broken, NO_ITEM, old.items).astype(np.int32)
        fused = np.where(broken, -np.inf, old.fused).astype(np.float32)
        closed = np.argsort(items == NO_ITEM, axis=1, kind="stable")
        self.candidates = replace(
            old,
            items=np.take_along_axis(items, closed, 1),
            fused=np.take_along_axis(fused, closed, 1),
            scores=np.take_along_axis(old.scores, closed[:, :, None], 1),
            ranks=np.take_along_axis(old.ranks, closed[:, :, None], 1),
        )
        self.scores = self.candidates.fused

    def rows(self, i: int) -> Int32s:
        """The candidates of one job without padding, best first."""
        items = self.candidates.items[i]
        there: Int32s = items[: np.count_nonzero(items != NO_ITEM)]
        return there


@dataclass(frozen=True, slots=True)
class Passed:
    """How many items went into a stage and came out of it for one job, and why the others did not."""

    entered: int
    left: int
    dropped: dict[str, int]

    @classmethod
    def of(cls, entered: int, left: int, **dropped: int) -> Passed:
        """With the reasons that apply, most frequent first."""
        some = {reason: count for reason, count in sorted(dropped.items(), key=lambda each: -each[1]) if count}
        return cls(entered, left, some)
