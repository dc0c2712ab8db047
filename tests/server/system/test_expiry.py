"""A server that keeps live events for a while: what expires leaves answers and store, and nobody waits for it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import structlog
from conftest import Start
from scrape import metrics
from server_wire import Running
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import Event as EventMessage
from waiting import eventually, eventually_async

from shortlist_core.errors import InvalidArgumentError, StateError
from shortlist_core.types import DAY, SECOND, Event
from shortlist_server.base.settings import Settings
from shortlist_server.system.expiry import Expiry, Retention
from shortlist_state import StateStore

NOW = int(time.time() * SECOND)


def of(user: str, days_ago: float, number: int = 0) -> Event:
    return Event(f"{user}:{days_ago}:{number}", user, "i39", NOW - int(days_ago * DAY))


def expiry(store: StateStore, days: float | None = None, most: int | None = None, **fields: Any) -> Expiry:
    retention = Retention(None if days is None else days * 86_400, most)
    return Expiry(store, retention, 600, fields.get("expired", lambda _: None))


async def test_a_server_lets_events_expire_and_counts_them(start: Start, store: StateStore) -> None:
    store.append([of("new", days) for days in (500, 401, 399, 1)])
    running = await start(
        keep_events_seconds=400 * 86_400,
        max_user_events=1_000,
        expiry_sweep_seconds=0.05,
        metrics_address="127.0.0.1:0",
    )

    async def counted() -> bool:
        return (await metrics(running)).value("shortlist_events_expired_total") == 2

    await eventually_async(counted)
    assert [event.event_id for event in store.history("new", 10)] == ["new:399:0", "new:1:0"]
    answer = await running.api.Recommend(api.RecommendRequest(user_id="new", count=1, include_trace=True))
    assert answer.trace[0].entered_count == 2


async def test_events_written_to_a_running_server_expire_by_number(start: Start) -> None:
    running: Running = await start(max_user_events=3, expiry_sweep_seconds=0.05)
    events = [EventMessage(event_id=f"e{number}", user_id="u", item_id="i1") for number in range(10)]
    for number, event in enumerate(events):
        event.event_time.FromMicroseconds(NOW - 100 + number)
    await running.events.WriteEvents(event_api.WriteEventsRequest(events=events))
    await eventually_async(lambda: len(running.store.history("u", 100)) == 3)
    assert [event.event_id for event in running.store.history("u", 100)] == ["e7", "e8", "e9"]


async def test_without_the_settings_everything_is_kept(start: Start, store: StateStore) -> None:
    store.append([of("new", 20_000)])
    running = await start(expiry_sweep_seconds=0.01)
    assert "follow expiry" not in {thread.name for thread in threading.enumerate()}
    assert len(running.store.history("new", 10)) == 1


def test_a_sweep_says_what_it_did_and_what_waits_for_a_training(store: StateStore) -> None:
    store.append([of("a", days) for days in (9, 8, 1)])
    store.take(0)
    told: list[int] = []
    with structlog.testing.capture_logs() as logs:
        expiry(store, days=5, expired=told.append).sweep()
    assert sum(told) == 1
    assert [(entry["event"], entry["events"]) for entry in logs] == [("events_expired", 1), ("expiry_waits", 1)]


def test_writers_come_in_between_the_steps(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_server.system.expiry.USERS", 1)
    store.append([of(f"u{number}", 9, number) for number in range(50)])
    steps: list[int] = []

    def write_between(deleted: int) -> None:
        steps.append(deleted)
        store.append([of("writer", 0, len(steps))])

    expiry(store, days=5, expired=write_between).sweep()
    assert sum(steps) == 50 and len(steps) >= 50
    assert len(store.history("writer", 1_000)) == len(steps)


def test_a_store_that_fails_is_tried_again(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([of("a", 9)])
    real, failures = store.expire, iter([True, True, False])

    def expire(*arguments: Any) -> Any:
        if next(failures, False):
            raise StateError("gone")
        return real(*arguments)

    monkeypatch.setattr(store, "expire", expire)
    sweeping = Expiry(store, Retention(5 * 86_400, None), 0.01, lambda _: None)
    sweeping.start()
    eventually(lambda: store.history("a", 1) == [])
    sweeping.close()


def test_settings_that_make_no_sense_are_refused() -> None:
    for wrong in ({"keep_events_seconds": 0}, {"max_user_events": 0}):
        with pytest.raises(InvalidArgumentError):
            Settings.of(bundles=".", state="sqlite::memory:", **wrong)
