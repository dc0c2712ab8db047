"""The follower of the store's log: what other processes write shows in the counts, whatever happens to the store."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from shortlist_core.errors import StateError
from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import Event, EventType
from shortlist_server.base.follower import Follower
from shortlist_server.system import live_users as module
from shortlist_server.system.live_users import LiveUsers
from shortlist_state import StateStore, open_store

NOW = 100


def event(id: str, item: str = "i", user: str = "u") -> Event:
    return Event(id, user, item, NOW)


def counts(live: LiveUsers) -> dict[str, int]:
    """By how many users each item was chosen."""
    choices = live.counts.choices(0, NOW)
    return dict(Counter(choices.item_ids[at] for at in choices.items))


@pytest.fixture(autouse=True)
def by_hand(monkeypatch) -> None:
    """Catching up happens when a test says so."""
    monkeypatch.setattr(Follower, "start", lambda self: None)


def test_what_another_process_writes_and_erases_is_followed(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'state.db'}"
    here, there = open_store(url), open_store(url)
    there.append([event("before")])
    live = LiveUsers(here)
    live.catch_up()
    there.append([event(f"{n}", "j", f"u{n % 1_250}") for n in range(2_500)])
    live.catch_up()
    live.catch_up()
    assert counts(live) == {"i": 1, "j": 1_250}
    assert live.baskets.together(["i"], NOW) == {}
    there.append([event("u1-i", "i", "u1")])
    live.catch_up()
    assert live.baskets.together(["i"], NOW) == {"j": 1}
    there.erase("u1")
    assert not live.erased("u1")
    live.catch_up()
    assert live.erased("u1") and not live.erased("u0")
    assert counts(live) == {"i": 1, "j": 1_249}
    assert live.baskets.together(["i"], NOW) == {}
    live.close()
    here.close()
    there.close()


def test_who_was_erased_is_known_from_the_start(store: StateStore) -> None:
    store.erase("gone")
    live = LiveUsers(store)
    assert live.erased("gone")
    live.close()


def test_a_store_that_fails_at_the_start_is_said_so(store: StateStore) -> None:
    store.close()
    with pytest.raises(StateError):
        LiveUsers(store)


def test_of_a_long_log_only_the_end_is_read(store: StateStore, monkeypatch) -> None:
    monkeypatch.setattr(module, "CAPACITY", 10)
    store.append([event(f"{n}", f"i{n}") for n in range(50)])
    live = LiveUsers(store)
    live.catch_up()
    assert set(counts(live)) == {f"i{n}" for n in range(40, 50)}
    live.close()


def test_a_store_that_lost_its_data_is_followed_from_its_new_beginning(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path / 'a.db'}")
    store.append([event(f"{n}") for n in range(9)])
    live = LiveUsers(store)
    live.catch_up()
    fresh = open_store(f"sqlite:{tmp_path / 'b.db'}")
    fresh.append([event("new", "j")])
    live._store = fresh
    live.catch_up()
    assert counts(live) == {"j": 1}
    live.close()


def test_low_ratings_are_no_choices_and_a_line_that_moves_counts_for_all(store: StateStore) -> None:
    line = -math.inf
    live = LiveUsers(store, dislike_below=lambda: line)
    rated = [Event(f"e{value}", f"u{value}", "i", NOW, EventType.RATING, value) for value in range(1, 6)]
    store.append([*rated, event("bought", "j")])
    live.catch_up()
    assert counts(live) == {"i": 5, "j": 1}
    line = 3.0
    live.catch_up()
    assert counts(live) == {"i": 3, "j": 1}
    store.append([Event("one more", "u9", "i", NOW, EventType.RATING, 1.0)])
    live.catch_up()
    assert counts(live) == {"i": 3, "j": 1}
    line = -math.inf
    live.catch_up()
    assert counts(live) == {"i": 6, "j": 1}
    live.close()


def test_choices_count_by_the_weights_and_others_are_read_anew(store: StateStore) -> None:
    rules = USUAL
    live = LiveUsers(store, weights=lambda: rules)
    store.append([Event("e1", "u1", "i", NOW, EventType.VIEW, 5.0), event("bought", "j")])
    live.catch_up()
    assert counts(live) == {"i": 1, "j": 1}
    rules = USUAL.with_kinds({EventType.VIEW: EventWeight(0)})
    live.catch_up()
    assert "i" not in counts(live)
    assert not live.baskets.together(["j"], NOW)
    live.close()
