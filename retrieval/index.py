"""Nearest items by inner product, in FAISS: exact for small catalogues, inverted lists with fast-scan codes for large.

The only module that knows FAISS (Douze et al. 2024, The Faiss library). Vectors of unit length make the inner product
the cosine. Build parameters follow from the catalogue's size; query parameters are fixed with them, so that a bundle
answers as it was measured.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Idle OpenMP threads that spin take the processor from TensorFlow's; read when the runtime loads, so before faiss.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import faiss as wrapped_faiss

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.errors import BundleRefusedError
from core.types import NO_ITEM, Float32s, Int32s
from retrieval.barred import Barred

faiss: Any = wrapped_faiss  # its stubs describe the C++ side, before the Python wrappers change the signatures

EXACT_UP_TO = 20_000
"""Items; below this a flat search takes less than half a millisecond and misses nothing."""

NARROW = 20_000
"""Items; a filter that leaves no more than this is searched exactly, whatever the index."""

PROBES = 128
REFINE_FACTOR = 8
"""At a million items these find .989 of the exact best 500; half of each .961, at less than half the time."""


@dataclass(frozen=True)
class VectorIndex:
    """Item vectors and the FAISS index over them."""

    vectors: Float32s  # [items, d]
    mean: Float32s  # [d]
    covariance: Float32s  # [d, d]
    faiss_index: Any

    @classmethod
    def build(cls, vectors: Float32s) -> VectorIndex:
        """An index over the vectors [items, d]; item i keeps row i."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index = faiss.index_factory(vectors.shape[1], factory_string(*vectors.shape), faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            index.train(vectors)
        index.add(vectors)
        mean = vectors.mean(axis=0, dtype=np.float64)
        covariance = (vectors.T @ vectors).astype(np.float64) / len(vectors) - np.outer(mean, mean)
        return cls(vectors, mean.astype(np.float32), covariance.astype(np.float32), index)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.vectors.shape[1])

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        """The vectors of these rows, float32 [..., d]; those of NO_ITEM mean nothing."""
        return np.asarray(self.vectors[rows])

    def search(self, queries: Float32s, count: int, barred: Barred | None = None) -> tuple[Int32s, Float32s]:
        """The best `count` rows for each query vector [batch, d] of those that are not barred.

        Rows int32 [batch, count] best first, NO_ITEM where there are no more, and inner products float32.
        """
        faiss.omp_set_num_threads(1)
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        if barred is None:
            products, rows = self.faiss_index.search(queries, count, params=self._parameters(None))
            return rows.astype(np.int32), products
        rows = np.full((len(queries), count), NO_ITEM, np.int32)
        products = np.zeros((len(queries), count), np.float32)
        for i in range(len(queries)):
            found = self._search_passing(queries[i], count, barred, i)
            rows[i, : len(found[0])], products[i, : len(found[0])] = found
        return rows, products

    def write(self, writer: BundleWriter, name: str) -> None:
        """Store the index under `name`."""
        writer.array(f"{name}/vectors", self.vectors)
        writer.array(f"{name}/mean", self.mean)
        writer.array(f"{name}/covariance", self.covariance)
        faiss.write_index(self.faiss_index, str(writer.path(f"{name}/index.faiss")))

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> VectorIndex:
        """The index that `write` stored; raises BundleRefusedError where its parts do not fit each other."""
        vectors = bundle.array(f"{name}/vectors")
        file = f"{name}/index.faiss"
        try:
            index = faiss.read_index(str(bundle.path(file)))
        except RuntimeError as error:
            raise BundleRefusedError(bundle.version, file, "FAISS cannot read it as an index") from error
        if (index.ntotal, index.d) != vectors.shape:
            found = f"holds {index.ntotal} vectors of {index.d} numbers where there are {vectors.shape}"
            raise BundleRefusedError(bundle.version, file, found)
        return cls(vectors, bundle.array(f"{name}/mean"), bundle.array(f"{name}/covariance"), index)

    def _search_passing(self, query: Float32s, count: int, barred: Barred, i: int) -> tuple[Int32s, Float32s]:
        left = barred.left(i, len(self))
        gone = len(self) - left
        if gone <= count < left:  # no filter, only what the user has seen: a selector would cost more than a few rows
            products, found = self.faiss_index.search(query[None], count + gone, params=self._parameters(None))
            rows = found[0][found[0] != NO_ITEM].astype(np.int32)
            passing = np.flatnonzero(barred.passing(i, rows))[:count]
            return rows[passing], products[0][passing]
        mask = barred.mask(i, len(self))
        if not left or (len(self.vectors) > EXACT_UP_TO and left <= NARROW):  # FAISS takes no count of 0
            rows = np.flatnonzero(mask)
            products = self.vectors[rows] @ query
            best = np.argsort(-products, kind="stable")[:count]
            return rows[best].astype(np.int32), products[best]
        selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        products, rows = self.faiss_index.search(query[None], min(count, left), params=self._parameters(selector))
        found = rows[0] != NO_ITEM
        return rows[0][found].astype(np.int32), products[0][found]

    def _parameters(self, selector: Any) -> Any:
        if len(self.vectors) <= EXACT_UP_TO:
            return faiss.SearchParameters(sel=selector)
        lists = faiss.SearchParametersIVF(nprobe=PROBES, sel=selector)
        return faiss.IndexRefineSearchParameters(k_factor=REFINE_FACTOR, base_index_params=lists)


def factory_string(items: int, dim: int) -> str:
    """The FAISS recipe for a catalogue of this size; list counts follow FAISS's guidelines (4 to 16 roots).

    Codes of 32 times 4 bits, or of one number each where vectors are shorter; `dim` is a power of two.
    """
    if items <= EXACT_UP_TO:
        return "Flat"
    lists = 1 << round(np.log2(4 * np.sqrt(items)))
    return f"IVF{lists},PQ{min(32, dim)}x4fsr,Refine(SQfp16)"


def recall_against_exact(index: VectorIndex, queries: Float32s, count: int) -> float:
    """The share of the exact best `count` that the index finds, averaged over the query vectors [batch, d]."""
    count = min(count, len(index.vectors))
    exact = faiss.IndexFlatIP(index.vectors.shape[1])
    exact.add(np.ascontiguousarray(index.vectors, dtype=np.float32))
    _, truth = exact.search(np.ascontiguousarray(queries, dtype=np.float32), count)
    found, _ = index.search(queries, count)
    return float(np.mean([len(np.intersect1d(a, b)) / count for a, b in zip(truth, found, strict=True)]))
