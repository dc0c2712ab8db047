"""Event weights: what an event counts by its type and its value."""

from typing import get_args

import numpy as np
import pytest

from shortlist_core.event_weights import MOST, USUAL, ByValue, EventWeight, EventWeights
from shortlist_core.events import EVENT_WEIGHTS, EventType
from shortlist_training.config import Wish


def test_usually_all_wishes_count_one():
    types = np.array([int(kind) for kind in EventType], np.int8)
    weights = USUAL.of(types, np.full(len(types), 7, np.float32))
    assert weights.tolist() == [float(EVENT_WEIGHTS[kind] > 0) for kind in EventType]
    assert weights.dtype == np.float32


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (EventWeight(2.5), 9, 2.5),
        (EventWeight(2, ByValue.LOG), 1, 2),
        (EventWeight(1, ByValue.LOG, 60), 180, 2),
        (EventWeight(0.5, ByValue.LINEAR, 5), 4, 0.4),
        (EventWeight(1, ByValue.LINEAR), 1e9, MOST),
        (EventWeight(1, ByValue.LINEAR), 0, 0),
        (EventWeight(1, ByValue.LOG), -3, 0),
        (EventWeight(0), 5, 0),
    ],
)
def test_an_event_counts_by_its_value_alone_or_among_others(rule, value, expected):
    weights = USUAL.with_kinds({EventType.PURCHASE: rule})
    types = np.array([EventType.VIEW, EventType.PURCHASE, EventType.IMPRESSION], np.int8)
    assert weights.of(types, np.full(3, value, np.float32)) == pytest.approx([1, expected, 0])
    assert rule.of(value) == pytest.approx(expected)


def test_they_travel_as_what_differs_from_the_usual():
    weights = USUAL.with_kinds({EventType.VIEW: EventWeight(0.2, ByValue.LOG, 30), EventType.CART: EventWeight()})
    assert weights.to_json() == {"view": {"weight": 0.2, "value": "log", "unit": 30}}
    assert EventWeights.from_json(weights.to_json()) == weights
    assert EventWeights.from_json({}) == USUAL


def test_recipes_can_weigh_all_wishes_and_nothing_else():
    assert {EventType[name.upper()] for name in get_args(Wish)} == {k for k, w in EVENT_WEIGHTS.items() if w > 0}
