"""The FAISS index is exact when small and close to exact when large."""

import numpy as np
import pytest
from exact_search import DIM, MANY, exact, unit

from shortlist_core.types import NO_ITEM
from shortlist_retrieval.index.vector_index import EXACT_UP_TO, VectorIndex, recall_against_exact


def test_the_branch_under_test_is_taken(small, large):
    assert len(small) <= EXACT_UP_TO < len(large)
    assert type(small.faiss_index) is not type(large.faiss_index)


@pytest.mark.parametrize("dim", [8, 16])
def test_large_catalogues_of_short_vectors(dim):
    """ALS may have few factors."""
    vectors = np.random.default_rng(0).normal(size=(MANY, dim)).astype(np.float32)
    assert recall_against_exact(VectorIndex.build(vectors), vectors[:20], 100) >= 0.9


def test_mixed_tastes_find_what_is_best_too():
    generator = np.random.default_rng(0)
    kinds = generator.normal(size=(300, DIM))
    vectors = unit(kinds[generator.integers(300, size=MANY)] + 0.3 * generator.normal(size=(MANY, DIM)))
    mixed = unit(vectors[generator.integers(MANY, size=(50, 20))].mean(axis=1))
    assert recall_against_exact(VectorIndex.build(vectors), mixed, 500) >= 0.99


def test_vectors_of_no_kinds_are_found_where_there_are_few():
    shapeless = unit(np.random.default_rng(0).normal(size=(MANY, DIM)))
    assert recall_against_exact(VectorIndex.build(shapeless), shapeless[:50], 500) >= 0.95


def test_small_catalogues_are_searched_exactly(small, vectors, queries):
    rows, products = small.search(queries, 20)
    for query, own, values in zip(queries, rows, products, strict=True):
        assert own.tolist() == exact(vectors[:500], query, 20).tolist()
        assert values == pytest.approx(vectors[own] @ query, abs=1e-6)


def test_large_catalogues_lose_little(large, vectors, queries):
    rows, products = large.search(queries, 100)
    found = [len(np.intersect1d(own, exact(vectors, q, 100))) / 100 for q, own in zip(queries, rows, strict=True)]
    assert np.mean(found) >= 0.9
    assert recall_against_exact(large, queries, 100) == pytest.approx(np.mean(found), abs=1e-6)
    assert (np.diff(products, axis=1) <= 0).all()
    true_products = np.take_along_axis(queries @ vectors.T, rows.astype(np.int64), axis=1)
    assert products == pytest.approx(true_products, abs=2e-3)


def test_recall_tells_a_bad_index(vectors, queries):
    shuffled = VectorIndex.build(np.random.default_rng(2).permutation(vectors[:500]))
    lying = VectorIndex(vectors[:500], shuffled.mean, shuffled.covariance, shuffled.faiss_index)
    assert recall_against_exact(lying, queries, 20) < 0.2


def test_more_than_there_is(small, queries):
    rows, _ = small.search(queries[:1], 600)
    assert sorted(rows[0, :500].tolist()) == list(range(500))
    assert (rows[0, 500:] == NO_ITEM).all()


def test_the_callers_vectors_stay_as_they_are(vectors, queries):
    mine, asked = vectors[:300].copy(), queries.copy()
    VectorIndex.build(mine).search(asked, 5)
    assert np.array_equal(mine, vectors[:300])
    assert np.array_equal(asked, queries)


def test_moments(small):
    assert small.mean == pytest.approx(small.vectors.mean(axis=0), abs=1e-6)
    assert small.covariance == pytest.approx(np.cov(small.vectors.T, bias=True), abs=1e-5)


def test_long_vectors_are_found_wherever_they_point(vectors, queries):
    """Factorisation gives popular items long vectors, and these have the largest products with most users."""
    lengths = np.clip(np.random.default_rng(0).pareto(1.5, size=MANY), 0.3, 3)
    index = VectorIndex.build((vectors * lengths[:, None]).astype(np.float32))
    assert recall_against_exact(index, queries, 100) >= 0.9
