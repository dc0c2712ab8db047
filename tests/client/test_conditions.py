"""The calls that write conditions make the messages that the API has for them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from shortlist import Condition, conditions

DAY = datetime(1970, 1, 2)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (conditions.category("tea", "mugs"), {"category": {"any_of": ["tea", "mugs"]}}),
        (conditions.attribute("colour"), {"attribute": {"key": "colour"}}),
        (conditions.attribute("colour", "red"), {"attribute": {"key": "colour", "any_of": ["red"]}}),
        (
            conditions.number("litres", at_least=0, below=2),
            {"number": {"key": "litres", "range": {"at_least": 0, "below": 2}}},
        ),
        (conditions.price(above=1, at_most=2.5), {"price": {"above": 1, "at_most": 2.5}}),
        (conditions.time("due", since=DAY), {"time": {"key": "due", "since": {"seconds": 86_400}}}),
        (
            conditions.time("due", before=datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
            {"time": {"key": "due", "before": {}}},
        ),
        (conditions.available(), {"available": True}),
        (conditions.available(False), {"available": False}),
        (conditions.age(at_most=timedelta(days=1)), {"age": {"at_most_seconds": 86_400}}),
        (conditions.age(at_least=timedelta()), {"age": {"at_least_seconds": 0}}),
    ],
)  # fmt: skip
def test_each_call_makes_its_message(written: Condition, message: dict[str, object]) -> None:
    assert written == Condition(**message)  # type: ignore[arg-type]


def test_lists_hold_lists() -> None:
    cheap, here = conditions.price(at_most=1), conditions.available()
    nested = conditions.all_of(cheap, conditions.any_of(here, conditions.none_of(cheap)))
    assert nested.all_of.conditions[0] == cheap
    assert nested.all_of.conditions[1].any_of.conditions[1].none_of.conditions[0] == cheap


def test_two_bounds_at_one_end_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="at_least or with above"):
        conditions.price(at_least=1, above=1)
    with pytest.raises(ValueError, match="at_most or with below"):
        conditions.number("litres", at_most=1, below=1)
