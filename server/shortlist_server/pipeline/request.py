"""Pending requests: a query on its way through the stages, with its caller, until it has an answer or an error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from shortlist_core.errors import DeadlineError, ShortlistError
from shortlist_core.types import Ranked
from shortlist_server.pipeline.query import Query


@dataclass(slots=True, eq=False)
class RequestContext:
    """The caller of a request: who it is, until when it waits, and whether it has gone away."""

    deadline: float | None = None  # on time.monotonic's clock; None: the caller waits for ever
    cancelled: bool = False  # set by the event loop, read by the model thread
    caller: str = ""  # the token's name or the peer's address; empty: somebody in this process
    lane: str = ""  # whose turn it is when this request is answered: the caller, or one connection of this machine
    urgent: bool = True  # whether somebody waits for this answer alone; batches and streams come after such requests

    def seconds_left(self) -> float | None:
        """Seconds until the deadline, negative after it; None where there is no deadline."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def late(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def check(self, stage: str) -> None:
        """Check before `stage` that the caller still waits. Raises CallerGoneError or DeadlineError if not."""
        if self.cancelled:
            raise CallerGoneError
        if self.late():
            raise DeadlineError(stage)


class CallerGoneError(ShortlistError):
    """The caller cancelled the request, so nobody reads an answer or an error any more."""

    reason = "CANCELLED"

    def __init__(self) -> None:
        super().__init__("the caller cancelled")


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A query with its caller. A request ends once: with `answer` or with `fail`."""

    query: Query
    context: RequestContext
    wake: Callable[[], object] = lambda: None  # wakes the waiting caller before the rest of the batch has ended
    _outcome: Ranked | ShortlistError | None = None

    @property
    def answered(self) -> Ranked | None:
        """The answer; None where the request has no answer, or not yet."""
        return self._outcome if isinstance(self._outcome, Ranked) else None

    def answer(self, answer: Ranked) -> None:
        """End the request with an answer."""
        self._outcome = answer

    def fail(self, error: ShortlistError) -> None:
        """End the request with an error."""
        self._outcome = error

    def result(self) -> Ranked:
        """The answer. Raises the error that ended the request, and RuntimeError where nothing has ended it."""
        if isinstance(self._outcome, Ranked):
            return self._outcome
        raise self._outcome or RuntimeError("the pipeline left a request without an answer")
