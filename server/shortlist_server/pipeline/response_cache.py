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
"""Most bytes of cached answers, some 4,000 of 50 items each. Beyond that the least recently used ones are dropped."""

_OVERHEAD = 1_500  # bytes of an entry besides the content of its arrays


class ResponseCache:
    """Holds answers for some `seconds`, at most `capacity` bytes of them. Any thread may use it."""

    def __init__(self, seconds: float, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._held: TTLCache[bytes, Ranked] = TTLCache(capacity, seconds, clock, _bytes)

    def get(self, key: bytes) -> Ranked | None:
        """The answer under this key, marked as `reused`; None where there is none, or it has expired."""
        with self._lock:
            return self._held.get(key)

    def put(self, key: bytes, answer: Ranked) -> None:
        """Hold a copy of an answer, so that the other arrays of its batch can be freed."""
        copied = _copied(answer)
        with self._lock, suppress(ValueError):  # raised where the answer is larger than the whole cache
            self._held[key] = copied

    def forget(self) -> None:
        """Drop expired answers. `get` and `put` do this too, but without requests nobody calls them."""
        with self._lock:
            self._held.expire()


def _copied(answer: Ranked) -> Ranked:
    """The answer with copies of its arrays and without its trace, marked as `reused`."""
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
    """Bytes of memory that a copied answer takes."""
    hits, reasons = answer.hits, answer.reasons
    of_reasons = reasons.speakers, reasons.anchors, reasons.done, reasons.shares, reasons.groups
    arrays = answer.items, answer.scores, hits.ranks, hits.scores, *of_reasons
    of_actions = sum(array.nbytes for array in answer.actions.values())
    return _OVERHEAD + of_actions + sum(array.nbytes for array in arrays)
