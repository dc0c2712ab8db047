"""Sparse matrices in a bundle: small ones as they are, large ones rounded by less than anybody sees."""

import numpy as np
import pytest
import scipy.sparse as sp

from shortlist_kernels.halves import KEPT_WHOLE
from shortlist_retrieval.sparse import SparseRows, product
from shortlist_retrieval.stored_matrix import load_csr, write_csr


def matrix(rows, seed=0):
    generator = np.random.default_rng(seed)
    made = sp.random(rows, 300, density=0.02, format="csr", dtype=np.float32, random_state=seed)
    made.data = generator.normal(size=made.nnz).astype(np.float32)
    return made


def test_a_small_matrix_comes_back_as_it_was(stored):
    small = matrix(200)
    loaded, unit = load_csr(stored(lambda writer: write_csr(writer, "m", small)), "m")
    assert unit == 1
    assert loaded.dtype == np.float32 and loaded.shape == small.shape
    assert (loaded != small).nnz == 0


def test_values_of_a_large_matrix_are_rounded_to_a_unit(stored):
    large = matrix(KEPT_WHOLE + 1)
    loaded, unit = load_csr(stored(lambda writer: write_csr(writer, "m", large)), "m")
    assert loaded.dtype == np.int16
    assert loaded.data * unit == pytest.approx(large.data, abs=0.51 * unit)
    assert unit == pytest.approx(np.abs(large.data).max() / 32767)
    ones = SparseRows(np.array([0, 40]), np.arange(40, dtype=np.int32), np.ones(40, np.float32), large.shape[0])
    columns = np.arange(300, dtype=np.int32)[None]
    expected = np.asarray(large[:40].sum(axis=0))
    assert product(ones, loaded, unit).at(columns) == pytest.approx(expected, abs=40 * unit)


def test_a_loaded_matrix_is_written_as_it_is(stored):
    once = load_csr(stored(lambda writer: write_csr(writer, "m", matrix(KEPT_WHOLE + 1))), "m")
    again = load_csr(stored(lambda writer: write_csr(writer, "m", *once)), "m")
    assert np.array_equal(once[0].data, again[0].data)
    assert once[1] == again[1]


def test_nothing_but_zeros(stored):
    empty = sp.csr_matrix((KEPT_WHOLE + 1, 5), dtype=np.float32)
    loaded, unit = load_csr(stored(lambda writer: write_csr(writer, "m", empty)), "m")
    assert loaded.nnz == 0 and np.isfinite(unit)
