"""Short-lived response cache: an identical request is answered without retrieval or ranking.

A question is everything that an answer is made of, so a new event of the user, another rule or a change of the
catalogue make it another one. What all users do meanwhile is part of it only where nothing else is known of somebody:
with a history it shows once the answer is forgotten.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b

from cachetools import TTLCache

from shortlist_core.types import NO_GROUP, Ranked
from shortlist_server.pipeline.batch import Batch

CAPACITY = 32 << 20
"""Bytes of answers that are held, some 4,000 of 50 items each. Beyond that the least recently used ones go."""

_OVERHEAD = 1_500  # bytes of an entry besides its arrays' content


class ResponseCache:
    """Holds answers for so many seconds, and no more of them than `capacity` bytes. May be used by any thread."""

    def __init__(self, seconds: float, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._held: TTLCache[bytes, Ranked] = TTLCache(capacity, seconds, clock, _bytes)

    def get(self, question: bytes) -> Ranked | None:
        """The answer to this question, as one that was given before; None where there is none, or none any more."""
        with self._lock:
            return self._held.get(question)

    def put(self, question: bytes, answer: Ranked) -> None:
        """Hold on to an answer, but to nothing else of the batch that it was made in."""
        own = _own(answer)
        with self._lock, suppress(ValueError):  # larger than the whole cache
            self._held[question] = own

    def forget(self) -> None:
        """Let go of what has become too old: without requests nobody else does."""
        with self._lock:
            self._held.expire()


def question(batch: Batch, i: int) -> bytes:
    """A digest of all that the answer to job i is made of once it is hydrated, less what others do where there is a
    history. Nobody learns from it who asked, or what.
    """
    queries, system = batch.queries, batch.system
    begin, end = queries.offsets[i : i + 2].tolist()
    groups = [] if queries.groups is None else [each for each in queries.groups[i].tolist() if each != NO_GROUP]
    others = None if end > begin else system.trends.version
    plan = replace(batch.jobs[i].plan, request_id="", user_id="", context=(), attributes=())
    catalogue = system.newcomers.version  # of this system and no other
    asked = repr((catalogue, others, end - begin, groups, plan))
    digest = blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=16)
    digest.update(queries.now[i].tobytes())
    for column in (queries.items, queries.times, queries.types, queries.values):
        digest.update(column[begin:end].tobytes())
    return digest.digest()


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
