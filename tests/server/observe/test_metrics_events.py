"""Events are counted as they are stored, and each log says how far it is followed."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from counted_calls import until
from scrape import Scrape, metrics
from server_wire import Running
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1.event_pb2 import Event
from waiting import eventually_async

from shortlist_core.errors import StateError
from shortlist_server.observe.prometheus import PrometheusMetrics


async def test_events_are_counted_as_stored_or_known_already(counted: Running) -> None:
    events = [Event(event_id=f"e{i % 3}", user_id="u", item_id="i1", event_type=1) for i in range(5)]
    await counted.events.WriteEvents(event_api.WriteEventsRequest(events=events))
    now = await metrics(counted)
    assert now.series("shortlist_events_written_total") == {("accepted",): 3, ("duplicate",): 2}


def test_logs_are_followed_from_the_start_as_far_as_anybody_is_alarmed() -> None:
    for log in ("events", "catalog"):
        begun = PrometheusMetrics().registry.get_sample_value("shortlist_followed_timestamp_seconds", {"log": log})
        assert begun is not None and abs(begun - time.time()) < 60


async def test_events_that_are_being_stored_are_pending(counted: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    free, append = threading.Event(), counted.store.append
    monkeypatch.setattr(counted.store, "append", lambda events: free.wait(30) and append(events))
    event = Event(event_id="e", user_id="u", item_id="i1", event_type=1)
    writing = asyncio.ensure_future(counted.events.WriteEvents(event_api.WriteEventsRequest(events=[event])))
    try:
        now = await until(counted, lambda now: now.value("shortlist_requests_pending", kind="writes") == 1)
        assert now.value("shortlist_requests_pending", kind="recommendations") == 0
    finally:
        free.set()
    await writing
    assert (await metrics(counted)).value("shortlist_requests_pending", kind="writes") == 0


async def test_a_log_that_cannot_be_followed_falls_behind_while_the_other_goes_on(
    counted: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def gone() -> int:
        asked.append(1)
        raise StateError("away")

    def followed(now: Scrape, log: str) -> float:
        return now.value("shortlist_followed_timestamp_seconds", log=log)

    begun = await metrics(counted)
    assert all(abs(followed(begun, log) - time.time()) < 60 for log in ("events", "catalog"))
    await until(counted, lambda now: all(followed(now, log) > followed(begun, log) for log in ("events", "catalog")))
    monkeypatch.setattr(counted.store, "position", gone)
    await eventually_async(lambda: asked)  # one thread follows: what it was looking at before is done
    behind = followed(await metrics(counted), "events")
    later = await until(counted, lambda now: followed(now, "catalog") > behind + 1)
    assert followed(later, "events") == behind
    monkeypatch.undo()
    await until(counted, lambda now: followed(now, "events") > behind)
