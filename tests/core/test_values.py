import polars as pl
import pytest

from shortlist_core.types import DAY
from shortlist_core.values import CONTROL, MAX_ID, is_id, is_price, is_time


@pytest.mark.parametrize("value", ["a", "x" * MAX_ID, "日本 ☕", "a b", "[x]", "\U0010ffff", "a\u00a0b"])
def test_ids(value: str) -> None:
    assert is_id(value)
    assert not pl.Series([value]).str.contains(CONTROL).item()


@pytest.mark.parametrize("value", ["", "x" * (MAX_ID + 1), " a", "a ", "\u00a0a", "a\u3000", "a\ud800", 7, None])
def test_no_ids(value: object) -> None:
    assert not is_id(value)


@pytest.mark.parametrize("control", ["\0", "\t", "\n", "\x1f", "\x7f", "\x80", "\x9f", "\u2028", "\u2029"])
def test_control_characters_are_the_same_for_python_and_polars(control: str) -> None:
    assert not is_id(f"a{control}b")
    assert pl.Series([f"a{control}b"]).str.contains(CONTROL).item()


def test_prices_and_times() -> None:
    assert [is_price(price) for price in (0.0, 1e30, -0.01, float("inf"), float("nan"))] == [True, True, *[False] * 3]
    assert [is_time(time, 0) for time in (0, DAY, -1, DAY + 1)] == [True, True, False, False]
