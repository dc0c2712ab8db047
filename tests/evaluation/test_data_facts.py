from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from shortlist_data.dataset import Dataset
from shortlist_evaluation.data_facts import data_facts, rejected

START = datetime(2024, 1, 1, tzinfo=UTC)


def dataset(days, users=None):
    users = users or ["u"] * len(days)
    events = pl.DataFrame({"user_id": users, "item_id": ["i"] * len(days)}).with_columns(
        pl.Series("timestamp", [START + timedelta(days=day) for day in days]).cast(pl.Datetime("us", "UTC"))
    )
    return Dataset.of(events)


def test_events_over_time_have_gaps_where_nothing_happened(tmp_path):
    facts = data_facts(dataset([0, 0.5, 3]), tmp_path)
    assert facts.stretch == "day"
    assert facts.events == (("2024-01-01", 2), ("2024-01-02", 0), ("2024-01-03", 0), ("2024-01-04", 1))


def test_longer_data_has_longer_stretches(tmp_path):
    assert data_facts(dataset([0, 200]), tmp_path).stretch == "week"
    months = data_facts(dataset([0, 1_500]), tmp_path)
    assert months.stretch == "month"
    assert sum(n for _, n in months.events) == 2


def test_users_by_activity(tmp_path):
    users = ["a"] + ["b"] * 4 + ["c"] * 5 + ["d"] * 6
    facts = data_facts(dataset(list(range(16)), users), tmp_path)
    counts = {name: n for name, n in facts.activity.values if n}
    assert counts == {"1": 1, "4 to 5": 2, "6 to 10": 1}
    assert facts.activity.values[-1][1], "there is no row behind the last that has users"


def test_a_single_event_and_what_is_missing_are_told(tmp_path):
    facts = data_facts(dataset([0]), tmp_path)
    assert facts.events == (("2024-01-01", 1),)
    assert any("no item is described" in warning for warning in facts.warnings)
    assert dict(facts.facts)["users"] == "1"


def test_rejects_are_counted_by_reason_and_other_files_skipped(tmp_path):
    (tmp_path / "rejects-items.csv").write_text('line,reason,content\n1,"no, id",x\n2,"no, id",y\n')
    (tmp_path / "rejects-interactions.csv").write_text("line,reason,content\n" + "7,late,z\n" * 3)
    (tmp_path / "rejects-users.csv").write_text("something else\n")
    assert rejected(tmp_path) == (("interactions", "late", 3), ("items", "no, id", 2))
    assert rejected(tmp_path / "absent") == ()
