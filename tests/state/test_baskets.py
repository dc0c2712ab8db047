"""What goes together right now, against a plain recount of everything that happened."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from shortlist_core.types import DAY, SECOND, Event, EventType
from shortlist_state import LogEntry
from shortlist_state.baskets import BASKET, TAKERS, Baskets


def entry(user: str, item: str, time: int = 100, type: EventType = EventType.VIEW) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), Event("", user, item, time, type))


def erasure(user: str) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), None)


def test_together_are_items_of_the_same_users() -> None:
    live = Baskets()
    live.absorb([entry(user, item) for user in "abc" for item in ("tea", "mug")])
    live.absorb([entry("a", "mug"), entry("a", "pot"), entry("d", "pot"), entry("d", "jam"), entry("b", "old", time=1)])
    assert live.together(["tea"], 10) == {"mug": 3, "pot": 1}
    assert live.together(["tea", "jam"], 10) == {"mug": 3, "pot": 2}
    assert live.together(["nothing", "old"], 10) == {}
    assert live.together([], 10) == {}


def test_what_is_no_wish_goes_with_nothing() -> None:
    live = Baskets()
    live.absorb(
        [entry("a", "tea"), entry("a", "mug", type=EventType.IMPRESSION), entry("a", "pot", 100, EventType.DISLIKE)]
    )
    assert live.together(["tea"], 10) == {}


def test_a_choice_dated_ahead_makes_nothing_old() -> None:
    now = int(time.time() * SECOND)
    live = Baskets()
    live.absorb([entry("a", "tea", now), entry("a", "mug", now), entry("b", "tea", now), entry("b", "pot", now + DAY)])
    assert live.together(["tea"], DAY) == {"mug": 1}


def test_an_erased_user_leaves_nothing_behind() -> None:
    live = Baskets()
    live.absorb([entry("a", "tea"), entry("a", "mug"), entry("b", "tea"), erasure("a"), erasure("nobody")])
    assert live.together(["tea"], 10) == {}
    assert entry("a", "").user not in live._baskets
    assert not any(entry("a", "").user in users for users in live._takers.values())
    live.absorb([erasure("b")])
    assert (live._baskets, live._takers, live._size) == ({}, {}, 0)


def test_the_users_who_were_away_longest_make_room() -> None:
    live = Baskets(capacity=4)
    live.absorb([entry(user, item) for user in "ab" for item in ("tea", "mug")])
    live.absorb([entry("a", "tea"), entry("c", "tea"), entry("c", "pot")])
    assert live.together(["mug"], 10) == {"tea": 1}  # b is gone, a came again
    live.clear()
    assert live.together(["tea"], 10) == {}


changes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["", *"0123456789xyz"]), st.integers(1, 30)), max_size=80
)


@given(changes, st.integers(1, 40), st.lists(st.sampled_from("0123xyz"), max_size=3, unique=True))
def test_any_history_is_counted_as_by_hand(history: list[tuple[str, str, int]], window: int, asked: list[str]) -> None:
    live = Baskets()
    live.absorb(entry(user, item, at) if item else erasure(user) for user, item, at in history)
    now = max((at for _, item, at in history if item), default=0)
    counts: dict[str, int] = {}
    for user in "abcd":
        own: list[tuple[str, int]] = []
        for who, item, at in history:
            if who == user:
                own = [*[pair for pair in own if pair[0] != item][-BASKET + 1 :], (item, at)] if item else []
        inside = [item for item, at in own if now - window < at <= now]
        for item in inside if set(asked) & set(inside) else ():
            counts[item] = counts.get(item, 0) + (item not in asked)
    assert live.together(asked, window) == {item: count for item, count in counts.items() if count}


def test_an_answer_asks_the_newest_users_alone() -> None:
    live = Baskets()
    live.absorb([entry(f"{n}", item) for n in range(10 * TAKERS) for item in ("tea", f"with-{n}")])
    assert live.together(["tea"], 10) == {f"with-{n}": 1 for n in range(9 * TAKERS, 10 * TAKERS)}


def test_it_is_read_while_it_is_fed() -> None:
    live = Baskets(capacity=64)
    feed = threading.Thread(target=lambda: live.absorb(entry(f"{n % 20}", f"{n % 7}") for n in range(20_000)))
    feed.start()
    while feed.is_alive():
        live.together(["1", "2"], 10)
    feed.join()
    assert live._size <= 64
