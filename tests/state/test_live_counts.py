import threading

from core.types import Event, EventType
from state import LogEntry
from state.live_counts import LiveCounts


def entry(user: str, item: str, time: int = 100, type: EventType = EventType.VIEW) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), Event("", user, item, time, type))


def erasure(user: str) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), None)


def test_items_count_by_what_was_done_with_them() -> None:
    live = LiveCounts()
    live.absorb([entry("a", "tea"), entry("b", "tea"), entry("a", "mug", type=EventType.PURCHASE)])
    live.absorb([entry("a", "milk", type=EventType.DISLIKE), entry("a", "milk", type=EventType.IMPRESSION)])
    assert live.counts(window=10, now=100) == {"tea": 2.0, "mug": 2.0}


def test_only_what_happened_in_the_window_counts() -> None:
    live = LiveCounts()
    live.absorb(
        [entry("a", "old", time=90), entry("a", "in", time=91), entry("a", "now", 100), entry("a", "ahead", 101)]
    )
    assert live.counts(window=10, now=100) == {"in": 1.0, "now": 1.0}
    assert live.counts(window=10, now=5) == {}


def test_together_are_items_of_the_same_users() -> None:
    live = LiveCounts()
    live.absorb([entry(user, item) for user in "abc" for item in ("tea", "mug")])
    live.absorb([entry("a", "mug"), entry("a", "pot"), entry("d", "pot"), entry("d", "jam"), entry("b", "old", time=1)])
    assert live.together(["tea"], 10, 100) == {"mug": 3, "pot": 1}
    assert live.together(["tea", "jam"], 10, 100) == {"mug": 3, "pot": 2}
    assert live.together(["nothing", "old"], 10, 100) == {}
    assert live.together([], 10, 100) == {}


def test_an_erased_user_is_taken_out_and_counts_anew_later() -> None:
    live = LiveCounts()
    live.absorb([entry("a", "tea"), entry("b", "tea"), entry("a", "mug"), erasure("a"), entry("a", "pot")])
    assert live.counts(10, 100) == {"tea": 1.0, "pot": 1.0}
    assert live.together(["tea"], 10, 100) == {}


def test_the_newest_are_remembered_and_ids_do_not_pile_up() -> None:
    live = LiveCounts(capacity=4)
    for number in range(1_000):
        live.absorb([entry("a", f"item-{number}")])
    assert live.counts(10, 100) == {f"item-{number}": 1.0 for number in range(996, 1_000)}
    assert len(live._ids) <= 9
    live.clear()
    assert live.counts(10, 100) == {}


def test_it_is_read_while_it_is_fed() -> None:
    live = LiveCounts(capacity=64)
    feed = threading.Thread(target=lambda: [live.absorb([entry("a", f"{n % 100}")]) for n in range(5_000)])
    feed.start()
    while feed.is_alive():
        assert sum(live.counts(10, 100).values()) <= 64
        live.together(["1"], 10, 100)
    feed.join()
