"""Short-lived response cache: an identical request is answered without retrieval or ranking.

`cache_key` says which requests are identical.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from cachetools import TTLCache

from shortlist_core.types import Ranked

CAPACITY = 32 << 20
"""Bytes of answers that are held, some 4,000 of 50 items each. Beyond that the least recently used ones go."""

_OVERHEAD = 1_500  # bytes of an entry besides its arrays' content


class ResponseCache:
    """Holds answers for so many seconds, and no more of them than `capacity` bytes. May be used by any thread."""

    def __init__(self, seconds: float, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._held: TTLCache[bytes, Ranked] = TTLCache(capacity, seconds, clock, _bytes)

    def get(self, key: bytes) -> Ranked | None:
        """The answer under this key, as one that was given before; None where there is none, or none any more."""
        with self._lock:
            return self._held.get(key)

    def put(self, key: bytes, answer: Ranked) -> None:
        """Hold on to an answer, but to nothing else of the batch that it was made in."""
        own = _own(answer)
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._held[key] = own

    def forget(self) -> None:
        """Let go of what has become too old: without requests nobody else does."""
        with self._lock:
            self._held.expire()


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
    """What an answer with arrays of its own takes up."""
    hits, reasons = answer.hits, answer.reasons
    told = reasons.speakers, reasons.anchors, reasons.done, reasons.shares, reasons.groups
    return _OVERHEAD + sum(each.nbytes for each in (answer.items, answer.scores, hits.ranks, hits.scores, *told))
