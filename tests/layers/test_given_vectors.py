"""Vectors that callers bring are read by their direction, without what all of them have in common."""

from __future__ import annotations

import numpy as np
import pytest

from shortlist_layers.given_vectors import MOST, GivenVectors

VECTORS = [[1.0, 0, 2], None, [2.0, 0, 4], [0, 1, -1], [0.5, 0.5, 0.5], []]


@pytest.fixture
def given():
    return GivenVectors.learn(VECTORS)


def test_only_directions_count(given):
    read = given.of([[1, 0, 2], [10, 0, 20], [0, 1, -1]])
    assert read[0] == pytest.approx(read[1], abs=1e-5)
    assert np.square(read).sum(axis=1) == pytest.approx(np.ones(3), abs=2e-3)
    assert given.take(np.array([0, 2])) == pytest.approx(read[:2], abs=2e-3)


def test_what_all_have_in_common_is_taken_out():
    generator = np.random.default_rng(1)
    alike = generator.normal(0, 0.01, (200, 8)) + np.arange(8)
    read = GivenVectors.learn(alike.tolist()).of(alike.tolist())
    assert np.abs(read.mean(axis=0)).max() < 0.15
    assert (read @ read.T).mean() == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize("other", [None, [], [1.0], [1.0] * 4])
def test_no_vector_or_one_of_another_length_is_an_average_one(given, other):
    assert not given.of([other, [1, 2, 3]])[0].any()
    assert not given.take(np.array([1, 5])).any()


def test_long_vectors_keep_the_directions_in_which_items_differ():
    generator = np.random.default_rng(2)
    kinds = np.repeat(generator.normal(size=(4, 300)), 50, axis=0) + generator.normal(0, 0.3, (200, 300))
    given = GivenVectors.learn(kinds.tolist())
    assert (given.given_dim, given.dim, given.values.shape) == (300, MOST, (200, MOST))
    likeness = given.take(np.arange(200)) @ given.take(np.arange(200)).T
    same = np.equal.outer(np.arange(200) // 50, np.arange(200) // 50)
    assert likeness[same].min() > 0.7 > 0.3 > likeness[~same].max()


def test_a_catalogue_without_vectors_has_none(stored):
    none = GivenVectors.learn([None, None])
    assert none.dim == 0 and none.values.shape == (2, 0)
    assert none.of([[1.0, 2.0]]).shape == (1, 0)


def test_other_items_are_read_as_these_are(given):
    again = given.again([[0, 1, -1], None, [1, 0, 2]])
    assert np.array_equal(again.take(np.array([2, 0])), given.take(np.array([0, 3])))
    assert not again.take(np.array([1])).any()


def test_stored_vectors_are_the_same(given, stored):
    loaded = GivenVectors.load(stored(given.write), len(VECTORS))
    for name in ("values", "mean", "directions"):
        assert np.array_equal(getattr(loaded, name), getattr(given, name))
    none = GivenVectors.none(3)
    assert GivenVectors.load(stored(none.write), 3).values.shape == (3, 0)
