from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from live_shop import at, dataset
from redis_server import INSTALLED, RedisServer

from shortlist_core.errors import DataError
from shortlist_core.types import DAY, Event, EventType
from shortlist_state import open_store
from shortlist_training.live_events import with_live_events
from shortlist_training.table import attributes_of, prepare


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'state.db'}"


def write(url: str, *events: Event, erase: str = "") -> None:
    store = open_store(url)
    store.append(events)
    if erase:
        store.erase(erase)
    store.close()


def test_live_events_join_in_the_order_of_time_with_all_they_say(url: str) -> None:
    late = Event("a", "new", "i5", at(9), EventType.PURCHASE, 1e300, "visit")
    early = Event("b", "u1", "i0", at(1) - DAY)
    write(url, late, early)
    merged = with_live_events(dataset(), [url])
    assert (merged.added, merged.duplicates, merged.unknown_items, merged.erased_users) == (2, 0, 0, 0)
    events = merged.dataset.interactions
    assert events["timestamp"].is_sorted()
    first, last = events.row(0, named=True), events.row(-1, named=True)
    assert (first["user_id"], first["event_type"], first["session_id"]) == ("u1", "interaction", None)
    assert (last["user_id"], last["event_type"], last["session_id"]) == ("new", "purchase", "visit")
    assert last["value"] == pytest.approx(3.4028235e38)
    assert len(events) == 62
    assert "new" in prepare(merged.dataset, None).user_ids


def test_events_on_items_that_the_shop_does_not_know_are_counted_and_left(url: str) -> None:
    write(url, Event("a", "u1", "not in the shop", at(9)), Event("b", "u1", "i5", at(9)))
    merged = with_live_events(dataset(), [url])
    assert (merged.added, merged.unknown_items) == (1, 1)
    assert "not in the shop" not in merged.dataset.items["item_id"]


def test_the_same_event_counts_once_from_wherever_it_comes(url: str, tmp_path: Path) -> None:
    other = f"sqlite:{tmp_path / 'other.db'}"
    in_the_data = Event("x", "u3", "i3", at(1), EventType.CLICK)
    write(url, Event("a", "u1", "i5", at(9)), in_the_data)
    write(other, Event("a", "u1", "i5", at(10)), Event("b", "u1", "i5", at(11)))
    merged = with_live_events(dataset(), [url, other])
    assert (merged.added, merged.duplicates) == (2, 2)
    assert "2 live events added (2 known already, 0 of unknown items)" in str(merged)
    assert len(with_live_events(merged.dataset, [url, other]).dataset.interactions) == 62


def test_a_deleted_user_is_left_out_of_everything(url: str) -> None:
    write(url, Event("a", "u1", "i5", at(9)), Event("b", "u2", "i5", at(9)), erase="u1")
    merged = with_live_events(dataset(), [url])
    assert (merged.added, merged.erased_users) == (1, 1)
    assert "u1" not in merged.dataset.interactions["user_id"]
    assert "u1" not in merged.dataset.users["user_id"]
    table = prepare(merged.dataset, None)
    assert "u1" not in table.user_ids and "u2" in table.user_ids


def test_a_deleted_user_who_came_back_is_known_from_then_on_alone(url: str) -> None:
    write(url, Event("a", "u1", "i5", at(9)), erase="u1")
    write(url, Event("c", "u1", "i0", at(12)))
    events = with_live_events(dataset(), [url]).dataset.interactions.filter(pl.col("user_id") == "u1")
    assert events["timestamp"].to_list() == [datetime(2024, 1, 12, tzinfo=UTC)]


def test_no_stores_change_nothing_and_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    before = dataset()
    assert with_live_events(before, []).dataset is before
    with pytest.raises(DataError, match="no such file"):
        with_live_events(before, [f"sqlite:{tmp_path / 'typo.db'}"])
    assert not (tmp_path / "typo.db").exists()


@pytest.mark.skipif(not INSTALLED, reason="there is no redis-server")
@pytest.mark.system
def test_a_store_in_redis_is_read_as_well(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    try:
        write(server.url(), *(Event(f"{n}", "u2", "i5", at(9) + n) for n in range(2_000)), erase="u1")
        merged = with_live_events(dataset(), [server.url()])
        assert (merged.added, merged.erased_users) == (2_000, 1)
    finally:
        server.kill()


def test_what_was_written_of_users_takes_the_place_of_the_data_under_the_same_key(url: str) -> None:
    store = open_store(url)
    store.describe({"u1": [("country", "France")], "new": [("plan", "free")]})
    store.close()
    known = dataset()
    before = attributes_of(known.users)
    merged = with_live_events(known, [url])
    after = attributes_of(merged.dataset.users)
    assert after["new"] == [("plan", "free")]
    assert after["u1"] == [("country", "France"), *(pair for pair in before.get("u1", []) if pair[0] != "country")]
    assert {user: pairs for user, pairs in after.items() if user not in ("u1", "new")} == {
        user: pairs for user, pairs in before.items() if user != "u1"
    }
    assert merged.described_users == 2
    assert "attributes of 2 live users added" in str(merged)
