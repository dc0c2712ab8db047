"""A second system ranks what the first has answered, off the answer path, and the differences are added up."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from dataclasses import replace

import structlog

from shortlist_core.types import Ranked
from shortlist_server.base.query import Plan
from shortlist_server.pipeline import pipeline
from shortlist_server.pipeline.batch import Batch
from shortlist_server.pipeline.rank_thread import RankThread
from shortlist_server.pipeline.requests import Call, Job
from shortlist_server.serving.shadow_comparison import Differences
from shortlist_server.system.live_users import LiveUsers
from shortlist_server.system.loaded_bundle import System

WAITING = 64
"""Answers that wait to be compared; one that comes when there are as many is dropped."""

log = structlog.get_logger(__name__)


class Shadow:
    """One system on a thread of its own; `offer` belongs to the event loop, and neither waits nor raises."""

    def __init__(self, system: System, live: LiveUsers) -> None:
        self.system = system
        self._live = live
        self._rank_thread = RankThread()
        self._queue: queue.Queue[tuple[Plan, System, Ranked] | None] = queue.Queue(WAITING)
        self._differences = Differences()  # written by the shadow's thread alone
        self._dropped = 0  # written by the event loop alone
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="shadow", daemon=True).start()

    def offer(self, plan: Plan, system: System, answer: Ranked) -> None:
        """Compare this answer of `system` as soon as there is time for it."""
        try:
            self._queue.put_nowait((plan, system, answer))
        except queue.Full:
            self._dropped += 1

    def differences(self) -> Differences:
        """What was found so far."""
        return replace(self._differences, dropped=self._dropped)

    def close(self) -> None:
        """Stop after what is being compared now."""
        self._closed.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)  # wakes a thread that waits; one that does not sees that it is closed

    def _run(self) -> None:
        while (each := self._queue.get()) is not None and not self._closed.is_set():
            plan, system, answer = each
            try:
                own = self._rank(plan)
                pair = _scores(system, answer), _scores(self.system, own)
                self._differences = self._differences.with_pair(*pair, _micros(answer), _micros(own))
            except Exception:  # whatever ails the shadow, nobody waits for it
                log.warning("shadow_failed", bundle=self.system.version, exc_info=True)
                self._differences = replace(self._differences, failed=self._differences.failed + 1)
        self._rank_thread.close()

    def _rank(self, plan: Plan) -> Ranked:
        job = Job(plan, Call())
        pipeline.recommend(Batch(self.system, self._live, self._rank_thread, [job]))
        return job.result()


def _scores(system: System, answer: Ranked) -> dict[str, float]:
    """By id: rows mean different items in different bundles."""
    return dict(zip(system.items.ids.take(answer.items), answer.scores.tolist(), strict=True))


def _micros(answer: Ranked) -> int:
    return sum(stage.micros for stage in answer.trace)
