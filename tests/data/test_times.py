"""Times of a table: what a column of numbers counts, dates in other forms, zones, and times that cannot be."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from importing import counts, import_events, import_times
from table_imports import GOOD

from shortlist_core.errors import DataError
from shortlist_data.rules import Rules

HEADER = "user_id,item_id,timestamp\n"


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("1706695200", "2024-01-31T10:00:00"),
        ("1706695200.5", "2024-01-31T10:00:00.500000"),
        ("1.7066952e9", "2024-01-31T10:00:00"),
        ("1706695200123", "2024-01-31T10:00:00.123000"),
        ("1706695200123456", "2024-01-31T10:00:00.123456"),
        ("1706695200123456789", "2024-01-31T10:00:00.123456"),
        ("20240131", "2024-01-31T00:00:00"),
        ("20240131.0", "2024-01-31T00:00:00"),
        ("202401311005", "2024-01-31T10:05:00"),
        ("20240131100506", "2024-01-31T10:05:06"),
        ("45322.25", "2024-01-31T06:00:00"),  # Excel
        ("45322,25", "2024-01-31T06:00:00"),
        ("638422920000000000", "2024-01-31T10:00:00"),  # .NET ticks
        ("133511688000000000", "2024-01-31T10:00:00"),  # Windows FILETIME
        ("2460340.5", "2024-01-31T00:00:00"),  # Julian day
    ],
)
def test_what_a_column_of_numbers_counts_is_found_out(tmp_path: Path, cell: str, time: str) -> None:
    assert import_times(tmp_path, cell, cell) == [time, time]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("19753", "--time-format days"),
        ("2024", "--time-format %Y "),
        ("202401", "--time-format %Y%m "),
        ("2024031", "--time-format %Y%j "),
        ("0", "--time-format unix-s"),
        ("1", "--time-format unix-s"),
        ("-1", "--time-format unix-s"),
        ("500000000", "--time-format unix-s"),  # 1985
        ("28444920", "--time-format unix-s"),  # minutes
        ("60340", "--time-format unix-s"),  # modified Julian day
        ("1e300", "--time-format unix-s"),
    ],
)
def test_a_number_that_may_be_anything_is_refused_with_the_line_to_type(tmp_path: Path, cell: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        import_times(tmp_path, cell, cell)
    assert f"such as {cell} (line 2)" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("format", "cell", "time"),
    [
        ("unix-s", "1", "1970-01-01T00:00:01"),
        ("unix-ms", "1706695200123", "2024-01-31T10:00:00.123000"),
        ("unix-us", "1706695200123456", "2024-01-31T10:00:00.123456"),
        ("unix-ns", "1706695200123456789", "2024-01-31T10:00:00.123456"),
        ("days", "19753.5", "2024-01-31T12:00:00"),
        ("excel", "45322", "2024-01-31T00:00:00"),
        ("ticks", "638422920000000000", "2024-01-31T10:00:00"),
        ("filetime", "133511688000000000", "2024-01-31T10:00:00"),
        ("julian", "2460341", "2024-01-31T12:00:00"),
        ("yyyymmdd", "20240131", "2024-01-31T00:00:00"),
        ("%Y", "2024", "2024-01-01T00:00:00"),
        ("%Y%m%d", "20240131", "2024-01-31T00:00:00"),
        ("%d.%m.%y %H:%M", "31.01.24 10:05", "2024-01-31T10:05:00"),
        ("%d/%m/%Y %I:%M %p", "31/01/2024 10:05 PM", "2024-01-31T22:05:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2024-01-31T10:00:00+0100", "2024-01-31T09:00:00"),
    ],
)
def test_a_time_format_is_a_unit_or_strptime(tmp_path: Path, format: str, cell: str, time: str) -> None:
    assert import_times(tmp_path, cell, rules=Rules(format)) == [time]


@pytest.mark.parametrize("type", [pl.Int32, pl.Int64, pl.UInt64, pl.Float64, pl.Decimal(20, 0), pl.String])
@pytest.mark.parametrize("format", ["%Y%m%d", "yyyymmdd", None])
def test_a_time_format_holds_for_numbers_of_every_type(tmp_path: Path, type: pl.DataType, format: str | None) -> None:
    times = pl.Series([20240131, None, 20240201]).cast(type)
    frame = pl.DataFrame({"user_id": ["u", "v", "w"], "item_id": "a", "timestamp": times})
    result = import_events(tmp_path, frame, "e.parquet", rules=Rules(format))
    assert result.dataset.interactions["timestamp"].dt.date().to_list() == [date(2024, 1, 31), date(2024, 2, 1)]
    assert counts(result) == {"missing timestamp": 1}


@pytest.mark.parametrize("cell", [date(2024, 1, 31), datetime(2024, 1, 31, 10)])
def test_a_column_of_times_needs_no_format(tmp_path: Path, cell: object) -> None:
    frame = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": [cell]})
    with pytest.raises(DataError, match="holds times already: leave --time-format out"):
        import_events(tmp_path, frame, "e.parquet", rules=Rules("%Y%m%d"))
    zone = Rules(time_zone="Asia/Shanghai")
    [time] = import_events(tmp_path, frame, "e.parquet", rules=zone).dataset.interactions["timestamp"]
    assert time == pl.select(pl.lit(cell).cast(pl.Datetime("us"))).item().replace(tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(("cell", "kind"), [([1], "list"), (True, "boolean")])
def test_a_column_that_cannot_be_times_is_refused(tmp_path: Path, cell: object, kind: str) -> None:
    frame = pl.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": [cell]})
    with pytest.raises(DataError, match=f"'timestamp' holds {kind} values"):
        import_events(tmp_path, frame, "e.parquet")


@pytest.mark.parametrize(("typed", "near"), [("YYYYMMDD", "yyyymmdd"), ("excell", "excel"), ("unix", "unix-s")])
def test_an_unknown_time_format_is_refused_with_the_nearest(tmp_path: Path, typed: str, near: str) -> None:
    with pytest.raises(DataError, match=f"did you mean '{near}'"):
        import_times(tmp_path, "20240131", rules=Rules(typed))


@pytest.mark.parametrize("format", ["%Q", "%", "%Y-%m-%d %H"])
def test_what_is_no_strptime_format_is_refused(tmp_path: Path, format: str) -> None:
    with pytest.raises(DataError, match="is no strptime format"):
        import_times(tmp_path, "2024-01-31", rules=Rules(format))


def test_numbers_of_two_units_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"several kinds: 1706695200 \(line 2\).*1706695200000 \(line 3\)"):
        import_times(tmp_path, "1706695200", "1706695200000")


def test_what_only_a_later_block_tells_holds_for_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shortlist_data.source_csv._BLOCK", 1 << 10)
    times = import_times(tmp_path, *(["01/02/2024"] * 500), "13/02/2024")
    assert (times[0], times[-1]) == ("2024-02-01T00:00:00", "2024-02-13T00:00:00")


def test_what_lies_outside_of_the_columns_unit_is_rejected(tmp_path: Path) -> None:
    rows = "".join(f"u{i},a,{1706695200 + i}\n" for i in range(8))
    result = import_events(tmp_path, HEADER + "v,a,0\nw,a,4070908800\n" + rows)
    assert counts(result) == {"timestamp before 1990": 1, "timestamp in the future": 1}
    assert result.dataset.interactions.height == 8


@pytest.mark.parametrize(
    ("cell", "time"),
    [
        ("2024-01-31", "2024-01-31T00:00:00"),
        ("2024/1/31 9:05", "2024-01-31T09:05:00"),
        ("2024-01-31T10:00:00.123456789Z", "2024-01-31T10:00:00.123456"),
        ("2024-01-31 10:00:00,5+02", "2024-01-31T08:00:00.500000"),
        ("2024-01-31T10:00+01:00[Europe/Berlin]", "2024-01-31T09:00:00"),
        ("20240131T100000Z", "2024-01-31T10:00:00"),
        ("31.01.2024 10:00", "2024-01-31T10:00:00"),
        ("05.01.2024", "2024-01-05T00:00:00"),  # with dots the day comes first
        ("31/01/2024", "2024-01-31T00:00:00"),
        ("01/31/2024 10:00 PM", "2024-01-31T22:00:00"),
        ("01/31/2024 12:30:00 a.m.", "2024-01-31T00:30:00"),
        ("05/05/2024", "2024-05-05T00:00:00"),
        ("Wed, 31 Jan 2024 10:00:00 GMT", "2024-01-31T10:00:00"),
        ("Wed, 31 Jan 2024 10:00:00 +0100", "2024-01-31T09:00:00"),
        ("Wed Jan 31 10:00:00 2024", "2024-01-31T10:00:00"),
        ("Wed Jan 31 2024 10:00:00 GMT+0100 (Central European Standard Time)", "2024-01-31T09:00:00"),
        ("31/Jan/2024:10:00:00 +0000", "2024-01-31T10:00:00"),
        ("January 31st, 2024", "2024-01-31T00:00:00"),
        ("31-JAN-2024", "2024-01-31T00:00:00"),
    ],
)
def test_dates_in_other_forms(tmp_path: Path, cell: str, time: str) -> None:
    assert import_times(tmp_path, cell) == [time]


def test_whether_the_day_comes_first_is_told_by_the_column_or_by_the_caller(tmp_path: Path) -> None:
    assert import_times(tmp_path, "01/02/2024", "13/02/2024")[0] == "2024-02-01T00:00:00"
    assert import_times(tmp_path, "01/02/2024", "02/13/2024")[0] == "2024-01-02T00:00:00"
    with pytest.raises(DataError, match=r"say --time-format '%d/%m/%Y %H:%M' or --time-format '%m/%d/%Y %H:%M'"):
        import_times(tmp_path, "01/02/2024 10:00", "03/04/2024 10:00")
    with pytest.raises(DataError, match="the day comes first"):
        import_times(tmp_path, "13/02/2024", "02/13/2024")


@pytest.mark.parametrize(
    "cell", ["31.01.24 10:00", "2024-01-31 10:00 EST", "2024-01-31T10:00[Europe/Berlin]", "2024-W05-3", "10:00", "yes"]
)
def test_a_column_without_a_time_is_refused_with_an_example(tmp_path: Path, cell: str) -> None:
    with pytest.raises(DataError) as caught:
        import_times(tmp_path, cell)
    assert f"{cell!r} (line 2)" in str(caught.value)
    assert "--time-format" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("2024-02-30", "unreadable timestamp"),
        ("2024-01-31 25:00", "unreadable timestamp"),
        ("2024-01-31 13:00 PM", "unreadable timestamp"),
        ("0000-00-00 00:00:00", "unreadable timestamp"),
        ("0001-01-01", "timestamp before 1970"),
        ("9999-12-31", "timestamp in the future"),
        ("NaT", "missing timestamp"),
        ("nan", "missing timestamp"),
    ],
)
def test_a_time_that_cannot_be_costs_its_row(tmp_path: Path, cell: str, reason: str) -> None:
    result = import_events(tmp_path, HEADER + f"u,a,2024-01-31\nv,a,{cell}\n")
    assert counts(result) == {reason: 1}


def test_a_time_is_in_the_future_from_a_day_ahead_as_in_the_api(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    soon, late = now + timedelta(hours=23), now + timedelta(hours=25)
    result = import_events(tmp_path, HEADER + f"u,a,{soon:%Y-%m-%dT%H:%M:%SZ}\nv,a,{late:%Y-%m-%dT%H:%M:%SZ}\n")
    assert counts(result) == {"timestamp in the future": 1}
    assert result.dataset.interactions["user_id"].to_list() == ["u"]


def test_local_times_that_would_lie_in_the_future_are_refused_without_a_zone(tmp_path: Path) -> None:
    shanghai = datetime.now(UTC) + timedelta(hours=7, minutes=59)
    rows = ("2024-01-31 10:00:00", f"{shanghai:%Y-%m-%d %H:%M:%S}")
    with pytest.raises(DataError, match="name the zone with --time-zone"):
        import_times(tmp_path, *rows)
    old, new = import_times(tmp_path, *rows, rules=Rules(time_zone="Asia/Shanghai"))
    assert old == "2024-01-31T02:00:00"
    assert new == f"{shanghai - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}"
    assert len(import_times(tmp_path, *rows, rules=Rules(time_zone="UTC"))) == 2


def test_a_year_of_two_digits_is_refused_with_its_forms(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"format, --time-format '%d/%m/%y %H:%M' or --time-format '%m/%d/%y %H:%M'"):
        import_times(tmp_path, "1/3/24 10:00")


@pytest.mark.parametrize("cells, form", [(["1/3/24", "1/31/24"], "%m/%d/%y"), (["01.02.24", "31.01.24"], "%d.%m.%y")])
def test_a_form_that_a_date_rules_out_is_not_told(tmp_path: Path, cells: list[str], form: str) -> None:
    with pytest.raises(DataError, match=rf"their strptime format, --time-format '{form}'$"):
        import_times(tmp_path, *cells)


def test_data_without_times_are_told_one_and_get_it(tmp_path: Path) -> None:
    rows = "user_id,item_id\nu1,a\nu2,b\n"
    with pytest.raises(DataError, match=r"for data without times, add --time \d{4}-\d\d-\d\d"):
        import_events(tmp_path, rows)
    result = import_events(tmp_path, rows, rules=Rules(time="2024-05-01"))
    assert result.dataset.interactions["timestamp"].dt.strftime("%F %T").to_list() == ["2024-05-01 00:00:00"] * 2
    with pytest.raises(DataError, match=r"--time is for data without times, and the column 'timestamp' tells them"):
        import_events(tmp_path, HEADER + GOOD, rules=Rules(time="2024-05-01"))
    with pytest.raises(DataError, match="someday"):
        import_events(tmp_path, rows, rules=Rules(time="someday"))


@pytest.mark.parametrize(
    "cell, format, time",
    [
        ("31.12.2024, 14:05 Uhr", "%d.%m.%Y, %H:%M Uhr", "2024-12-31T14:05:00"),
        ("31.12.24 um 14:05:09", "%d.%m.%y um %H:%M:%S", "2024-12-31T14:05:09"),
        ("31/12/24 2:05 PM", "%d/%m/%y %I:%M %p", "2024-12-31T14:05:00"),
    ],
)
def test_the_form_that_is_told_for_a_date_reads_it(tmp_path: Path, cell: str, format: str, time: str) -> None:
    with pytest.raises(DataError) as caught:
        import_times(tmp_path, cell)
    assert f"no cell is a time, such as {cell!r} (line 2)" in str(caught.value)
    assert f"--time-format {format!r}" in str(caught.value)
    assert import_times(tmp_path, cell, rules=Rules(time_format=format)) == [time]
