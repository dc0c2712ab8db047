"""What is taken at a time of the day and on a day of the week: against counting by hand, stored and loaded."""

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.types import DAY, NO_ITEM
from shortlist_retrieval.group_popularity import SHRINKAGE
from shortlist_retrieval.sources.hours import PARTS, Hours, rows_of

ITEMS = 4
MORNING, EVENING = 8 / 24, 20 / 24
HISTORIES = [[0, 1, 0], [0, 2], [1], []]
TIMES = [[4 + MORNING, 5 + EVENING, 6 + MORNING], [4 + MORNING, 5 + EVENING], [5 + EVENING], []]  # 4: a Monday


@pytest.fixture
def source(queries_of):
    return Hours.counted(queries_of(HISTORIES, TIMES), ITEMS)


def at(queries_of, *days):
    return replace(queries_of([[]] * len(days)), now=(np.array(days) * DAY).astype(np.int64))


def by_hand(of_time, of_all, total, users):
    shrinkage = SHRINKAGE * total / users
    share = (np.array(of_time) + shrinkage * np.array(of_all) / total) / (sum(of_time) + shrinkage)
    return np.log1p(total * share)


def test_scores_are_what_is_taken_at_the_time_shrunk_towards_all_times(source, queries_of):
    scores = source.scores(at(queries_of, 11 + MORNING)).at(np.arange(ITEMS, dtype=np.int32)[None])[0]
    # In the mornings two users took item 0, and in the evenings three others; on Monday two, on Tuesday three, on
    # Wednesday one more.
    of_part = by_hand([2, 0, 0, 0], [2, 2, 1, 0], 5, 3)
    of_day = by_hand([2, 0, 0, 0], [3, 2, 1, 0], 6, 3)
    assert scores == pytest.approx((of_part + of_day) / 2, rel=1e-5)


def test_the_time_decides_what_comes_first(source, queries_of):
    scores = source.scores(at(queries_of, 18 + MORNING, 19 + EVENING)).at(np.array([[0, 1]] * 2, np.int32))
    assert scores[0, 0] > scores[1, 0] and scores[0, 1] < scores[1, 1]


def test_queries_of_the_past_are_asked_when_something_was_taken(source, queries_of):
    queries = at(queries_of, 18 + MORNING)
    later = replace(queries, asked=at(queries_of, 19 + EVENING).now)
    both = np.arange(ITEMS, dtype=np.int32)[None]
    assert np.array_equal(source.scores(later).at(both), source.scores(at(queries_of, 19 + EVENING)).at(both))
    assert later.select(np.array([0])).moments == later.slice(0, 1).moments == later.asked


@pytest.mark.parametrize(
    ("days", "part", "weekday"),
    [(0, 0, 3), (4, 0, 0), (4.999, PARTS - 1, 0), (10.5, PARTS // 2, 6), (0.125, 1, 3)],
)
def test_parts_of_the_day_and_days_of_the_week(days, part, weekday):
    assert rows_of(np.array([int(days * DAY)])).tolist() == [[part, PARTS + weekday]]


def test_what_was_only_shown_or_disliked_does_not_count(queries_of):
    shown = queries_of([[0, 1], [2]], [[4, 4.1], [4]], types=[[7, 4], [6]])
    assert Hours.counted(shown, ITEMS).scores(at(queries_of, 4)).top(2).tolist() == [[1, NO_ITEM]]


def test_without_any_choice_there_is_nothing_to_say(queries_of):
    assert (Hours.counted(queries_of([[], []]), ITEMS).scores(at(queries_of, 1)).top(2) == NO_ITEM).all()


def test_a_stored_source_says_the_same(source, queries_of, stored):
    loaded, queries = Hours.load(stored(source.write), "hours"), at(queries_of, 4.3, 9.9)
    items = np.tile(np.arange(ITEMS, dtype=np.int32), (2, 1))
    assert np.array_equal(loaded.scores(queries).at(items), source.scores(queries).at(items))
