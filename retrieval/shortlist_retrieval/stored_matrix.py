"""Stored matrices: sparse matrices in a bundle, memory-mapped. Large ones hold whole multiples of a unit."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_kernels.halves import KEPT_WHOLE

_MOST = np.iinfo(np.int16).max


def write_csr(writer: BundleWriter, name: str, matrix: sp.csr_matrix, unit: float = 1.0) -> None:
    """Store a CSR matrix, whose values are in units of `unit`, as arrays of offsets, columns, values, unit and width.

    In a matrix of more than KEPT_WHOLE rows, values are rounded to multiples of 1 / 32767 of the largest magnitude.
    """
    # Offsets and columns have one type. If they differed, scipy would convert the whole matrix in every product.
    index = np.int32 if matrix.nnz < np.iinfo(np.int32).max else np.int64
    writer.array(f"{name}/offsets", matrix.indptr.astype(index, copy=False))
    writer.array(f"{name}/columns", matrix.indices.astype(index, copy=False))
    values = matrix.data
    if matrix.shape[0] > KEPT_WHOLE and values.dtype != np.int16:
        unit = max(float(values.max(initial=0)), -float(values.min(initial=0))) / _MOST or 1.0
        values = np.rint(values * np.float32(1 / unit)).astype(np.int16)
    writer.array(f"{name}/values", values)
    writer.array(f"{name}/unit", np.array([unit], np.float32))
    writer.array(f"{name}/width", np.array([matrix.shape[1]], np.int64))


def load_csr(bundle: Bundle, name: str) -> tuple[sp.csr_matrix, float]:
    """The matrix that `write_csr` stored, with values of float32 or int16, and the unit of its values."""
    offsets, columns, values = (bundle.array(f"{name}/{part}") for part in ("offsets", "columns", "values"))
    matrix = sp.csr_matrix((len(offsets) - 1, int(bundle.array(f"{name}/width")[0])), dtype=values.dtype)
    matrix.data, matrix.indices, matrix.indptr = values, columns, offsets
    return matrix, float(bundle.array(f"{name}/unit")[0])
