"""What a canary is blamed for, and by whom: rates against stable's, like with like, seen by enough callers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shortlist_core.errors import DeadlineError, NotFoundError, OverloadedError
from shortlist_core.types import Ranked
from shortlist_server.serving.canary import CanaryWatch, Limits
from shortlist_server.serving.canary_counts import MAX_CALLERS, Counts

FINE = Ranked.nothing("v")
DEGRADED = replace(FINE, degraded=frozenset({"ranker_skipped"}))
LATE = replace(FINE, degraded=frozenset({"ranker_late"}))
SPENT = DeadlineError("rank")
LIMITS = Limits(window_seconds=10, least_requests=20, least_callers=3, error_rate=0.1, degraded_rate=0.2)


@pytest.fixture
def watch() -> tuple[CanaryWatch, list[str], list[float]]:
    """A watch, the reasons it gave, and its clock."""
    reasons: list[str] = []
    now = [1_000.0]
    return CanaryWatch(LIMITS, reasons.append, lambda: now[0]), reasons, now


Watch = tuple[CanaryWatch, list[str], list[float]]


def count(
    watch: CanaryWatch, on_canary: bool, times: int, end: Any, caller: str = "front", patience: float | None = 0.25
) -> None:
    for _ in range(times):
        watch.count(on_canary, end, caller, patience)


@pytest.mark.parametrize("bad", [DEGRADED, RuntimeError()])
def test_too_few_requests_decide_nothing(watch: Watch, bad: Any) -> None:
    count(watch[0], True, 19, bad)
    assert watch[1] == []
    count(watch[0], True, 5, bad)
    assert len(watch[1]) == 1  # told once


def test_what_ails_stable_as_well_is_not_the_canarys_fault(watch: Watch) -> None:
    count(watch[0], False, 50, DEGRADED)
    count(watch[0], True, 100, DEGRADED)
    assert watch[1] == []


def test_a_rate_at_the_limit_is_allowed_and_above_it_not(watch: Watch) -> None:
    count(watch[0], True, 90, FINE)
    count(watch[0], True, 10, RuntimeError())
    assert watch[1] == []
    count(watch[0], True, 1, RuntimeError())
    [reason] = watch[1]
    assert reason == "10.9% of 101 requests failed within 10 s, on stable 0.0%: more than 10.0% above"


def test_what_is_long_ago_is_forgotten(watch: Watch) -> None:
    count(watch[0], True, 19, DEGRADED)
    watch[2][0] += 10
    count(watch[0], True, 19, DEGRADED)
    assert watch[1] == [] and watch[0].counts()[1] == Counts(19, degraded=19)


@pytest.mark.parametrize("end", [NotFoundError("item", "i"), OverloadedError("", 1), asyncio.CancelledError()])
def test_the_callers_own_doing_is_not_counted(watch: Watch, end: BaseException) -> None:
    count(watch[0], True, 30, end)
    assert watch[0].counts()[1] == Counts()


@pytest.mark.parametrize("end", [SPENT, LATE])
@pytest.mark.parametrize("stable", [0, 19])
def test_deadlines_that_stable_was_not_tried_with_are_the_callers_own(watch: Watch, end: Any, stable: int) -> None:
    count(watch[0], False, 1_000, FINE, patience=5)
    count(watch[0], False, stable, FINE, patience=0.006)
    count(watch[0], True, 500, end, patience=0.006)
    assert watch[1] == []
    assert watch[0].counts()[1].requests == 500  # told all the same


@pytest.mark.parametrize("end", [SPENT, LATE])
def test_deadlines_that_stable_does_not_meet_either_are_the_callers_own(watch: Watch, end: Any) -> None:
    count(watch[0], False, 1_000, FINE, patience=5)
    count(watch[0], False, 100, end, patience=0.006)
    count(watch[0], True, 100, end, patience=0.006)
    count(watch[0], True, 100, FINE, patience=5)
    assert watch[1] == []


@pytest.mark.parametrize(("end", "said"), [(SPENT, "failed"), (LATE, "degraded")])
def test_a_canary_that_is_late_where_stable_is_not_is_taken_off(watch: Watch, end: Any, said: str) -> None:
    count(watch[0], False, 20, FINE, patience=0.25)
    count(watch[0], True, 20, end, patience=0.2)  # as much time, within a factor of two
    [reason] = watch[1]
    assert reason.startswith(f"100.0% of 20 requests {said}") and "on stable 0.0%" in reason


@pytest.mark.parametrize("bad", [DEGRADED, RuntimeError(), SPENT])
def test_one_caller_of_several_does_not_decide(watch: Watch, bad: Any) -> None:
    count(watch[0], False, 100, FINE)
    for caller in ("shop", "app"):
        count(watch[0], True, 10, FINE, caller)
    count(watch[0], True, 1_000, bad, "attacker")
    count(watch[0], True, 10, bad, "shop")
    assert watch[1] == []
    count(watch[0], True, 10, bad, "app")
    assert len(watch[1]) == 1


def test_a_caller_that_hardly_calls_does_not_shield_a_canary_from_the_front_end(watch: Watch) -> None:
    count(watch[0], True, 1, FINE, "cron")
    count(watch[0], True, 20, RuntimeError(), "front")
    assert len(watch[1]) == 1


def test_many_callers_of_few_requests_are_heard_together(watch: Watch) -> None:
    for number in range(30):
        count(watch[0], True, 1, RuntimeError(), f"10.0.0.{number}")
    assert len(watch[1]) == 1


def test_callers_beyond_the_first_are_counted_as_one(watch: Watch) -> None:
    for number in range(3 * MAX_CALLERS):
        count(watch[0], True, 1, FINE, f"10.0.0.{number}")
    assert len({caller for caller, _, _ in watch[0]._window.canary()}) == MAX_CALLERS + 1
    assert watch[0].counts()[1].requests == 3 * MAX_CALLERS
    watch[2][0] += 10
    assert watch[0].counts() == (Counts(), Counts()) and not list(watch[0]._window.canary())
