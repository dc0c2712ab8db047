import pytest

from shortlist_core.durations import seconds
from shortlist_core.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("text", "expected"), [("400d", 34_560_000), ("1.5h", 5_400), ("2w", 1_209_600), (" 90m ", 5_400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, expected: float) -> None:
    assert seconds(text, "--keep-events") == expected


@pytest.mark.parametrize("text", ["", "400", "d", "-1d", "0d", "400 days", "1y", "nan d", "1e3d"])
def test_anything_else_is_refused_by_the_name_of_the_setting(text: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"--keep-events: must be a number and m, h, d or w, such as 400d"):
        seconds(text, "--keep-events")
