"""Queries against a model of plain lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist_core.types import DAY

HISTORIES = st.lists(st.lists(st.integers(0, 30), max_size=6), max_size=6)


def lists(queries):
    return [queries.history(i).tolist() for i in range(len(queries))]


def moments(queries):
    return [(queries.times[a:b] / DAY).tolist() for a, b in zip(queries.offsets, queries.offsets[1:], strict=False)]


@given(HISTORIES, st.data())
def test_keep_drops_what_is_not_marked_and_no_query(queries_of, histories, data):
    queries = queries_of(histories)
    marks = data.draw(st.lists(st.booleans(), min_size=len(queries.items), max_size=len(queries.items)))
    kept = queries.keep(np.array(marks, bool))
    left = iter(marks)
    assert lists(kept) == [[item for item in h if next(left)] for h in histories]
    assert kept.now.tolist() == queries.now.tolist()
    assert len(kept.times) == len(kept.types) == len(kept.values) == len(kept.items)


@given(HISTORIES, st.integers(90, 105))
def test_before_is_strict_and_moves_now(queries_of, histories, day):
    queries = queries_of(histories)
    earlier = queries.before(day * DAY)
    times = moments(queries)
    assert lists(earlier) == [
        [item for item, time in zip(h, t, strict=True) if time < day] for h, t in zip(histories, times, strict=True)
    ]
    assert earlier.now.tolist() == [day * DAY] * len(histories)


@given(HISTORIES, st.integers(0, 6), st.integers(0, 8))
def test_slice_is_a_part_of_the_batch(queries_of, histories, start, length):
    start = min(start, len(histories))
    part = queries_of(histories).slice(start, start + length)
    assert lists(part) == histories[start : start + length]
    assert len(part.now) == len(part)


def test_slice_copies_no_event(queries_of):
    queries = queries_of([[1, 2], [3], [4, 5]])
    assert np.shares_memory(queries.slice(1, 3).items, queries.items)


@given(HISTORIES.filter(len), st.data())
def test_select_repeats_and_reorders(queries_of, histories, data):
    which = data.draw(st.lists(st.integers(0, len(histories) - 1), max_size=8))
    queries = queries_of(histories)
    picked = queries.select(np.array(which, np.int64))
    assert lists(picked) == [histories[i] for i in which]
    assert moments(picked) == [moments(queries)[i] for i in which]


def test_rows_and_lengths(queries_of):
    queries = queries_of([[7, 7], [], [1]])
    assert queries.lengths.tolist() == [2, 0, 1]
    assert queries.rows().tolist() == [0, 0, 2]


def test_an_empty_batch_is_a_batch(queries_of):
    queries = queries_of([])
    assert len(queries) == 0
    assert len(queries.before(5)) == len(queries.slice(0, 3)) == 0
    assert lists(queries.select(np.array([], np.int64))) == []


def test_a_mark_for_each_event_is_needed(queries_of):
    with pytest.raises(IndexError):
        queries_of([[1, 2]]).keep(np.array([True, False, True]))
