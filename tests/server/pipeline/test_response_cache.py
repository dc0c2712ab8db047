"""Held answers last for their time, hold nothing else of their batch, and make room by age and size."""

from __future__ import annotations

import numpy as np
from answer_arrays import arrays

from shortlist_core.types import Hits, Ranked, Reasons
from shortlist_server.pipeline.response_cache import CAPACITY, ResponseCache


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def answer(n: int = 3, width: int = 3) -> Ranked:
    """The first of a batch, so its arrays are views."""
    batch = np.zeros((16, n), np.int32), np.zeros((16, n), np.float32), np.zeros((16, n, width), np.float32)
    hits = Hits(("a", "b", "c"), batch[2][0].astype(np.int32), batch[2][0])
    return Ranked(batch[0][0], batch[1][0], hits, Reasons.none(16, n).of(0, n), "v")


def test_an_answer_is_given_again_until_its_time_is_over() -> None:
    clock = Clock()
    answers = ResponseCache(10, clock=clock)
    assert answers.get(b"q") is None
    answers.put(b"q", answer())
    clock.now += 9.9
    held = answers.get(b"q")
    assert held is not None and held.reused and answers.get(b"other") is None
    clock.now += 0.2
    assert answers.get(b"q") is None


def test_what_is_held_holds_nothing_else_of_its_batch() -> None:
    answers = ResponseCache(10)
    given = answer()
    answers.put(b"q", given)
    held = answers.get(b"q")
    assert all(each.base is None for each in arrays(held))
    assert all(np.array_equal(a, b) for a, b in zip(arrays(held), arrays(given), strict=True))


def test_the_oldest_make_room() -> None:
    answers = ResponseCache(10, capacity=20_000)
    for i in range(40):
        answers.put(b"%d" % i, answer(50))
    there = [i for i in range(40) if answers.get(b"%d" % i)]
    assert there and there == list(range(min(there), 40)) and len(there) < 10


def test_what_is_asked_for_again_and_again_is_not_the_oldest() -> None:
    answers = ResponseCache(10, capacity=20_000)
    for i in range(40):
        answers.put(b"%d" % i, answer(50))
        assert answers.get(b"0")
    assert not answers.get(b"1")


def test_one_that_is_larger_than_all_room_is_not_held_and_takes_nothing_for_good() -> None:
    answers = ResponseCache(10, capacity=10_000)
    answers.put(b"large", answer(5_000))
    assert answers.get(b"large") is None
    answers.put(b"small", answer())
    assert answers.get(b"small")


def test_what_is_put_twice_is_counted_once_and_lasts_from_then_on() -> None:
    clock = Clock()
    answers = ResponseCache(10, capacity=10_000, clock=clock)
    for _ in range(20):
        answers.put(b"q", answer())
        clock.now += 5
    assert answers.get(b"q")


def test_thousands_of_answers_fit_by_default() -> None:
    answers = ResponseCache(10)
    for i in range(4_000):
        answers.put(b"%d" % i, answer(50, 12))
    assert answers.get(b"0") and CAPACITY < 64 << 20
