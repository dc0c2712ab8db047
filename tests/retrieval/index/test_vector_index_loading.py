"""A loaded FAISS index finds what the written one found, and files that do not fit are refused."""

import numpy as np
import pytest
from exact_search import DIM, MANY

from shortlist_core.errors import BundleRefusedError
from shortlist_core.types import NO_ITEM
from shortlist_retrieval.index.listed_vectors import ListedVectors
from shortlist_retrieval.index.vector_index import EXACT_UP_TO, VectorIndex


@pytest.mark.parametrize("index", ["small", "large"])
def test_a_loaded_index_finds_the_same(index, queries, stored, request):
    index = request.getfixturevalue(index)
    loaded = VectorIndex.load(stored(lambda writer: index.write(writer, "retrieval/x")), "retrieval/x")
    for mine, theirs in zip(index.search(queries, 30), loaded.search(queries, 30), strict=True):
        assert np.array_equal(mine, theirs)


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
