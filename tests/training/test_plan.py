"""The plan of a training: it grows with what the work grows with, and learns from the steps how fast a machine is."""

from __future__ import annotations

import re

import pytest

from shortlist_training.config import Recipe
from shortlist_training.plan import AT_LENGTH, TRIAL, Plan, TimeLeft, TwiceLeft

DEFAULT = Recipe()
SHOP = Plan.of(262_634, 3_613, 3_502, DEFAULT, 2)


def minutes(plan: Plan) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(plan).partition(" min")[0])]


def test_one_line_says_how_long_and_how_much_memory() -> None:
    assert re.fullmatch(r"This takes about \d+( to \d+)? min on 2 processors, and \d+\.\d GB of memory", str(SHOP))
    assert "on 1 processor," in str(Plan.of(100, 10, 10, DEFAULT, 1))
    assert minutes(Plan.of(100, 10, 10, Recipe(sequence_batches=0), 2))[0] >= 1


@pytest.mark.parametrize(
    "larger",
    [
        Plan.of(10_000_000, 3_613, 3_502, DEFAULT, 2),
        Plan.of(262_634, 3_613, 50_000, DEFAULT, 2),
        Plan.of(262_634, 3_613, 3_502, Recipe(candidates=2_000, queries_per_slice=10_000), 2),
        Plan.of(262_634, 3_613, 3_502, DEFAULT, 1),
        Plan.of(262_634, 3_613, 3_502, DEFAULT, 2, pictured=0.5),
    ],
)
def test_more_work_takes_longer(larger: Plan) -> None:
    assert sum(step.seconds for step in larger.steps) > sum(step.seconds for step in SHOP.steps)
    assert larger.bytes >= SHOP.bytes


def test_ablations_are_trained_too() -> None:
    with_ablations = Plan.of(262_634, 3_613, 3_502, DEFAULT, 2, ablations=3)
    rankers = [step for step in with_ablations.steps if step.begins == "training the ranker"]
    assert len(rankers) == 4


def test_time_left_falls_by_what_is_done_and_goes_by_the_pace_of_this_machine() -> None:
    as_planned, slower = TimeLeft(SHOP), TimeLeft(SHOP)
    elapsed, told = 0.0, []
    for step in SHOP.steps:
        left = as_planned.after(f"{step.begins} and so on", elapsed)
        assert left == pytest.approx(sum(each.seconds for each in SHOP.steps) - elapsed, abs=0.01)
        twice = slower.after(step.begins, 2 * elapsed)
        told.append((twice or 0.0) / (left or 1.0))
        elapsed += step.seconds
    assert told[0] == 1.0
    assert told[-1] == pytest.approx(2.0)


def test_what_is_no_step_says_nothing_and_order_at_length_takes_longer() -> None:
    time_left = TimeLeft(SHOP)
    begun = time_left.after("choosing retrieval settings on the newest slice", 3.0)
    assert time_left.after(f"{AT_LENGTH} than what goes together", 30.0) is None
    longer = time_left.after("slice 1 of 4: fitting retrieval on its past", 30.0)
    assert begun is not None and longer is not None and longer > begun


def test_a_retraining_trains_twice() -> None:
    whole, left = sum(step.seconds for step in SHOP.steps), TwiceLeft(SHOP)
    assert left.after("loading TensorFlow", 0) is None
    assert left.after(f"{TRIAL}{SHOP.steps[0].begins}", 0) == pytest.approx(2 * whole)
    last = SHOP.steps[-1]
    assert left.after(f"{TRIAL}{last.begins}", whole - last.seconds) == pytest.approx(whole + last.seconds)
    assert left.after("comparing: trial", whole) is None
    assert left.after(SHOP.steps[0].begins, whole) == pytest.approx(whole)
