"""What groups take: against counting by hand, shrunk, averaged, stored and loaded."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist_core.types import NO_GROUP, NO_ITEM
from shortlist_retrieval.group_popularity import MOST, SHRINKAGE
from shortlist_retrieval.sources.demographic import Demographic

ITEMS = 6
HISTORIES = [[0, 1], [0], [0, 2], [3, 1], [3, 3], [4]]
GROUPS = np.array([[0], [0], [0], [1], [1], [NO_GROUP]], np.int32)


@pytest.fixture
def source(queries_of):
    return Demographic.counted(queries_of(HISTORIES), GROUPS, ITEMS)


def asked(queries_of, *groups):
    return replace(queries_of([[]] * len(groups)), groups=np.array(groups, np.int32))


def by_hand(group):
    """The same, one user at a time."""
    members = [set(own) for own, (g,) in zip(HISTORIES, GROUPS.tolist(), strict=True) if g == group]
    scores = []
    for item in range(ITEMS):
        everybody = sum(item in own for own in HISTORIES) / len(HISTORIES)
        share = (sum(item in own for own in members) + SHRINKAGE * everybody) / (len(members) + SHRINKAGE)
        scores.append(np.log1p(len(HISTORIES) * share))
    return scores


def test_scores_are_the_popularity_within_the_group(source, queries_of):
    items = np.tile(np.arange(ITEMS, dtype=np.int32), (2, 1))
    scores = source.scores(asked(queries_of, [0], [1])).at(items)
    assert scores == pytest.approx(np.array([by_hand(0), by_hand(1)]), rel=1e-5)
    assert source.scores(asked(queries_of, [0])).top(1).tolist() == [[0]]
    assert scores[1, 3] > scores[0, 3]
    assert scores[1, 0] > scores[1, 3], "two users do not outweigh what everybody takes"


def test_the_scores_of_several_groups_are_averaged(source, queries_of):
    items = np.arange(ITEMS, dtype=np.int32)[None]
    both = source.scores(asked(queries_of, [0, 1])).at(items)[0]
    assert both == pytest.approx(np.mean([by_hand(0), by_hand(1)], axis=0), rel=1e-5)


def test_nothing_is_said_of_users_without_groups(source, queries_of):
    nobody = source.scores(queries_of([[], [1]]))
    assert (nobody.top(3) == NO_ITEM).all()
    assert not nobody.moments().any()
    mixed = source.scores(asked(queries_of, [NO_GROUP, NO_GROUP], [0, NO_GROUP]))
    assert (mixed.top(1) == [[NO_ITEM], [0]]).all()


def test_a_group_that_the_source_has_not_met_says_nothing(source, queries_of):
    assert (source.scores(asked(queries_of, [7])).top(3) == NO_ITEM).all()


def test_impressions_and_repeats_do_not_count(queries_of):
    once = Demographic.counted(queries_of([[0, 1], [2]]), np.array([[0], [0]], np.int32), 4)
    types = [[4, 4, 7, 4], [4]]
    often = Demographic.counted(queries_of([[0, 1, 3, 1], [2]], types=types), np.array([[0], [0]], np.int32), 4)
    assert (once.popularity != often.popularity).nnz == 0


def test_the_strongest_group_is_the_one_that_takes_the_item_most(source, queries_of):
    queries = asked(queries_of, [0, 1], [1, NO_GROUP])
    items = np.array([[0, 3, NO_ITEM, 5], [0, 3, 3, 5]], np.int32)
    assert source.groups(queries, items).tolist() == [[0, 1, NO_GROUP, NO_GROUP], [1, 1, 1, NO_GROUP]]
    assert (source.groups(queries_of([[], []]), items) == NO_GROUP).all()


def test_a_stored_source_says_the_same(source, queries_of, stored):
    loaded = Demographic.load(stored(source.write), "demographic")
    queries, items = asked(queries_of, [0, 1], [1, NO_GROUP]), np.array([[0, 1, 5], [3, 4, 2]], np.int32)
    assert np.array_equal(loaded.scores(queries).at(items), source.scores(queries).at(items))
    assert loaded.name == source.name


@settings(max_examples=30)
@given(st.data())
def test_a_query_is_answered_alike_in_any_company(queries_of, data):
    source = Demographic.counted(queries_of(HISTORIES), GROUPS, ITEMS)
    groups = data.draw(st.lists(st.tuples(*[st.integers(-1, 2)] * 2), min_size=2, max_size=5))
    together = source.scores(asked(queries_of, *groups)).top(ITEMS)
    for own, expected in zip(groups, together, strict=True):
        assert np.array_equal(source.scores(asked(queries_of, own)).top(ITEMS)[0], expected)


def test_only_the_most_popular_items_of_a_group_are_kept(queries_of):
    n_items = MOST + 50
    source = Demographic.counted(
        queries_of([list(range(n_items)), [n_items - 1]]), np.array([[0], [0]], np.int32), n_items
    )
    assert source.popularity.getnnz(axis=1).tolist() == [MOST]
    assert source.popularity[0, n_items - 1] > 0
