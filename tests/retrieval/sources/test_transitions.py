from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import EventType
from shortlist_retrieval.sources.transitions import FADE, Transitions, transition_weights


def test_followers_gain_by_nearness(queries_of):
    weights = transition_weights(queries_of([[0, 1, 2], [0, 2]]), 4).toarray()
    counts = np.array([[0, 1, 1.5, 0], [0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    expected = counts / np.sqrt(np.maximum(counts.sum(axis=1, keepdims=True), 1))
    assert weights == pytest.approx(expected, abs=1e-6)


def test_one_users_end_is_not_followed_by_anothers_beginning(queries_of):
    assert not transition_weights(queries_of([[0], [1], [2, 2]]), 3).toarray().any()


def test_dislikes_and_impressions_neither_follow_nor_are_followed(queries_of):
    weights = transition_weights(queries_of([[0, 1, 2]], types=[[1, 6, 1]]), 3).toarray()
    assert weights.nonzero() == (np.array([0]), np.array([2]))
    assert weights[0, 2] == 1, "the step over what was not wanted is one step"


def test_older_places_of_a_history_fade(queries_of):
    source = Transitions(transition_weights(queries_of([[0, 2], [1, 3]]), 4))
    scores = source.scores(queries_of([[0, 1]])).at(np.arange(4, dtype=np.int32)[None])[0]
    assert scores == pytest.approx([0, 0, FADE, 1])


def test_without_events(queries_of):
    assert transition_weights(queries_of([[], []]), 3).nnz == 0


def test_what_follows_gains_by_the_weight_of_its_event(queries_of):
    rules = USUAL.with_kinds({EventType.PURCHASE: EventWeight(3)})
    weights = transition_weights(replace(queries_of([[0, 1], [0, 2]], types=[[1, 4], [4, 1]]), rules=rules), 3)
    assert weights.toarray()[0] == pytest.approx([0, 1.5, 0.5])
