"""The vector index: nearest items by inner product. Search is exact for small catalogues, by inverted lists for large.

FAISS (Douze et al. 2024, The Faiss library) does the search; only this module and `inverted_lists.py` use it. With
vectors of unit length the inner product is the cosine. Build parameters follow from the catalogue's size. Search
parameters are fixed when the index is built, so that a bundle answers as it was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.errors import BundleRefusedError
from shortlist_core.types import NO_ITEM, Float32s, Int32s, among
from shortlist_retrieval.exclusions import FEW, Exclusions
from shortlist_retrieval.index import inverted_lists
from shortlist_retrieval.index.inverted_lists import faiss
from shortlist_retrieval.index.listed_vectors import ListedVectors
from shortlist_retrieval.top import top_positions

EXACT_UP_TO = 20_000
"""Most items of a catalogue that is searched exactly, which takes less than half a millisecond."""


@dataclass(frozen=True)
class VectorIndex:
    """Item vectors and the FAISS index over them."""

    vectors: Float32s | ListedVectors  # [items, d]
    mean: Float32s  # [d]
    covariance: Float32s  # [d, d]
    faiss_index: Any

    @classmethod
    def build(cls, vectors: Float32s) -> VectorIndex:
        """An index over the vectors [items, d]. Item i keeps row i."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        index = _exact(vectors) if len(vectors) <= EXACT_UP_TO else inverted_lists.build(vectors)
        mean = vectors.mean(axis=0, dtype=np.float64)
        covariance = (vectors.T @ vectors).astype(np.float64) / len(vectors) - np.outer(mean, mean)
        return cls(vectors, mean.astype(np.float32), covariance.astype(np.float32), index)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def dim(self) -> int:
        """The dimension of the vectors."""
        return int(self.vectors.shape[1])

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Float32s:
        """The vectors of these rows, float32 [..., d]. The vector of NO_ITEM means nothing."""
        return self.vectors[rows]

    def at(self, queries: Float32s, rows: Int32s) -> Float32s:
        """Inner products of each query vector [batch, d] with the vectors of its rows [batch, n], float32 [batch, n].

        The product of NO_ITEM means nothing.
        """
        if isinstance(self.vectors, ListedVectors):
            return self.vectors.products(queries, rows)
        products: Float32s = np.matmul(self.vectors[rows], queries[:, :, None])[..., 0]
        return products

    def products(self, queries: Float32s, rows: Int32s) -> Float32s:
        """Inner products of query vectors [batch, d] with the vectors of these rows, float32 [batch, n]."""
        return np.asarray(queries @ self.take(rows).T)

    def search(self, queries: Float32s, count: int, excluded: Exclusions | None = None) -> tuple[Int32s, Float32s]:
        """The best `count` rows that are not excluded for each query vector [batch, d], and their inner products.

        Rows are int32 [batch, count], best first, NO_ITEM where there are no more. Products are float32 [batch, count].
        """
        faiss.omp_set_num_threads(1)
        queries = np.ascontiguousarray(queries, dtype=np.float32)
        excluded = excluded or Exclusions.of_all(len(queries))
        if excluded.few is not None:
            return self._search_few(queries, count, excluded, excluded.few)
        excluded_counts = np.array([len(rows) for rows in excluded.rows], np.int64)
        # Queries with few excluded rows, such as a user's seen items, are searched together, for some more rows.
        few = (excluded_counts <= min(count, len(self) - count - 1)) & (excluded.allowed is None)
        if few.all():
            return self._search_all(queries, count, excluded)
        rows = np.full((len(queries), count), NO_ITEM, np.int32)
        products = np.zeros((len(queries), count), np.float32)
        if few.any():
            rows[few], products[few] = self._search_all(queries[few], count, excluded.select(np.flatnonzero(few)))
        for i in np.flatnonzero(~few).tolist():
            passing, passing_products = self._search_passing(queries[i], count, excluded, i)
            rows[i, : len(passing)], products[i, : len(passing)] = passing, passing_products
        return rows, products

    def write(self, writer: BundleWriter, name: str) -> None:
        """Store the index under `name`: the vectors themselves where it is exact, else their codes alone."""
        if len(self) <= EXACT_UP_TO:
            writer.array(f"{name}/vectors", self.take(np.arange(len(self))))
        else:
            path = str(writer.path(f"{name}/index.faiss"))
            faiss.write_index(self.faiss_index, path)
            writer.array(f"{name}/places", inverted_lists.places_of(faiss.read_index(path, faiss.IO_FLAG_MMAP_IFC)))
        writer.array(f"{name}/mean", self.mean)
        writer.array(f"{name}/covariance", self.covariance)

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> VectorIndex:
        """The index that `write` stored. Raises BundleRefusedError where its parts do not fit together."""
        moments = bundle.array(f"{name}/mean"), bundle.array(f"{name}/covariance")
        if bundle.has(f"{name}/vectors"):
            vectors = bundle.array(f"{name}/vectors")
            return cls(vectors, *moments, _exact(vectors))
        file = f"{name}/index.faiss"
        try:
            index = faiss.read_index(str(bundle.path(file)), faiss.IO_FLAG_MMAP_IFC)
            return cls(inverted_lists.listed_vectors(index, bundle.array(f"{name}/places")), *moments, index)
        except RuntimeError as error:
            raise BundleRefusedError(bundle.version, file, "FAISS cannot read it as an index") from error
        except ValueError as error:
            raise BundleRefusedError(bundle.version, file, str(error)) from error

    def _search_all(self, queries: Float32s, count: int, excluded: Exclusions) -> tuple[Int32s, Float32s]:
        """As `search`, by one search of all queries for `count` rows and as many more as are excluded.

        A selector would cost more, and so would one search per query.
        """
        most_excluded = max(map(len, excluded.rows), default=0)
        products, nearest = self.faiss_index.search(queries, count + most_excluded)
        rows, positions = excluded.first_passing(nearest, count)
        return rows, products[np.arange(len(rows))[:, None], positions]

    def _search_few(self, queries: Float32s, count: int, excluded: Exclusions, few: Int32s) -> tuple[Int32s, Float32s]:
        """As `search`, among the rows `few` alone: all their products with all queries, in one matrix product."""
        rows = np.full((len(queries), count), NO_ITEM, np.int32)
        products = np.zeros((len(queries), count), np.float32)
        if not len(few):
            return rows, products
        all_products = queries @ self.take(few).T
        for i, own in enumerate(excluded.rows):
            all_products[i, among(few, own)] = -np.inf
        best = top_positions(all_products, count)
        found = np.take_along_axis(all_products, best, axis=1)
        passing = ~np.isneginf(found)
        rows[:, : best.shape[1]] = np.where(passing, few[best], NO_ITEM)
        products[:, : best.shape[1]] = np.where(passing, found, 0)
        return rows, products

    def _search_passing(self, query: Float32s, count: int, excluded: Exclusions, i: int) -> tuple[Int32s, Float32s]:
        """As `search`, for query i alone and without padding, by a search among the items that may be proposed."""
        left = excluded.left(i, len(self))
        mask = excluded.mask(i, len(self))
        if not left or (len(self) > EXACT_UP_TO and left <= FEW):  # FAISS takes no count of 0
            rows = np.flatnonzero(mask)
            products = self.vectors[rows] @ query
            best = np.argsort(-products, kind="stable")[:count]
            return rows[best].astype(np.int32), products[best]
        selector = faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
        parameters = self._parameters(left, selector)
        products, rows = self.faiss_index.search(query[None], min(count, left), params=parameters)
        listed = rows[0] != NO_ITEM
        return rows[0][listed].astype(np.int32), products[0][listed]

    def _parameters(self, left: int, selector: Any) -> Any:
        """The search parameters where `left` items pass the filter. The filter shortens lists, so more are searched."""
        if len(self) <= EXACT_UP_TO:
            return faiss.SearchParameters(sel=selector)
        return faiss.SearchParametersIVF(nprobe=self.faiss_index.nprobe * len(self) // left, sel=selector)


def _exact(vectors: Float32s) -> Any:
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    return index


def recall_against_exact(index: VectorIndex, queries: Float32s, count: int) -> float:
    """The share of the exact best `count` that the index finds, averaged over the query vectors [batch, d]."""
    count = min(count, len(index))
    vectors = index.vectors if isinstance(index.vectors, np.ndarray) else index.take(np.arange(len(index)))
    _, truth = faiss.knn(np.ascontiguousarray(queries, np.float32), vectors, count, metric=faiss.METRIC_INNER_PRODUCT)
    nearest, _ = index.search(queries, count)
    return float(np.mean([len(np.intersect1d(a, b)) / count for a, b in zip(truth, nearest, strict=True)]))
