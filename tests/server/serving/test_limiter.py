from __future__ import annotations

from contextlib import ExitStack

import pytest

from shortlist_core.errors import OverloadedError
from shortlist_server.serving import limiter
from shortlist_server.serving.limiter import Limiter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one entry is the time."""
    now = [100.0]
    monkeypatch.setattr(limiter.time, "monotonic", lambda: now[0])
    return now


def learned(clock: list[float], most: int = 100) -> Limiter:
    """A limiter that has seen much work of 0.1 seconds each."""
    taught = Limiter(most)
    for _ in range(200):
        with taught.admit():
            clock[0] += 0.1
    return taught


def test_work_is_taken_up_to_the_limit_and_again_when_some_is_done() -> None:
    some = Limiter(3)
    with some.admit(2):
        with pytest.raises(OverloadedError), some.admit(2):
            pass
        with some.admit(1), pytest.raises(OverloadedError), some.admit(1):
            pass
    with some.admit(3):
        pass


def test_room_is_given_back_when_work_fails() -> None:
    some = Limiter(1)
    with pytest.raises(KeyError), some.admit():
        raise KeyError
    with some.admit():
        pass


def test_whoever_would_be_gone_by_its_turn_is_refused_at_once_and_told_when_to_come_back(clock: list[float]) -> None:
    taught = learned(clock)
    with ExitStack() as waiting:
        for _ in range(10):
            waiting.enter_context(taught.admit())  # a second of work
        with taught.admit(seconds_left=5.0), taught.admit(seconds_left=None):
            pass
        with pytest.raises(OverloadedError) as refused, taught.admit(seconds_left=0.5):
            pass
    assert refused.value.retry_after_seconds == pytest.approx(1.0, rel=0.1)


def test_an_idle_server_takes_the_most_urgent_work(clock: list[float]) -> None:
    with learned(clock).admit(seconds_left=0.001):
        pass


def test_idle_time_does_not_count_as_work(clock: list[float]) -> None:
    taught = learned(clock)
    clock[0] += 10_000
    with taught.admit():
        clock[0] += 0.1
    with taught.admit(), taught.admit(seconds_left=0.5):
        pass
