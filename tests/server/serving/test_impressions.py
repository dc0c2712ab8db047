"""What answers show becomes impressions of their users, written after the answers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from waiting import eventually

from shortlist_core.errors import StateError
from shortlist_core.types import EventType
from shortlist_server.base.metrics import Metrics
from shortlist_server.serving import impressions
from shortlist_server.serving.impressions import Impressions
from shortlist_state import StateStore


class Counting(Metrics):
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def impressions(self, stored: int = 0, duplicates: int = 0, dropped: int = 0) -> None:
        self.counts.update(stored=stored, duplicates=duplicates, dropped=dropped)


@pytest.fixture
def metrics() -> Counting:
    return Counting()


@pytest.fixture
def counted(store: StateStore, metrics: Counting) -> Iterator[Impressions]:
    counted = Impressions(store, metrics)
    yield counted
    counted.close()


def shown(store: StateStore, user: str) -> list[str]:
    events = [entry.event for entry in store.export(user, -1, 1_000).entries if entry.event]
    assert all(event.type == EventType.IMPRESSION for event in events)
    return [event.item_id for event in events]


def test_what_was_shown_is_in_the_store_for_all_to_see(store, counted: Impressions, metrics: Counting) -> None:
    counted.offer("r1", "ann", ["i1", "i2"])
    counted.offer("r2", "ann", ["i2", "i3"])
    counted.offer("r1", "bob", ["i1"])
    counted.close()
    assert shown(store, "ann") == ["i1", "i2", "i2", "i3"] and shown(store, "bob") == ["i1"]
    assert metrics.counts["stored"] == 5


def test_a_request_that_is_sent_again_counts_once(store, counted: Impressions, metrics: Counting) -> None:
    for _ in range(3):
        counted.offer("r1", "ann", ["i1", "i2"])
    counted.close()
    assert shown(store, "ann") == ["i1", "i2"]
    assert (metrics.counts["stored"], metrics.counts["duplicates"]) == (2, 4)


def test_a_store_that_cannot_be_written_costs_impressions_alone(
    store, counted: Impressions, metrics: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(events: object) -> None:
        raise StateError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(store, "append", fails)
        counted.offer("r1", "ann", ["i1", "i2"])
        eventually(lambda: metrics.counts["dropped"] == 2)
    counted.offer("r2", "ann", ["i3"])
    counted.close()
    assert shown(store, "ann") == ["i3"]


def test_while_the_store_hangs_a_bounded_number_waits_and_nobody_else_does(
    store, counted: Impressions, metrics: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impressions, "WAITING", 3)
    begun, go_on, append = threading.Event(), threading.Event(), store.append
    monkeypatch.setattr(store, "append", lambda events: begun.set() or (go_on.wait() and append(events)))
    counted.offer("r0", "ann", ["i0"])
    begun.wait()
    for number in range(1, 6):
        counted.offer(f"r{number}", "ann", [f"i{number}"])
    assert metrics.counts["dropped"] == 2
    go_on.set()
    counted.close()
    assert shown(store, "ann") == ["i0", "i1", "i2", "i3"]


def test_of_a_user_who_is_erased_nothing_is_written_that_was_waiting(
    store, counted: Impressions, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, append = threading.Event(), threading.Event(), store.append
    monkeypatch.setattr(store, "append", lambda events: begun.set() or (go_on.wait() and append(events)))
    counted.offer("r0", "bob", ["i0"])
    begun.wait()
    counted.offer("r1", "ann", ["i1"])
    counted.offer("r1", "bob", ["i1"])
    forgetting = threading.Thread(target=counted.forget, args=("ann",))
    forgetting.start()
    go_on.set()
    forgetting.join()
    counted.close()
    assert shown(store, "bob") == ["i0", "i1"]
