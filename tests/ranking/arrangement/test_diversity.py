import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shortlist_ranking.arrangement.arrange import arrange
from shortlist_ranking.arrangement.diversity import Diversity, DiversityMethod

NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)
SCORES = arrays.arrays(np.float32, st.integers(0, 40), elements=NUMBERS)


METHODS = pytest.mark.parametrize("method", DiversityMethod)


def select(scores, count, diversity=0.0, vectors=None, method=DiversityMethod.MMR):
    return arrange(scores, count, (), Diversity(diversity, method), vectors).positions


def unit(n, dim=4, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@given(SCORES, st.integers(1, 50), st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from(DiversityMethod))
def test_what_is_not_finite_never_stands_above_what_is(scores, count, diversity, method):
    scores.setflags(write=False)
    shown = select(scores, count, diversity, unit(len(scores)), method)
    assert len(shown) == min(count, len(scores)) == len(np.unique(shown))
    finite = np.isfinite(scores[shown])
    assert (np.diff(finite.astype(int)) <= 0).all()
    assert finite.sum() == min(count, np.isfinite(scores).sum())


@given(SCORES, st.integers(1, 50))
def test_without_diversity_it_is_by_score(scores, count):
    shown = select(scores, count, diversity=0, vectors=unit(len(scores)))
    finite = scores[np.isfinite(scores)]
    assert scores[shown][np.isfinite(scores[shown])].tolist() == sorted(finite.tolist(), reverse=True)[:count]


def test_equal_scores_keep_their_order():
    assert select(np.array([1, 2, 1, 2], np.float32), 4).tolist() == [1, 3, 0, 2]


@METHODS
def test_full_diversity_takes_the_least_similar_next(method):
    """Three nearly alike and best, one unlike them and worst: after the best comes the unlike one."""
    vectors = np.array([[1, 0], [0.999, 0.0447], [0.998, 0.0632], [0, 1]], np.float32)
    scores = np.array([0.9, 0.8, 0.7, 0.1], np.float32)
    assert select(scores, 2, diversity=1.0, vectors=vectors, method=method).tolist() == [0, 3]
    assert select(scores, 2, diversity=0.05, vectors=vectors, method=method).tolist() == [0, 1]


@METHODS
def test_more_diversity_makes_lists_less_alike(method):
    def alikeness(diversity):
        """The mean cosine between an item and the one most like it in the list, over twenty lists."""
        nearest = []
        for seed in range(20):
            vectors, scores = unit(60, seed=seed), np.random.default_rng(seed).random(60).astype(np.float32)
            own = vectors[select(scores, 10, diversity=diversity, vectors=vectors, method=method)]
            nearest.append((own @ own.T - 2 * np.eye(10)).max(axis=1).mean())
        return np.mean(nearest)

    assert alikeness(0.9) < alikeness(0.4) < alikeness(0.0)


@METHODS
def test_variety_is_not_bought_with_what_nobody_wants(method):
    vectors = np.array([[1, 0]] * 40 + [[0, 1]], np.float32)
    scores = np.linspace(1, 0, 41).astype(np.float32)
    assert 40 not in select(scores, 5, diversity=1.0, vectors=vectors, method=method)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_scale_of_scores_does_not_matter(scale):
    vectors, scores = unit(30), np.random.default_rng(2).random(30).astype(np.float32)
    usual = select(scores, 8, diversity=0.4, vectors=vectors)
    assert select(scores * np.float32(scale), 8, diversity=0.4, vectors=vectors).tolist() == usual.tolist()


def test_a_determinantal_process_knows_a_mixture_of_what_is_there():
    """The third item is a mixture of the first two, though it is not very like either; the fourth is something new."""
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0.6, 0.8, 0], [0.62, 0, 0.785]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = np.array([0.9, 0.89, 0.5, 0.5], np.float32)
    assert select(scores, 3, 0.5, vectors, DiversityMethod.DPP).tolist() == [0, 1, 3]
