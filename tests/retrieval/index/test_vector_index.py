"""The FAISS index: exact when small; when large, close to exact, and never outside a filter."""

import numpy as np
import pytest

from shortlist_core.errors import BundleRefusedError
from shortlist_core.types import NO_ITEM
from shortlist_retrieval.index.listed_vectors import ListedVectors
from shortlist_retrieval.index.vector_index import EXACT_UP_TO, NARROW, VectorIndex, recall_against_exact

MANY, DIM = 25_000, 64


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def exact(vectors, query, count, allowed=None):
    products = vectors @ query
    if allowed is not None:
        products = np.where(allowed, products, -np.inf)
    return np.argsort(-products, kind="stable")[:count]


@pytest.fixture(scope="module")
def vectors():
    generator = np.random.default_rng(0)
    centres = generator.normal(size=(300, DIM))
    return unit(centres[generator.integers(300, size=MANY)] + 0.6 * generator.normal(size=(MANY, DIM)))


@pytest.fixture(scope="module")
def queries(vectors):
    generator = np.random.default_rng(1)
    return unit(vectors[generator.integers(MANY, size=50)] + 0.05 * generator.normal(size=(50, DIM)))


@pytest.fixture(scope="module")
def large(vectors):
    return VectorIndex.build(vectors)


@pytest.fixture(scope="module")
def small(vectors):
    return VectorIndex.build(vectors[:500])


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


def test_a_narrow_filter_is_searched_exactly(large, vectors, queries, excluding):
    allowed = np.zeros((len(queries), MANY), bool)
    for i in range(len(queries)):
        allowed[i, np.random.default_rng(i).choice(MANY, 300, replace=False)] = True
    rows, _ = large.search(queries, 50, excluding(allowed))
    for i, query in enumerate(queries):
        assert rows[i].tolist() == exact(vectors, query, 50, allowed[i]).tolist()


def test_a_wide_filter_bars_what_it_bars_and_loses_little(large, vectors, queries, excluding):
    allowed = np.random.default_rng(3).random((len(queries), MANY)) < 0.95
    assert allowed.sum(axis=1).min() > NARROW
    rows, _ = large.search(queries, 100, excluding(allowed))
    for own, mask in zip(rows, allowed, strict=True):
        found = own[own != NO_ITEM]
        assert mask[found].all()
        assert len(set(found.tolist())) == len(found)
    recall = [
        len(np.intersect1d(own, exact(vectors, q, 100, mask))) / 100
        for own, q, mask in zip(rows, queries, allowed, strict=True)
    ]
    assert np.mean(recall) >= 0.9


@pytest.mark.parametrize("excluded", [0, 1, 49, 50, 51])
def test_the_few_that_a_user_has_seen_are_passed_over(small, vectors, queries, excluded, excluding):
    """They are the best of all; the next best take their places, as many as were asked for."""
    allowed = np.ones((len(queries), 500), bool)
    for mask, query in zip(allowed, queries, strict=True):
        mask[exact(vectors[:500], query, excluded)] = False
    rows, products = small.search(queries, 50, excluding(allowed))
    for query, own, values, mask in zip(queries, rows, products, allowed, strict=True):
        assert own.tolist() == exact(vectors[:500], query, 50, mask).tolist()
        assert values == pytest.approx(vectors[own] @ query, abs=1e-6)


def test_one_who_has_seen_much_changes_nothing_for_the_others(small, vectors, queries, excluding):
    allowed = np.ones((len(queries), 500), bool)
    for i, (mask, query) in enumerate(zip(allowed, queries, strict=True)):
        mask[exact(vectors[:500], query, 90 * (i % 2))] = False
    rows, products = small.search(queries, 50, excluding(allowed))
    for query, own, values, mask in zip(queries, rows, products, allowed, strict=True):
        assert own.tolist() == exact(vectors[:500], query, 50, mask).tolist()
        assert values == pytest.approx(vectors[own] @ query, abs=1e-6)


@pytest.mark.parametrize("excluded", [1, 80])
def test_in_a_large_catalogue_too(large, vectors, queries, excluded, excluding):
    allowed = np.ones((len(queries), MANY), bool)
    for mask, query in zip(allowed, queries, strict=True):
        mask[exact(vectors, query, excluded)] = False
    rows, _ = large.search(queries, 100, excluding(allowed))
    assert all(mask[own].all() and (own != NO_ITEM).all() for own, mask in zip(rows, allowed, strict=True))
    recall = [
        len(np.intersect1d(own, exact(vectors, q, 100, m))) / 100
        for own, q, m in zip(rows, queries, allowed, strict=True)
    ]
    assert np.mean(recall) >= 0.9


