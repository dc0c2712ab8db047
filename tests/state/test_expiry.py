"""Events that leave the store: the too old ones and those beyond a user's number, in both implementations."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from shortlist_core.types import Event, EventType
from shortlist_state import AppendResult, Expired, StateStore, open_store


def of(user: str, time: int, number: int | None = None) -> Event:
    return Event(f"{user}:{time if number is None else number}", user, f"item-{time % 7}", time)


def sweep(store: StateStore, before: int | None = None, most: int | None = None, users: int = 3) -> Expired:
    """All steps of one sweep, added up."""
    deleted = waiting = 0
    place, more = "", True
    while more:
        step = store.expire(before, most, place, users)
        deleted, waiting = deleted + step.deleted, waiting + step.waiting
        place, more = step.place, step.more
    return Expired(deleted, waiting, place, more)


def times(store: StateStore, user: str) -> list[int]:
    return [event.time for event in store.history(user, 10_000)]


def test_events_from_before_a_moment_go_wherever_they_are_asked_for(store: StateStore) -> None:
    store.append([of(user, time) for user in ("ann", "ben", "c*[d]") for time in (-5, 0, 10, 20)])
    assert sweep(store, before=10).deleted == 6
    for user in ("ann", "ben", "c*[d]"):
        assert times(store, user) == [10, 20]
        assert [entry.event.time for entry in store.export(user, -1, 10).entries if entry.event] == [10, 20]
        assert sum(store.summary(user).counts.values()) == 2
    assert len(store.log(-1, 100).entries) == 6
    assert store.position() == 11  # numbers are not given again
    assert sweep(store, before=10).deleted == 0
    assert store.append([of("ann", 20), of("ann", 30)]) == AppendResult(1, 1)  # what is kept is still known by its id


def test_of_each_user_only_the_newest_stay(store: StateStore) -> None:
    store.append([of("ann", time) for time in (9, 3, 7, 1, 5)] + [of("ben", 1)])
    assert sweep(store, most=3).deleted == 2
    assert times(store, "ann") == [5, 7, 9]
    assert times(store, "ben") == [1]


def test_both_rules_hold_together(store: StateStore) -> None:
    store.append([of("ann", time) for time in range(10)] + [of("ben", time) for time in range(3)])
    assert sweep(store, before=2, most=5).deleted == 7
    assert times(store, "ann") == [5, 6, 7, 8, 9]
    assert times(store, "ben") == [2]


def test_without_a_rule_nothing_goes(store: StateStore) -> None:
    store.append([of("ann", time) for time in range(10)])
    assert sweep(store) == Expired(0, 0, store.expire(None, None, "", 9).place, False)
    assert len(times(store, "ann")) == 10


def test_a_user_with_many_events_is_swept_in_steps(store: StateStore) -> None:
    for start in range(0, 1_800, 300):
        store.append([of("ann", time) for time in range(start, start + 300)])
    store.append([of("ben", 0), of("ben", 5_000)])
    assert sweep(store, before=1_700).deleted == 1_701
    assert times(store, "ann") == list(range(1_700, 1_800))
    assert times(store, "ben") == [5_000]


@pytest.mark.parametrize("seed", range(3))
def test_what_stays_is_what_the_rules_say(store: StateStore, seed: int) -> None:
    draw = random.Random(seed)
    events = [of(f"u{draw.randrange(12)}", draw.randrange(60), number) for number in range(400)]
    store.append(events)
    before, most = 20, 15
    sweep(store, before, most, users=draw.randrange(1, 20))
    for user in {event.user_id for event in events}:
        own = sorted((event for event in events if event.user_id == user), key=lambda event: event.time)
        assert store.history(user, 1_000) == [event for event in own if event.time >= before][-most:]


def test_once_a_training_takes_events_only_taken_ones_go(url: str) -> None:
    store = open_store(url)
    store.append([of("ann", time) for time in range(4)])
    store.take(-1)
    assert sweep(store, before=3).deleted == 0
    store.take(1)
    store.take(0)  # an older training changes nothing
    first = sweep(store, before=3)
    assert (first.deleted, first.waiting) == (2, 1)
    assert times(store, "ann") == [2, 3]
    store.close()
    again = open_store(url)
    again.take(3)
    assert sweep(again, before=3).deleted == 1
    assert times(again, "ann") == [3]
    again.close()


def test_an_event_that_comes_late_waits_for_the_training_too(store: StateStore) -> None:
    store.append([of("ann", 100)])
    store.take(store.position())
    store.append([of("ann", 1)])
    assert sweep(store, before=50) == Expired(0, 1, sweep(store, before=50).place, False)
    assert times(store, "ann") == [1, 100]


def test_a_user_who_is_erased_meanwhile_does_not_disturb_the_sweep(store: StateStore) -> None:
    store.append([of(user, time) for user in ("a", "b", "c", "d") for time in range(3)])
    place, deleted, more = "", 0, True
    while more:
        step = store.expire(2, None, place, 1)
        store.erase("c")
        deleted, place, more = deleted + step.deleted, step.place, step.more
    assert deleted in (6, 8)  # c's went by the one or the other
    assert [times(store, user) for user in ("a", "b", "c", "d")] == [[2], [2], [], [2]]


def test_impressions_take_no_place_from_what_users_do(store: StateStore) -> None:
    shown = [replace(of("ann", time, 100 + time), type=EventType.IMPRESSION) for time in range(20)]
    store.append([of("ann", 0), of("ann", 1, 1), *shown])
    assert sweep(store, most=2).deleted == 18
    assert times(store, "ann") == [0, 1]
    assert sorted(time for _, time in store.read(["ann"], 10)[0].impressions) == [18, 19]
    assert sweep(store, before=19).deleted == 3
    assert [time for _, time in store.read(["ann"], 10)[0].impressions] == [19]
