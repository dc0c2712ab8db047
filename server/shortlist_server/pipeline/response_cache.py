"""Short-lived response cache: an identical request is answered without retrieval or ranking."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from shortlist_core.types import Ranked

CAPACITY = 32 << 20
"""Bytes of answers that are held, some 4,000 of 50 items each; above that the oldest are forgotten."""

_OVERHEAD = 1_500  # bytes of an entry besides its arrays' content


class ResponseCache:
    """What was answered in the last so many seconds. May be used by any thread."""

    def __init__(self, seconds: float, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._capacity, self._clock = seconds, capacity, clock
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, tuple[float, int, Ranked]] = OrderedDict()  # until when, bytes; oldest first
        self._bytes = 0

    def get(self, question: bytes) -> Ranked | None:
        """The answer to this question, as one that was given before; None where there is none, or none any more."""
        with self._lock:
            self._forget()
            held = self._held.get(question)
        return None if held is None else held[2]

    def put(self, question: bytes, answer: Ranked) -> None:
        """Hold on to an answer, but to nothing else of the batch that it was made in."""
        own = _own(answer)
        size = _OVERHEAD + _bytes(own)
        with self._lock:
            self._drop(question)
            self._held[question] = self._clock() + self._seconds, size, own
            self._bytes += size
            self._forget()

    def forget(self) -> None:
        """Let go of what has become too old: without requests nobody else does."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        now = self._clock()
        while self._held:
            question, (until, _, _) = next(iter(self._held.items()))
            if until > now and self._bytes <= self._capacity:
                return
            self._drop(question)

    def _drop(self, question: bytes) -> None:
        if held := self._held.pop(question, None):
            self._bytes -= held[1]


def _own(answer: Ranked) -> Ranked:
    """The answer with arrays of its own; how it was made is not kept."""
    hits, reasons = answer.hits, answer.reasons
    return replace(
        answer,
        items=answer.items.copy(),
        scores=answer.scores.copy(),
        hits=replace(hits, ranks=hits.ranks.copy(), scores=hits.scores.copy()),
        reasons=replace(
            reasons,
            speakers=reasons.speakers.copy(),
            anchors=reasons.anchors.copy(),
            done=reasons.done.copy(),
            shares=reasons.shares.copy(),
            groups=reasons.groups.copy(),
        ),
        trace=(),
        reused=True,
    )


def _bytes(answer: Ranked) -> int:
    hits, reasons = answer.hits, answer.reasons
    told = reasons.speakers, reasons.anchors, reasons.done, reasons.shares, reasons.groups
    return sum(each.nbytes for each in (answer.items, answer.scores, hits.ranks, hits.scores, *told))
