from __future__ import annotations

from contextlib import ExitStack

import pytest

from shortlist_core.errors import OverloadedError
from shortlist_server.pipeline.request import RequestContext
from shortlist_server.serving import limiter
from shortlist_server.serving.limiter import Limiter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its one entry is the time."""
    now = [100.0]
    monkeypatch.setattr(limiter.time, "monotonic", lambda: now[0])
    return now


def asks(seconds: float | None = None, lane: str = "", urgent: bool = True) -> RequestContext:
    """A request of a caller that waits for so many seconds."""
    deadline = None if seconds is None else limiter.time.monotonic() + seconds
    return RequestContext(deadline, lane=lane, urgent=urgent)


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
        with taught.admit(context=asks(5.0)), taught.admit(context=asks(None)):
            pass
        with pytest.raises(OverloadedError) as refused, taught.admit(context=asks(0.5)):
            pass
    assert refused.value.retry_after_seconds == pytest.approx(1.0, rel=0.1)


def test_an_idle_server_takes_the_most_urgent_work(clock: list[float]) -> None:
    with learned(clock).admit(context=asks(0.001)):
        pass


def test_idle_time_does_not_count_as_work(clock: list[float]) -> None:
    taught = learned(clock)
    clock[0] += 10_000
    with taught.admit():
        clock[0] += 0.1
    with taught.admit(), taught.admit(context=asks(0.5)):
        pass


def test_a_caller_that_fills_the_room_leaves_others_their_share() -> None:
    some = Limiter(100)
    with ExitStack() as held:
        held.enter_context(some.admit(100, asks(lane="greedy")))
        with pytest.raises(OverloadedError):
            some.check(1, asks(lane="greedy"))
        for _ in range(50):  # half of the room is the other's share, though there is none left
            held.enter_context(some.admit(1, asks(lane="polite")))
        with pytest.raises(OverloadedError):
            some.check(1, asks(lane="polite"))


def test_many_callers_together_exceed_the_room_once_and_no_more() -> None:
    some = Limiter(10)
    with ExitStack() as held:
        held.enter_context(some.admit(10, asks(lane="greedy")))
        for i in range(5):
            held.enter_context(some.admit(1, asks(lane=str(i))))
        with pytest.raises(OverloadedError), ExitStack() as more:
            for i in range(5, 20):
                more.enter_context(some.admit(1, asks(lane=str(i))))


def test_the_wait_of_a_caller_is_that_of_its_turns_and_not_that_of_all_requests(clock: list[float]) -> None:
    taught = learned(clock)
    with ExitStack() as held:
        held.enter_context(taught.admit(50, asks(lane="batches", urgent=False)))
        held.enter_context(taught.admit(20, asks(lane="greedy")))
        taught.check(1, asks(0.5, lane="polite"))  # behind one of the greedy caller's requests: 0.1 seconds
        with pytest.raises(OverloadedError):
            taught.check(1, asks(0.5, lane="greedy"))
        with pytest.raises(OverloadedError):
            taught.check(1, asks(0.5, lane="polite", urgent=False))  # behind all urgent ones


def test_a_refusal_says_why_in_words_that_do_not_change(clock: list[float]) -> None:
    taught = learned(clock, 20)
    texts = set()
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(taught.admit())
            with pytest.raises(OverloadedError) as late:
                taught.check(1, asks(0.01))
            texts.add(str(late.value))
        with pytest.raises(OverloadedError) as full:
            taught.check(1, asks())
    assert texts == {"the wait here would use up the deadline", "too many requests are waiting here"}
    assert str(full.value) == "too many requests are waiting here"
