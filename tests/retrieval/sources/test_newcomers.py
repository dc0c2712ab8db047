"""What newcomers begin with: against counting by hand, fading, within groups, stored and loaded."""

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.types import NO_GROUP, NO_ITEM
from shortlist_retrieval.group_popularity import MOST_EVENTS, SHRINKAGE
from shortlist_retrieval.sources.newcomers import Newcomers

ITEMS, NOW, HALF_LIFE = 6, 100, 10.0
HISTORIES = [[0, 1, 5], [2, 0], [2, 2, 3], [4], []]
TIMES = [[80, 80.5, 81.5], [90, 99], [99, 99.2, 99.9], [20], []]
BEGAN = [{0, 1}, {2}, {2, 3}, {4}, set()]
GROUPS = np.array([[0], [0], [1], [1], [1]], np.int32)


@pytest.fixture
def source(queries_of):
    return Newcomers.counted(queries_of(HISTORIES, TIMES), ITEMS, HALF_LIFE)


@pytest.fixture
def grouped(queries_of):
    return Newcomers.counted(replace(queries_of(HISTORIES, TIMES), groups=GROUPS), ITEMS, HALF_LIFE)


def asked(queries_of, *groups):
    return replace(queries_of([[]] * len(groups)), groups=np.array(groups, np.int32))


def by_hand(members):
    weights = {user: 0.5 ** ((NOW - TIMES[user][0]) / HALF_LIFE) for user in range(4)}
    total = sum(weights.values())
    size = sum(weights[user] for user in members)
    scores = []
    for item in range(ITEMS):
        everybody = sum(weights[user] for user in range(4) if item in BEGAN[user]) / total
        share = sum(weights[user] for user in members if item in BEGAN[user]) + SHRINKAGE * everybody
        scores.append(np.log1p(total * share / (size + SHRINKAGE)))
    return scores


def at_all(source, queries):
    return source.scores(queries).at(np.tile(np.arange(ITEMS, dtype=np.int32), (len(queries), 1)))


def test_the_first_day_of_each_user_counts_and_the_latest_users_most(source, queries_of):
    assert at_all(source, queries_of([[]])) == pytest.approx(np.array([by_hand(range(4))]), rel=1e-5)
    assert source.scores(queries_of([[]])).top(3).tolist() == [[2, 3, 0]]


def test_groups_have_newcomers_of_their_own(grouped, queries_of):
    scores = at_all(grouped, asked(queries_of, [0, NO_GROUP], [1, NO_GROUP], [0, 1], [NO_GROUP, NO_GROUP]))
    expected = np.array([by_hand([0, 1]), by_hand([2, 3]), by_hand(range(4))])
    assert scores[[0, 1, 3]] == pytest.approx(expected, rel=1e-5)
    assert scores[2] == pytest.approx(scores[:2].mean(axis=0), rel=1e-5)


def test_who_has_taken_more_than_a_little_is_no_stranger(source, queries_of):
    few, many = list(range(MOST_EVENTS)), list(range(MOST_EVENTS + 1))
    assert (source.scores(queries_of([few, many])).top(1) == [[2], [NO_ITEM]]).all()


def test_what_was_only_shown_or_disliked_is_no_beginning(queries_of):
    shown = queries_of([[0, 1], [2, 1]], [[97, 99], [98, 99]], types=[[7, 4], [6, 4]])
    assert Newcomers.counted(shown, ITEMS, 5.0).scores(queries_of([[]])).top(2).tolist() == [[1, NO_ITEM]]


def test_without_windows_nobody_fades(queries_of):
    source = Newcomers.counted(queries_of(HISTORIES, TIMES), ITEMS, np.inf)
    scores = at_all(source, queries_of([[]]))[0]
    assert scores == pytest.approx(np.log1p([sum(item in began for began in BEGAN) for item in range(ITEMS)]), rel=1e-5)


def test_without_any_choice_there_is_nothing_to_say(queries_of):
    source = Newcomers.counted(queries_of([[], []]), ITEMS, 5.0)
    assert (source.scores(queries_of([[]])).top(2) == NO_ITEM).all()


def test_a_stored_source_says_the_same(grouped, queries_of, stored):
    loaded = Newcomers.load(stored(grouped.write), "newcomers")
    queries = asked(queries_of, [0, 1], [1, NO_GROUP])
    assert np.array_equal(at_all(loaded, queries), at_all(grouped, queries))
    assert loaded.name == grouped.name
