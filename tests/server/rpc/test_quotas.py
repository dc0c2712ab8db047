"""A token asks as many queries a second as its quota allows, over time, and others pay nothing for it."""

from __future__ import annotations

import math

import pytest

from shortlist_core.errors import QuotaError
from shortlist_server.rpc.quotas import Quotas


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def allowed(quotas: Quotas, token: str, per_second: float, calls: int) -> int:
    """How many of so many calls at one time are allowed."""
    count = 0
    for _ in range(calls):
        try:
            quotas.take(token, per_second)
        except QuotaError:
            continue
        count += 1
    return count


def test_a_second_of_calls_at_once_and_then_the_rate() -> None:
    quotas = Quotas(clock := Clock())
    assert allowed(quotas, "shop", 10, 100) == 10
    clock.now += 0.5
    assert allowed(quotas, "shop", 10, 100) == 5
    clock.now += 3_600
    assert allowed(quotas, "shop", 10, 100) == 10


def test_tokens_have_quotas_of_their_own_and_may_have_none() -> None:
    quotas = Quotas(Clock())
    assert allowed(quotas, "shop", 1, 5) == 1
    assert allowed(quotas, "mail", 1, 5) == 1
    assert allowed(quotas, "free", math.inf, 5) == 5


def test_a_batch_is_paid_for_by_those_that_come_after_it() -> None:
    quotas = Quotas(clock := Clock())
    quotas.take("shop", 10, 64)
    with pytest.raises(QuotaError) as refused:
        quotas.take("shop", 10)
    assert refused.value.retry_after_seconds == pytest.approx(5.4)
    clock.now += 5.5
    assert allowed(quotas, "shop", 10, 5) == 1


def test_less_than_one_a_second_is_a_quota_too() -> None:
    quotas = Quotas(clock := Clock())
    assert allowed(quotas, "shop", 0.1, 5) == 1
    clock.now += 9
    assert allowed(quotas, "shop", 0.1, 5) == 1  # what is left after the first is none: nine tenths are one's start
    clock.now += 9
    assert allowed(quotas, "shop", 0.1, 5) == 1
