"""One request on its way through the stages, and the batch that travels together."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shortlist_core.errors import DeadlineError, ShortlistError
from shortlist_core.types import Ranked, StageTrace
from shortlist_server.base.query import Plan


@dataclass(slots=True, eq=False)
class Call:
    """The caller behind a request: until when it waits, and whether it has gone away."""

    deadline: float | None = None  # on time.monotonic's clock; None: it waits for ever
    cancelled: bool = False  # set by the event loop, read by the model thread

    def seconds_left(self) -> float | None:
        """Until the deadline, negative after it; None where there is none."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def late(self) -> bool:
        """Whether the deadline is spent."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def check(self, stage: str) -> None:
        """Raise before `stage` where nobody waits for its result any more."""
        if self.cancelled:
            raise CallerGoneError
        if self.late():
            raise DeadlineError(stage)


class CallerGoneError(ShortlistError):
    """The caller cancelled; whatever is raised or answered now, nobody reads it."""

    reason = "CANCELLED"

    def __init__(self) -> None:
        super().__init__("the caller cancelled")


@dataclass(slots=True, eq=False)
class Job:
    """A plan with its caller, and what the stages have done for it so far."""

    plan: Plan
    call: Call
    degraded: set[str] = field(default_factory=set)  # as in core.types.Ranked
    trace: list[StageTrace] = field(default_factory=list)
    question: bytes | None = None  # what the answer is made of, where it may be given again
    answer: Ranked | None = None
    error: ShortlistError | None = None
    tell: Callable[[], object] = lambda: None  # wakes whoever waits for this job, before the others of its batch

    def finish(self, error: ShortlistError | None = None) -> None:
        """End with the answer that the last stage made, or with an error."""
        self.error = error
        if self.answer is not None:
            self.answer = replace(self.answer, degraded=frozenset(self.degraded), trace=tuple(self.trace))

    def result(self) -> Ranked:
        """The answer; raises the error that ended the job before it had one."""
        if self.answer is None:
            raise self.error or RuntimeError("the pipeline left a job without an answer")
        return self.answer
