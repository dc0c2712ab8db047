"""The gate: refuses queries for which there is no room, before anything else is done for them.

Under overload most calls are refused, and what that costs is taken from the answers. A call that passes the middleware
costs about as much as a third of an answer. So the gate knows only what it needs to refuse, and the call does not even
get a task that waits for its cancellation.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import grpc
import structlog

from shortlist_core.errors import OverloadedError
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.pipeline.request import Place, RequestContext
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.caller import lane_of
from shortlist_server.rpc.status import Ending, ending

log = structlog.get_logger(__name__)

_QUERIES = frozenset(
    f"/shortlist.v1.RecommendationService/{name}" for name in ("Recommend", "Retrieve", "Rank", "SimilarItems")
)
_LOG_SECONDS = 1.0  # between two lines about refusals, which tell how many there were


def is_refusable(method: str) -> bool:
    """Whether too many bytes refuse a call of this method. Health is told in any case, but for streams of it."""
    return method.startswith("/shortlist.") or method.endswith("/Watch")


@lru_cache(1_000)  # refusals are alike, and made when there is least time for it
def _refusal(message: str, retry_after_seconds: float) -> Ending:
    return ending(OverloadedError(message, retry_after_seconds))


class Room(Protocol):
    """The room for one tenant's queries."""

    def is_busy(self) -> bool:
        """Whether there may be no room for another query."""

    def enter(self, context: RequestContext | None) -> Place:
        """The place of a query. Raises OverloadedError where there is no room. Without a context that is seen later."""


class Gate:
    """Decides on each call as it is accepted. It belongs to one event loop."""

    def __init__(
        self,
        lifecycle: Lifecycle,
        authority: Authority | None,
        metrics: Metrics,
        check_memory: Callable[[], None],
        rooms: Mapping[str, Room],
    ) -> None:
        """`check_memory` raises OverloadedError where calls hold too much already.

        `rooms` are those of all tenants by their names; without tenants there is one, under an empty name.
        """
        self._lifecycle = lifecycle
        self._authority = authority
        self._metrics = metrics
        self._check_memory = check_memory
        self._rooms = rooms
        self._refused: Counter[str] = Counter()  # by method, not logged yet
        self._logged = 0.0

    def guards(self, method: str) -> bool:
        """Whether calls of this method may be refused here."""
        return method in _QUERIES

    def enter(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> Ending | Place | None:
        """What the refused call ends with, or its place among the pending queries; None for another call that goes on.

        A call that is not refused here goes on, and everything else is checked then. It has to leave its place.
        """
        if not is_refusable(method) or self._lifecycle.draining.is_set():
            return None
        try:
            self._check_memory()
            if method not in _QUERIES:
                return None
            room = self._rooms.get("")
            if room and not room.is_busy():
                return room.enter(None)
            return self._enter(context)
        except OverloadedError as error:
            self._count(method)
            return _refusal(str(error), error.retry_after_seconds)

    def _enter(self, context: grpc.aio.ServicerContext[Any, Any]) -> Place | None:
        """The place of a query, of which it has to be known whose it is. An unknown caller takes none from others."""
        lane = tenant = ""
        if self._authority:
            lane, tenant = self._authority.caller(dict(context.invocation_metadata() or ()).get("authorization"))
        if tenant not in self._rooms or (self._authority and not lane):
            return None
        room = self._rooms[tenant]
        if not room.is_busy():
            return room.enter(None)
        seconds_left = context.time_remaining()
        deadline = None if seconds_left is None else time.monotonic() + seconds_left
        return room.enter(RequestContext(deadline, lane=lane or lane_of(context)))

    def _count(self, method: str) -> None:
        self._metrics.started(method)
        self._metrics.handled(method, grpc.StatusCode.RESOURCE_EXHAUSTED.name, 0.0)
        self._refused[method] += 1
        if (now := time.monotonic()) - self._logged > _LOG_SECONDS:
            for each, count in self._refused.items():
                log.warning("calls_refused", method=each, count=count, reason=OverloadedError.reason)
            self._refused.clear()
            self._logged = now
