"""What a training takes from a store, and whom it leaves out: deleted users, events of newer versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from live_shop import at, dataset
from typer.testing import CliRunner

from shortlist_bundle.erasures import Erasures
from shortlist_cli.data import app
from shortlist_cli.train import with_stores
from shortlist_core.errors import DataError
from shortlist_core.types import Event, EventType
from shortlist_data.dataset import Dataset
from shortlist_state import open_store
from shortlist_training.live_events import with_live_events
from shortlist_training.recorded_users import RecordedUsers


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'state.db'}"


def write(url: str, *events: Event) -> None:
    store = open_store(url)
    store.append(events)
    store.close()


def expire(url: str, before: int) -> tuple[int, int]:
    """How many events expire now, and how many would if a training had taken them."""
    store = open_store(url)
    step = store.expire(before, None, "", 1_000)
    store.close()
    return step.deleted, step.waiting


def test_users_who_are_recorded_as_deleted_beside_the_bundles_are_left_out(url: str, tmp_path: Path, capsys) -> None:
    Erasures(tmp_path).add("u3")
    Erasures(tmp_path).add("nobody")
    write(url, Event("a", "u3", "i1", at(9)))  # who came back as somebody new
    merged = with_stores(dataset(), [url], tmp_path)
    assert "1 users left out who were deleted" in capsys.readouterr().out
    own = merged.dataset.interactions.filter(merged.dataset.interactions["user_id"] == "u3")
    assert own["item_id"].to_list() == ["i1"]
    assert "u3" not in merged.dataset.users["user_id"]
    without_stores = with_stores(dataset(), [], tmp_path).dataset
    assert "u3" not in without_stores.interactions["user_id"]
    assert len(without_stores.interactions) == 58


def test_events_wait_for_a_training_that_ended_well(url: str) -> None:
    write(url, Event("a", "u1", "i1", at(3)))
    merged = with_live_events(dataset(), [url])
    write(url, Event("b", "u1", "i2", at(4)))  # while it trains
    assert expire(url, at(9)) == (0, 2)
    merged.take()
    assert expire(url, at(9)) == (1, 1)


def test_a_store_that_no_training_ever_read_lets_events_go(url: str) -> None:
    write(url, Event("a", "u1", "i1", at(3)))
    assert expire(url, at(9)) == (1, 0)


def test_an_event_of_a_newer_version_does_not_stop_a_training(url: str, tmp_path: Path) -> None:
    write(url, Event("a", "u1", "i1", at(9)), Event("b", "u1", "i2", at(10)))
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("UPDATE events SET type = 99 WHERE event_id = 'a'")
    assert with_live_events(dataset(), [url]).added == 1


def test_live_events_can_be_added_to_the_data_before_they_expire(url: str, tmp_path: Path) -> None:
    dataset().write(tmp_path / "DATA")
    write(url, Event("a", "u1", "i1", at(9), EventType.PURCHASE), Event("b", "u2", "i2", at(10)))
    for added in (2, 0):
        result = CliRunner().invoke(app, ["add-live", "--data", str(tmp_path / "DATA"), "--events", url])
        assert result.exit_code == 0, result.output
        assert f"{added} live events added" in result.output
        written = Dataset.read(tmp_path / "DATA")
        assert len(written.interactions) == 62
    assert expire(url, at(20)) == (2, 0)
    later = with_live_events(written, [url])
    assert later.added == 0 and later.dataset.interactions.equals(written.interactions)
    assert later.dataset.interactions["event_type"].to_list().count("purchase") == 1


def test_a_store_that_does_not_exist_is_refused_and_nothing_written(tmp_path: Path) -> None:
    dataset().write(tmp_path / "DATA")
    before = (tmp_path / "DATA" / "interactions.parquet").read_bytes()
    url = f"sqlite:{tmp_path / 'typo.db'}"
    result = CliRunner().invoke(app, ["add-live", "--data", str(tmp_path / "DATA"), "--events", url])
    assert isinstance(result.exception, DataError)
    assert (tmp_path / "DATA" / "interactions.parquet").read_bytes() == before
    assert not (tmp_path / "typo.db").exists()


def test_offline_too_nothing_of_a_deleted_user_is_used() -> None:
    recorded = RecordedUsers(dataset().interactions, 0, {"u3"})
    erased, other = recorded.read(["u3", "u4"], 10)
    assert (erased.events, erased.erased, recorded.erased("u3")) == ([], True, True)
    assert len(other.events) == 2 and not other.erased
