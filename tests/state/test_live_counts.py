import threading

from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import Event, EventType
from shortlist_state import LogEntry
from shortlist_state.live_counts import LiveCounts


def entry(user: str, item: str, time: int = 100, type: EventType = EventType.VIEW) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), Event("", user, item, time, type))


def erasure(user: str) -> LogEntry:
    return LogEntry(0, user.encode().ljust(16), None)


def chosen(live: LiveCounts, since: int = 0, until: int = 100) -> list[tuple[str, int]]:
    choices = live.choices(since, until)
    assert len(set(choices.item_ids)) == len(choices.item_ids)
    return sorted(zip([choices.item_ids[at] for at in choices.items], choices.times.tolist(), strict=True))


def test_an_item_counts_once_for_each_user_at_the_newest_time() -> None:
    live = LiveCounts()
    live.absorb([entry("a", "tea", 90), entry("b", "tea", 95), entry("a", "tea", 99), entry("a", "tea", 80)])
    live.absorb([entry("a", "mug", type=EventType.PURCHASE)])
    live.absorb([entry("a", "milk", type=EventType.DISLIKE), entry("a", "milk", type=EventType.IMPRESSION)])
    assert chosen(live) == [("mug", 100), ("tea", 95), ("tea", 99)]


def test_only_what_happened_in_the_time_counts() -> None:
    live = LiveCounts()
    live.absorb([entry("a", item, time) for item, time in (("old", 90), ("in", 91), ("now", 100), ("ahead", 101))])
    assert chosen(live, 91, 100) == [("in", 91), ("now", 100)]
    assert chosen(live, 0, 5) == []
    assert live.newest(100) == 100
    assert live.newest(90) == 90
    assert live.newest(5) is None


def test_an_erased_user_is_taken_out_and_counts_anew_later() -> None:
    live = LiveCounts()
    live.absorb([entry("a", "tea"), entry("b", "tea"), entry("a", "mug"), erasure("a"), entry("a", "pot")])
    assert chosen(live) == [("pot", 100), ("tea", 100)]


def test_every_change_is_noticed() -> None:
    live = LiveCounts()
    versions = [live.version]
    for change in (lambda: live.absorb([entry("a", "tea")]), lambda: live.absorb([erasure("a")]), live.clear):
        change()
        versions.append(live.version)
    assert len(set(versions)) == 4
    live.absorb([])
    assert live.version == versions[-1]


def test_the_newest_are_remembered_and_ids_do_not_pile_up() -> None:
    live = LiveCounts(capacity=4)
    for number in range(1_000):
        live.absorb([entry("a", f"item-{number}")])
    assert chosen(live) == [(f"item-{number}", 100) for number in range(996, 1_000)]
    assert len(live._ids) <= 9
    live.clear()
    assert chosen(live) == []


def test_it_is_read_while_it_is_fed() -> None:
    live = LiveCounts(capacity=64)
    feed = threading.Thread(target=lambda: [live.absorb([entry("a", f"{n % 100}")]) for n in range(5_000)])
    feed.start()
    while feed.is_alive():
        assert len(live.choices(0, 100).items) <= 64
    feed.join()


def test_a_choice_counts_by_the_users_strongest_event_and_what_has_no_weight_does_not() -> None:
    weights = USUAL.with_kinds({EventType.VIEW: EventWeight(0), EventType.PURCHASE: EventWeight(3)})
    live = LiveCounts()
    kinds = EventType.CLICK, EventType.PURCHASE, EventType.CART
    live.absorb([entry("a", "tea", 90 + place, kind) for place, kind in enumerate(kinds)], weights)
    live.absorb([entry("b", "tea", type=EventType.CLICK), entry("b", "mug")], weights)
    choices = live.choices(0, 100)
    assert choices.item_ids == ["tea"]
    assert sorted(zip(choices.times.tolist(), choices.weights.tolist(), strict=True)) == [(92, 3), (100, 1)]
