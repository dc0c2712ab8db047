"""When the pipeline stops waiting for a ranker, and when it goes on asking."""

import threading
import time

import numpy as np
import pytest

from shortlist_core.types import Candidates, Queries
from shortlist_server.pipeline.rank_thread import RankerLateError, RankThread

LONG = 60.0
NOBODY = Queries(*(np.zeros(n, t) for n, t in ((1, "i8"), (0, "i4"), (0, "i8"), (0, "i1"), (0, "f4"), (0, "i8"))))


def of_size(n):
    zeros = np.zeros((1, n), np.float32)
    none, levels = np.zeros((1, n, 0), np.float32), np.zeros((1, 0, 2), np.float32)
    return Candidates(zeros.astype(np.int32), zeros, none, none.astype(np.int32), levels, ())


class Ranker:
    """Scores are 1; waits for `go`, and raises `error`."""

    def __init__(self, error=None, seconds=0.0):
        self.error, self.seconds, self.go, self.calls = error, seconds, threading.Event(), 0
        self.go.set()

    def rank(self, queries, candidates):
        self.calls += 1
        time.sleep(self.seconds)
        assert self.go.wait(LONG)
        if self.error:
            raise self.error
        return np.ones(candidates.items.shape, np.float32)


@pytest.fixture
def thread():
    thread = RankThread()
    yield thread
    thread.close()


def rank(thread, ranker, seconds=LONG, n=3):
    return thread.rank(ranker.rank, NOBODY, of_size(n), seconds)


@pytest.mark.parametrize("seconds", [None, LONG])
def test_what_the_ranker_returns(thread, seconds):
    assert rank(thread, Ranker(), seconds).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError("its own"), SystemExit()])
def test_what_the_ranker_raises_and_the_next_call_is_answered(thread, error):
    with pytest.raises(type(error)) as raised:
        rank(thread, Ranker(error))
    assert raised.value is error
    assert rank(thread, Ranker()).all()


def test_a_call_that_hangs_is_given_up_and_others_are_refused_until_it_ends(thread):
    hung, next_ = Ranker(), Ranker()
    hung.go.clear()
    with pytest.raises(RankerLateError):
        rank(thread, hung, 0.01)
    with pytest.raises(RankerLateError):
        rank(thread, next_)
    assert not next_.calls
    threading.Timer(0.02, hung.go.set).start()
    assert rank(thread, next_, None).all(), "who waits for ever is answered behind it"
    assert rank(thread, next_).all()


def test_the_outcome_of_a_call_that_was_given_up_is_nobody_elses(thread):
    hung = Ranker(ValueError("too late"))
    hung.go.clear()
    with pytest.raises(RankerLateError):
        rank(thread, hung, 0.01)
    hung.go.set()
    assert rank(thread, Ranker(), None).all()


def test_a_call_that_stalls_is_given_up_for_those_who_wait():
    thread, hung = RankThread(lambda: 0.0), Ranker()
    hung.go.clear()
    with pytest.raises(RankerLateError):
        rank(thread, hung)
    with pytest.raises(RankerLateError):
        thread.rank(Ranker().rank, NOBODY, of_size(3), LONG)
    hung.go.set()
    thread.close()


def test_what_is_expected_is_what_as_much_or_less_took(thread):
    assert thread.expected_seconds(of_size(100)) == 0
    rank(thread, Ranker(seconds=0.02), n=100)
    assert thread.expected_seconds(of_size(100)) >= 0.02
    assert thread.expected_seconds(of_size(1000)) == thread.expected_seconds(of_size(100))
    assert thread.expected_seconds(of_size(3)) == 0


def test_who_is_passed_over_expects_less_the_next_time(thread):
    rank(thread, Ranker(seconds=0.02), n=100)
    before = thread.expected_seconds(of_size(100))
    thread.forgive(of_size(3))
    assert thread.expected_seconds(of_size(100)) == before
    thread.forgive(of_size(100))
    assert 0 < thread.expected_seconds(of_size(100)) < before


def test_a_closed_thread_takes_no_work(thread):
    thread.close()
    with pytest.raises(RuntimeError, match="closed"):
        rank(thread, Ranker())
