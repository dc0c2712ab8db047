"""The shadow: a second bundle ranks queries after stable has answered them, and the differences are added up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import structlog

from shortlist_core.types import Ranked
from shortlist_server.pipeline.pipeline import Pipeline, Run
from shortlist_server.pipeline.query import Query
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.request import PendingRequest, RequestContext
from shortlist_server.serving.shadow_comparison import ShadowComparison
from shortlist_server.system.live_users import UserEvents
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import LiveUser
from shortlist_state.baskets import Baskets

WAITING = 64
"""Most answers that wait to be compared; further ones are dropped."""

log = structlog.get_logger(__name__)


class Shadow:
    """A loaded bundle with a thread of its own. `offer` belongs to the event loop, and neither waits nor raises."""

    def __init__(self, bundle: LoadedBundle, users: UserEvents) -> None:
        self.bundle = bundle
        self._rank_thread = RankThread()
        self._users = _AsOf(users)
        self._pipeline = Pipeline(self._users, self._rank_thread)
        self._queue: queue.Queue[tuple[Query, LoadedBundle, Ranked, int] | None] = queue.Queue(WAITING)
        self._comparison = ShadowComparison()  # written by the shadow's thread alone
        self._dropped = 0  # written by the event loop alone
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="shadow", daemon=True).start()

    def offer(self, query: Query, bundle: LoadedBundle, answer: Ranked) -> None:
        """Queue an answer of `bundle` to be compared as soon as the shadow's thread has time."""
        try:
            self._queue.put_nowait((query, bundle, answer, self._users.now() - 1))
        except queue.Full:
            self._dropped += 1

    def comparison(self) -> ShadowComparison:
        """The sums over all answers compared so far."""
        return replace(self._comparison, dropped=self._dropped)

    def close(self) -> None:
        """Stop after the current comparison."""
        self._closed.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # wakes a waiting thread; with a full queue the thread does not wait

    def _run(self) -> None:
        while (offered := self._queue.get()) is not None and not self._closed.is_set():
            query, bundle, answer, self._users.moment = offered
            try:
                shadow_answer = self._rank(query)
                pair = _scores(bundle, answer), _scores(self.bundle, shadow_answer)
                self._comparison = self._comparison.with_pair(*pair, _micros(answer), _micros(shadow_answer))
            except Exception:  # however the shadow fails, nobody waits for it
                log.warning("shadow_failed", bundle=self.bundle.version, exc_info=True)
                self._comparison = replace(self._comparison, failed=self._comparison.failed + 1)
        self._rank_thread.close()

    def _rank(self, query: Query) -> Ranked:
        request = PendingRequest(query, RequestContext())
        self._pipeline.recommend(self.bundle, [request], Run())
        return request.result()


class _AsOf(UserEvents):
    """Live users whose clock stands where an answer was given, so that its own impressions are not counted yet."""

    def __init__(self, users: UserEvents) -> None:
        self._of = users
        self.moment = 0  # of the answer that is compared

    @property
    def baskets(self) -> Baskets:
        return self._of.baskets

    def read(self, user_ids: Sequence[str], limit: int) -> list[LiveUser]:
        return self._of.read(user_ids, limit)

    def erased(self, user_id: str) -> bool:
        return self._of.erased(user_id)

    def clock(self) -> int:
        return self.moment

    def now(self) -> int:
        """The time by the users' own clock."""
        return self._of.clock()


def _scores(bundle: LoadedBundle, answer: Ranked) -> dict[str, float]:
    """Item id -> score. Ids are needed because a row means different items in different bundles."""
    return dict(zip(bundle.items.ids.take(answer.items), answer.scores.tolist(), strict=True))


def _micros(answer: Ranked) -> int:
    return sum(stage.micros for stage in answer.trace)
