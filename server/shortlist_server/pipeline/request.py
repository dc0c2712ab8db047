"""A request on its way through the stages: its caller, and the answer or error that it ends with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from shortlist_core.errors import DeadlineError, ShortlistError
from shortlist_core.types import Ranked
from shortlist_server.pipeline.query import Query


@dataclass(slots=True, eq=False)
class RequestContext:
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
class PendingRequest:
    """A query with its caller. It ends once: with `answer` or with `fail`."""

    query: Query
    context: RequestContext
    wake: Callable[[], object] = lambda: None  # wakes whoever waits, before the other requests of the batch are done
    _outcome: Ranked | ShortlistError | None = None

    @property
    def answered(self) -> Ranked | None:
        """The answer; None where there is none, or none yet."""
        return self._outcome if isinstance(self._outcome, Ranked) else None

    def answer(self, answer: Ranked) -> None:
        """End with an answer."""
        self._outcome = answer

    def fail(self, error: ShortlistError) -> None:
        """End with an error."""
        self._outcome = error

    def result(self) -> Ranked:
        """The answer; raises the error that ended the request, RuntimeError where nothing did."""
        if isinstance(self._outcome, Ranked):
            return self._outcome
        raise self._outcome or RuntimeError("the pipeline left a request without an answer")
