import numpy as np
import polars as pl
import pytest

from shortlist_evaluation.baselines import ItemWeights
from shortlist_evaluation.protocol import Interactions
from shortlist_evaluation.transitions import Visits, recent_items, transition_weights


def log(*events, users=None, items=None):
    """Events as (user, item, time), in any order."""
    user, item, time = (np.array(column) for column in zip(*events, strict=True))
    return Interactions(
        pl.Series([f"u{i}" for i in range(users or user.max() + 1)]),
        pl.Series([f"i{i}" for i in range(items or item.max() + 1)]),
        user.astype(np.int32),
        item.astype(np.int32),
        time.astype(np.int64),
        1000,
    )


def test_visits_join_what_happened_at_one_moment():
    visits = Visits.of(log((1, 0, 5), (0, 0, 1), (0, 1, 1), (0, 1, 1), (0, 2, 2)))
    assert visits.users.tolist() == [0, 0, 1]
    assert visits.items.toarray().tolist() == [[0.5, 0.5, 0], [0, 0, 1], [1, 0, 0]]
    assert visits.votes == 2


def test_weights_by_hand():
    # One user goes 0 -> 1 -> 2: votes 0->1: 1, 0->2: decay, 1->2: 1; then rows are divided by the root of their sums.
    weights = transition_weights(Visits.of(log((0, 0, 1), (0, 1, 2), (0, 2, 3))), window=2, decay=0.5).toarray()
    root = np.sqrt(1.5)
    assert weights == pytest.approx(np.array([[0, 1 / root, 0.5 / root], [0, 0, 1], [0, 0, 0]]))


def test_nothing_follows_across_users_within_a_visit_or_itself():
    across = log((0, 0, 1), (1, 1, 2))
    together = log((0, 0, 1), (0, 1, 1))
    again = log((0, 0, 1), (0, 0, 2))
    for train in (across, together, again):
        assert transition_weights(Visits.of(train)).nnz == 0


def test_a_large_visit_has_one_vote_in_all():
    events = [(0, item, 1) for item in range(4)] + [(0, 4, 2)]
    weights = transition_weights(Visits.of(log(*events))).toarray()
    assert weights[:4, 4] == pytest.approx(0.25 / np.sqrt(0.25))


def test_recent_items_fade_and_end():
    visits = Visits.of(log((0, 0, 1), (0, 1, 2), (0, 2, 3), (2, 0, 1), users=3))
    queries = recent_items(visits, 3, last=2, decay=0.5).toarray()
    assert queries.tolist() == [[0, 0.5, 1], [0, 0, 0], [1, 0, 0]]


def test_finds_what_comes_next_where_order_decides():
    # Everyone walks a ring of 10 items from an own start: only the order tells the next one.
    walks = [(user, (user + step) % 10, step) for user in range(30) for step in range(6)]
    train = log(*walks)
    visits = Visits.of(train)
    scores = ItemWeights(recent_items(visits, 30), transition_weights(visits)).scores(np.arange(30, dtype=np.int32))
    scores[train.matrix().nonzero()] = -1
    assert scores.argmax(axis=1).tolist() == [(user + 6) % 10 for user in range(30)]
