from __future__ import annotations

from shortlist_core.nearest import did_you_mean, nearest


def test_the_nearest_name_is_told_and_none_where_none_is_near() -> None:
    known = ("csv", "tsv", "jsonl", "parquet")
    assert did_you_mean("cvs", known) == "; did you mean 'csv'?"
    assert did_you_mean("PARQET", known) == "; did you mean 'parquet'?"
    assert did_you_mean("avro", known) == ""
    assert nearest("TEST_TOKEN", ["TOKEN"]) == "TOKEN" and nearest("TEST_TOKEN", ["TOKEN"], 0.8) is None
