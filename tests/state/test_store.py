"""The contract that every implementation of StateStore keeps."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shortlist_core.errors import InvalidArgumentError, StateError
from shortlist_core.types import Event, EventType
from shortlist_state import AppendResult, StateStore, open_store


def event(id: str, user: str = "u", time: int = 0, **others: object) -> Event:
    return Event(id, user, f"item-of-{id}", time, **others)  # type: ignore[arg-type]


def ids(events: list[Event]) -> list[str]:
    return [event.event_id for event in events]


def test_an_event_comes_back_as_it_was(store: StateStore) -> None:
    full = Event("e", "u", "i", 1_700_000_000_123_456, EventType.RATING, 4.5, "session", "token")
    bare = Event("f", "u", "i", 1_700_000_000_123_457)
    assert store.append([full, bare]) == AppendResult(accepted=2, duplicates=0)
    assert store.history("u", 10) == [full, bare]


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.builds(
        Event,
        event_id=TEXT,
        user_id=TEXT,
        item_id=TEXT,
        time=st.integers(-(2**63), 2**63 - 1),
        type=st.sampled_from(EventType),
        value=st.floats(allow_nan=False, allow_infinity=False),
        session_id=TEXT,
        attribution_token=TEXT,
    )
)
def test_any_event_comes_back_as_it_was(written: Event) -> None:
    store = open_store("sqlite::memory:")
    assert store.append([written]).accepted == 1
    assert [entry.event for entry in store.export(written.user_id, -1, 5).entries] == [written]
    store.close()


def test_a_history_is_the_newest_events_oldest_first(store: StateStore) -> None:
    store.append([event("c", time=30), event("a", time=10), event("x", "other", time=40)])
    store.append([event("b", time=20)])
    assert ids(store.history("u", 10)) == ["a", "b", "c"]
    assert ids(store.history("u", 2)) == ["b", "c"]
    assert store.history("u", 0) == []
    assert store.history("nobody", 10) == []
    assert store.history("\ud800", 10) == []


def test_equal_times_keep_the_order_in_which_they_were_stored(store: StateStore) -> None:
    store.append([event("z"), event("a")])
    store.append([event("m")])
    assert ids(store.history("u", 10)) == ["z", "a", "m"]
    assert ids(store.history("u", 2)) == ["a", "m"]


def test_an_event_id_is_stored_once_and_the_first_wins(store: StateStore) -> None:
    first = event("a", time=1)
    store.append([first])
    other = replace(first, item_id="other", user_id="someone", time=2)
    assert store.append([first, other, event("b", time=3), event("b", time=4)]) == AppendResult(1, 3)
    assert store.history("u", 10) == [first, event("b", time=3)]
    assert store.history("someone", 10) == []


def test_no_events_are_no_work(store: StateStore) -> None:
    assert store.append([]) == AppendResult(0, 0)


def test_a_batch_with_a_bad_event_is_refused_as_a_whole_with_every_violation(store: StateStore) -> None:
    bad = [event("ok"), event("a", time=2**63), event("b", value=math.nan), event("c", user="\ud800")]
    with pytest.raises(InvalidArgumentError) as caught:
        store.append(bad)
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["events[1].time", "events[2].value", "events[3].user_id"]
    assert store.history("u", 10) == []


def test_a_negative_limit_is_not_without_limit(store: StateStore) -> None:
    store.append([event("a")])
    with pytest.raises(ValueError, match="negative"):
        store.history("u", -1)


def test_threads_lose_and_double_nothing(store: StateStore) -> None:
    """Two threads send the same events: one of them is told accepted, and both find them on return."""

    def send(thread: int) -> AppendResult:
        total = AppendResult(0, 0)
        for step in range(20):
            batch = [event(f"{thread // 2}-{step}-{i}", f"u{thread // 2}", time=step) for i in range(3)]
            result = store.append(batch)
            assert {e.event_id for e in batch} <= set(ids(store.history(f"u{thread // 2}", 1000)))
            total = AppendResult(total.accepted + result.accepted, total.duplicates + result.duplicates)
        return total

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(send, range(8)))
    assert sum(result.accepted for result in results) == 4 * 60
    assert sum(result.duplicates for result in results) == 4 * 60
    for user in range(4):
        assert len(store.history(f"u{user}", 1000)) == 60


def test_a_closed_store_says_so(store: StateStore) -> None:
    store.ping()
    store.close()
    store.close()
    for call in (store.ping, lambda: store.history("u", 1), lambda: store.append([event("a")])):
        with pytest.raises(StateError, match="closed"):
            call()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://:secret@localhost:port/0", "URL of Redis is not"),
        ("sqlite:", "names no store"),
        ("state.db", "names no store"),
        ("", "names no store"),
        ("postgres://:secret@x", "names no store"),
    ],
)
def test_an_unknown_url_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_impressions_do_not_push_out_of_a_history_what_the_user_did(store: StateStore) -> None:
    did = [event(f"did-{time}", time=time) for time in range(4)]
    store.append([*did, *(event(f"shown-{time}", time=time, type=EventType.IMPRESSION) for time in range(2, 100))])
    [user] = store.read(["u"], 3)
    assert ids(user.events) == ["did-1", "did-2", "did-3"]
    assert sorted(user.impressions) == [(f"item-of-shown-{time}", time) for time in (97, 98, 99)]
    [user] = store.read(["u"], 1_000)
    assert ids(user.events) == [event.event_id for event in did] and len(user.impressions) == 98
    assert ids([entry.event for entry in store.export("u", 99, 10).entries if entry.event]) == ["shown-98", "shown-99"]
    assert store.summary("u").counts == {EventType.INTERACTION: 4, EventType.IMPRESSION: 98}
    assert store.erase("u") == 102
