"""Half floats read as singles: every finite half, whatever rows are asked for."""

import numpy as np
import pytest

from shortlist_kernels.halves import KEPT_WHOLE, HalfVectors, restored, shrunk, write_vectors

EVERY = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
FINITE = EVERY[np.isfinite(EVERY)].reshape(-1, 64)


def test_every_finite_half_is_the_single_that_numpy_makes_of_it():
    read = HalfVectors(FINITE)[np.arange(len(FINITE))]
    assert read.dtype == np.float32
    assert np.array_equal(read, FINITE.astype(np.float32))
    assert np.array_equal(np.signbit(read), np.signbit(FINITE))


@pytest.mark.parametrize("shape", [(0,), (7,), (3, 5), (2, 0)])
def test_rows_in_any_shape(shape):
    rows = np.random.default_rng(0).integers(0, len(FINITE), shape).astype(np.int32)
    assert np.array_equal(HalfVectors(FINITE)[rows], FINITE.astype(np.float32)[rows])


def test_rows_that_are_not_there():
    vectors = HalfVectors(FINITE)
    assert np.array_equal(vectors[np.array([-1])], FINITE[-1:].astype(np.float32))
    for row in (len(FINITE), -len(FINITE) - 1):
        with pytest.raises(IndexError):
            vectors[np.array([row])]


@pytest.mark.parametrize("vectors", [HalfVectors(FINITE), FINITE.astype(np.float32)])
def test_written_into_a_larger_array_they_are_what_is_read(vectors):
    rows = np.random.default_rng(0).integers(-1, len(FINITE), (3, 5)).astype(np.int32)
    rows[0, 0] = -1
    found = np.full((4, 6, 70), 9, np.float32)
    write_vectors(vectors, rows, found, 3)
    assert np.array_equal(found[:3, :5, 3:67], vectors[np.maximum(rows, 0)])
    found[:3, :5, 3:67] = 9
    assert (found == 9).all(), "nothing else is written to"


@pytest.mark.parametrize(("count", "kind"), [(KEPT_WHOLE, np.float32), (KEPT_WHOLE + 1, np.float16)])
def test_many_vectors_are_stored_as_halves_and_few_as_they_are(count, kind):
    vectors = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    stored = shrunk(vectors)
    assert stored.dtype == kind
    read = restored(stored)
    assert read.shape == vectors.shape and len(read) == count
    assert read[np.arange(count)] == pytest.approx(vectors.astype(kind), abs=0)
    assert np.array_equal(shrunk(read), stored)
