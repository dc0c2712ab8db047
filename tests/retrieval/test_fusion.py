import numpy as np
import pytest

from shortlist_core.types import DAY, NO_ITEM, Candidates
from shortlist_retrieval.fusion import Fusion


def lessons(queries=300, n=30):
    """Signals of two sources; the first one's distance tells what is taken, the others are noise."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(queries, n, 4)).astype(np.float32)
    odds = np.exp(2 * inputs[..., 0])
    taken = [generator.choice(n, p=own / own.sum()) for own in odds]
    return inputs, np.arange(n)[None] == np.array(taken)[:, None]


def test_the_informative_signal_is_weighed_and_noise_is_not():
    weights = Fusion.fit(*lessons()).weights
    assert weights[0] == pytest.approx(2, abs=0.4)
    assert np.abs(weights[1:]).max() < 0.25


def test_queries_without_a_taken_candidate_and_padding_teach_nothing():
    inputs, labels = lessons(60)
    noise = np.random.default_rng(1).normal(size=inputs.shape).astype(np.float32)
    longer = np.pad(np.concatenate([inputs, noise]), [(0, 0), (0, 7), (0, 0)])
    marks = np.pad(np.concatenate([labels, np.zeros_like(labels)]), [(0, 0), (0, 7)])
    assert Fusion.fit(longer, marks).weights == pytest.approx(Fusion.fit(inputs, labels).weights, abs=1e-3)


def test_with_nothing_to_learn_from_all_sources_count_alike():
    inputs, labels = lessons(5)
    assert np.array_equal(Fusion.fit(inputs, np.zeros_like(labels)).weights, Fusion.even(2).weights)


def test_the_lessons_stay_as_they_are():
    inputs, labels = lessons(20)
    inputs.setflags(write=False)
    labels.setflags(write=False)
    Fusion.fit(inputs, labels)


@pytest.fixture
def candidates():
    generator = np.random.default_rng(2)
    items = np.array([[4, 9, NO_ITEM], [1, 2, 3]], np.int32)
    scores, ranks = generator.normal(size=(2, 3, 2)), generator.integers(0, 4, (2, 3, 2))
    levels = np.ones((2, 2, 2), np.float32)
    return Candidates(items, np.zeros((2, 3), np.float32), scores.astype(np.float32), ranks, levels, ("a", "b"))


def test_scores_are_what_the_sources_contribute_and_padding_sinks(candidates, queries_of):
    fusion = Fusion(np.array([0.5, -1, 2, 0.25], np.float32))
    known = queries_of([[1], [2]])
    scores, parts = fusion.scores(candidates, known), fusion.contributions(candidates, known)
    assert scores[0, 2] == -np.inf
    assert scores[candidates.valid] == pytest.approx(parts.sum(axis=-1)[candidates.valid], abs=1e-5)


def test_a_part_of_the_sources_keeps_its_weights():
    fusion = Fusion(np.array([1, 2, 3, 10, 20, 30], np.float32))
    assert fusion.only(("a", "b", "c"), ("c", "a")).weights.tolist() == [3, 1, 30, 10]


def test_a_loaded_fusion_is_the_same(stored):
    fusion = Fusion(np.array([0.1, 2], np.float32))
    assert np.array_equal(Fusion.load(stored(fusion.write)).weights, fusion.weights)


def test_users_who_have_been_away_have_weights_of_their_own(candidates, queries_of, stored):
    inputs, labels = lessons()
    other = inputs[..., [1, 0, 3, 2]]
    learned = Fusion.fit(inputs, labels).with_absent(other, labels, 50.0)
    assert learned.for_absent == pytest.approx(Fusion.fit(other, labels).weights, abs=1e-3)
    assert Fusion.fit(inputs, labels).with_absent(other[:20], labels[:20], 50.0).for_absent is None, "too few"
    fusion = Fusion(np.ones(4, np.float32), np.full(4, 2, np.float32), np.full(4, 3, np.float32), 50 * DAY)
    queries = queries_of([[1], [1]], times=[[100], [40]], now=100)
    plain = Fusion(np.ones(4, np.float32)).scores(candidates, queries)
    served = Fusion.load(stored(fusion.write))
    assert served.scores(candidates, queries)[0] == pytest.approx(plain[0])
    assert served.scores(candidates, queries)[1] == pytest.approx(3 * plain[1])
    assert served.scores(candidates, queries_of([[], []]))[1] == pytest.approx(2 * plain[1])
    assert served.only(("a", "b"), ("b",)).for_absent.tolist() == [3, 3]


def test_strangers_have_weights_of_their_own():
    inputs, labels = lessons()
    other = inputs[..., [1, 0, 3, 2]]  # what tells of them is what says nothing of others
    strangers = np.repeat([False, True], len(inputs))
    fusion = Fusion.fit(np.concatenate([inputs, other]), np.concatenate([labels, labels]), strangers)
    assert fusion.weights == pytest.approx(Fusion.fit(inputs, labels).weights, abs=1e-3)
    assert fusion.for_no_history == pytest.approx(Fusion.fit(other, labels).weights, abs=1e-3)
    few = Fusion.fit(inputs, labels, np.arange(len(inputs)) < 3)
    assert np.array_equal(few.for_no_history, Fusion.even(2).weights), "three are nothing to learn from"
