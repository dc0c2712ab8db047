"""Recorded users: a table of interactions says what a server's store would, had the same events been written to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from shortlist_core.types import DAY, SECOND, EventType
from shortlist_data.dataset import Dataset
from shortlist_server.system.live_users import LiveUsers
from shortlist_state import open_store
from shortlist_training.recorded_users import RecordedUsers, events_of

START = datetime(2024, 3, 1, tzinfo=UTC)
AS_OF = int(START.timestamp()) * SECOND + 3 * DAY


@pytest.fixture
def interactions() -> pl.DataFrame:
    """Three users on ten days, in no order of time; what lies before the fourth day is in the bundle."""
    rows = [
        (f"u{user}", f"i{(3 * day + user) % 7}", START + timedelta(days=day, hours=user), kind, float(1 + user))
        for user in range(3)
        for day, kind in enumerate(["purchase", "view", "impression", "dislike", "cart"] * 2)
    ]
    names = ["user_id", "item_id", "timestamp", "event_type", "value"]
    return Dataset.of(pl.DataFrame(rows, schema=names, orient="row")).interactions.sample(
        fraction=1, seed=2, shuffle=True
    )


def test_a_store_with_the_same_events_says_the_same(interactions: pl.DataFrame) -> None:
    recorded, store = RecordedUsers(interactions, AS_OF), open_store("sqlite::memory:")
    later = interactions.filter(pl.col("timestamp").dt.timestamp("us") >= AS_OF).sort("timestamp")
    events = list(events_of(later))
    store.append([_numbered(event, number) for number, event in enumerate(events)])
    live = LiveUsers(store)
    try:
        live.catch_up()
        for limit in (1_000, 3):
            mine, theirs = (users.read(["u0", "u2", "nobody"], limit) for users in (recorded, live))
            assert [[_told(event) for event in user.events] for user in mine] == [
                [_told(event) for event in user.events] for user in theirs
            ]
            assert [sorted(user.impressions) for user in mine] == [sorted(user.impressions) for user in theirs]
        now = recorded.counts.newest(10**18)
        assert now == live.counts.newest(10**18) == events[-1].time
        mine, theirs = (users.counts.choices(AS_OF, now) for users in (recorded, live))
        assert sorted(mine.item_ids[item] for item in mine.items) == sorted(theirs.item_ids[i] for i in theirs.items)
        assert sorted(mine.times.tolist()) == sorted(theirs.times.tolist())
        assert recorded.baskets.together(["i0", "i3"], 30 * DAY) == live.baskets.together(["i0", "i3"], 30 * DAY)
        assert len(recorded.baskets) == len(live.baskets) > 0
    finally:
        live.close()
        store.close()


def test_what_the_bundle_was_trained_on_does_not_come_again(interactions: pl.DataFrame) -> None:
    [user] = RecordedUsers(interactions, AS_OF).read(["u1"], 1_000)
    assert [event.time >= AS_OF for event in user.events] == [True] * 6
    assert [time >= AS_OF for _, time in user.impressions] == [True]
    assert EventType.DISLIKE in {event.type for event in user.events}
    assert [event.value for event in user.events] == [2.0] * 6
    assert not user.erased


def test_without_a_table_nothing_has_happened() -> None:
    nothing = RecordedUsers(None, AS_OF)
    assert [user.events for user in nothing.read(["u1"], 10)] == [[]]
    assert nothing.counts.newest(10**18) is None and not nothing.baskets and not nothing.erased("u1")


def _numbered(event, number):
    return type(event)(
        f"e{number}", *[getattr(event, name) for name in ("user_id", "item_id", "time", "type", "value")]
    )


def _told(event):
    return event.item_id, event.time, event.type, event.value
