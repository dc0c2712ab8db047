"""Local times of a table: `--time-zone` holds for those that tell no zone, and clocks that change are told."""

from pathlib import Path

import pytest
from importing import import_events, import_times, notes

from shortlist_core.errors import DataError
from shortlist_data.rules import Rules

HEADER = "user_id,item_id,timestamp\n"


def test_a_zone_holds_for_times_that_tell_none(tmp_path: Path) -> None:
    cells = ("2024-07-01 12:00", "2024-01-31 12:00", "2024-07-01T12:00Z", "2024-03-31 02:30", "2024-10-27 02:30")
    rows = HEADER + "".join(f"u{i},a,{cell}\n" for i, cell in enumerate(cells))
    result = import_events(tmp_path, rows, rules=Rules(time_zone="Europe/Berlin"))
    times = result.dataset.interactions.sort("user_id")["timestamp"].dt.strftime("%m-%d %H:%M").to_list()
    assert times == ["07-01 10:00", "01-31 11:00", "07-01 12:00", "03-31 01:30", "10-27 00:30"]
    assert notes(result, "clock") == [
        ("interactions: time that clocks showed twice: the first of the two", 1, "'2024-10-27 02:30' (line 6)"),
        ("interactions: time that no clock showed: moved on", 1, "'2024-03-31 02:30' (line 5)"),
    ]
    assert notes(result, "tells its zone") == [
        ("interactions: time that tells its zone: not changed by --time-zone", 1, "")
    ]


@pytest.mark.parametrize(("typed", "near"), [("Europe/Berln", "Europe/Berlin"), ("berlin", "Europe/Berlin")])
def test_an_unknown_zone_is_refused_with_the_nearest(tmp_path: Path, typed: str, near: str) -> None:
    with pytest.raises(DataError, match=f"no time zone '{typed}'; did you mean '{near}'"):
        import_times(tmp_path, "2024-01-31", rules=Rules(time_zone=typed))