@pytest.mark.parametrize("index", ["small", "large"])
def test_a_filter_that_leaves_few_or_none(index, queries, request, excluding):
    index = request.getfixturevalue(index)
    allowed = np.zeros((2, len(index.vectors)), bool)
    allowed[1, [3, 5]] = True
    rows, _ = index.search(queries[:2], 10, excluding(allowed))
    assert (rows[0] == NO_ITEM).all()
    assert sorted(rows[1, :2].tolist()) == [3, 5]
    assert (rows[1, 2:] == NO_ITEM).all()


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


@pytest.mark.parametrize("index", ["small", "large"])
def test_a_loaded_index_finds_the_same(index, queries, stored, request):
    index = request.getfixturevalue(index)
    loaded = VectorIndex.load(stored(lambda writer: index.write(writer, "retrieval/x")), "retrieval/x")
    for mine, theirs in zip(index.search(queries, 30), loaded.search(queries, 30), strict=True):
        assert np.array_equal(mine, theirs)


@pytest.fixture
def loaded(large, stored):
    return VectorIndex.load(stored(lambda writer: large.write(writer, "retrieval/x")), "retrieval/x")


def test_a_loaded_large_index_has_the_vectors_as_halves(loaded, vectors):
    assert isinstance(loaded.vectors, ListedVectors)
    assert loaded.vectors.shape == vectors.shape
    everything = loaded.take(np.arange(MANY))
    np.testing.assert_allclose(everything, vectors, rtol=2**-11, atol=1e-7)
    assert np.array_equal(everything.astype(np.float16), everything)
    rows = np.random.default_rng(0).integers(0, MANY, (3, 70))
    assert np.array_equal(loaded.take(rows), everything[rows])
    assert loaded.take(np.zeros((2, 0), np.int32)).shape == (2, 0, DIM)
    assert loaded.take(np.array([NO_ITEM])).shape == (1, DIM)  # means nothing, does no harm


@pytest.mark.parametrize("index", ["small", "large", "loaded"])
def test_products_with_given_rows_are_those_of_their_vectors(index, queries, request):
    index = request.getfixturevalue(index)
    rows = np.random.default_rng(0).integers(0, len(index), (len(queries), 70)).astype(np.int32)
    expected = np.einsum("bnd,bd->bn", index.take(rows), queries)
    assert index.at(queries, rows) == pytest.approx(expected, abs=1e-5)
    rows[:, 3] = NO_ITEM  # means nothing, does no harm, not to others either
    kept = np.arange(70) != 3
    assert index.at(queries, rows)[:, kept] == pytest.approx(expected[:, kept], abs=1e-5)


def test_no_row_is_read_beyond_the_last(loaded):
    with pytest.raises(IndexError):
        loaded.take(np.array([MANY]))


def test_a_narrow_filter_on_a_loaded_index_is_searched_exactly(loaded, vectors, queries, excluding):
    allowed = np.zeros((1, MANY), bool)
    allowed[0, ::100] = True
    rows, products = loaded.search(queries[:1], 50, excluding(allowed))
    assert rows[0].tolist() == exact(loaded.take(np.arange(MANY)), queries[0], 50, allowed[0]).tolist()
    assert products[0] == pytest.approx(vectors[rows[0]] @ queries[0], abs=1e-3)


def test_long_vectors_are_found_wherever_they_point(vectors, queries):
    """Factorisation gives popular items long vectors, and these have the largest products with most users."""
    lengths = np.clip(np.random.default_rng(0).pareto(1.5, size=MANY), 0.3, 3)
    index = VectorIndex.build((vectors * lengths[:, None]).astype(np.float32))
    assert recall_against_exact(index, queries, 100) >= 0.9


def test_places_of_another_index_are_refused(large, vectors, stored):
    fewer = VectorIndex.build(vectors[: EXACT_UP_TO + 1])

    def write(writer):
        fewer.write(writer, "retrieval/fewer")
        large.write(writer, "retrieval/x")

    bundle = stored(write)
    mixed = {"retrieval/x/index.faiss": "retrieval/fewer/index.faiss"}

    class Mixed:
        def __getattr__(self, name):
            return getattr(bundle, name)

        def path(self, name):
            return bundle.path(mixed.get(name, name))

    with pytest.raises(BundleRefusedError, match=r"index.faiss.*holds 20001 vectors where there are places of 25000"):
        VectorIndex.load(Mixed(), "retrieval/x")


def test_what_is_no_index_is_refused(small, stored):
    def write(writer):
        for name in ("mean", "covariance"):
            writer.array(f"retrieval/x/{name}", getattr(small, name))
        writer.array("retrieval/x/places", np.zeros(500, np.uint32))
        writer.path("retrieval/x/index.faiss").write_bytes(b"IxFI" + bytes(40))

    with pytest.raises(BundleRefusedError, match=r"index.faiss"):
        VectorIndex.load(stored(write), "retrieval/x")
