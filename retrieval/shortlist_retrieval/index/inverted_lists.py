"""Inverted lists for a large catalogue: how they are built for FAISS, and where the vectors lie in FAISS's file.

The centres of the lists come from k-means by distance, not by angle, and long vectors are drawn more often to find
them. The largest inner products are mostly with long vectors, so the lists have to be fine among long vectors.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

# Idle OpenMP threads that spin take the processor from TensorFlow. Read as the runtime loads, so set before faiss.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import faiss as wrapped_faiss

from shortlist_core.types import Float32s, Int64s, UInt32s
from shortlist_retrieval.index.listed_vectors import UNIT, ListedVectors

faiss: Any = wrapped_faiss  # the stubs describe the C++ signatures, which the Python wrappers change

TRAINED_ON = 40
"""Vectors per list that k-means uses. More take minutes at ten million items, without better recall."""

LENGTH_POWER = 3
"""Power of a vector's length that gives its weight when vectors are drawn for k-means."""

ENOUGH = 0.965
"""Recall at which no more lists are searched, of the best 500 for means of two random items. Users have more coherent
histories, and mostly get a recall of .981 or more then.
"""

LEAST, MOST = 4_000, 30_000
"""Fewest and most vectors that a search compares. The fewest are eight times as many as are asked for: with some tens
of thousands of items, users of mixed histories had a recall of .95 where pairs of random items had .97. The most take a
third of a millisecond. MOST_LISTS may allow more, and recall may stay below ENOUGH.
"""

MOST_LISTS = 512
"""Most lists that a search reads, and no more than a sixteenth of all lists. With ten million long and short vectors
1,024 lists have a recall of .95 in twice the time in which 512 lists have .90.
"""

BLOCK = 1 << 17
"""Vectors that are put into the lists at a time."""

_ASKED, _BEST = 64, 500


def list_count(items: int) -> int:
    """The number of lists for so many items. FAISS's guidelines say 4 to 16 times the root of the items."""
    return int(1 << round(np.log2(4 * np.sqrt(items))))


def build(vectors: Float32s) -> Any:
    """An IndexIVFScalarQuantizer of half floats over the vectors [items, d]. Item i keeps row i."""
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    dim, lists = vectors.shape[1], list_count(len(vectors))
    clustering = faiss.Kmeans(dim, lists, niter=10, max_points_per_centroid=TRAINED_ON)
    clustering.train(vectors[_sample(vectors, lists * TRAINED_ON)])
    centres = faiss.IndexFlatIP(dim)
    centres.add(clustering.centroids)
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(centres, dim, lists, kind, faiss.METRIC_INNER_PRODUCT, False)
    index.train(vectors[:1])  # nothing is left to learn, but FAISS wants this call
    by_distance = faiss.IndexFlatL2(dim)
    by_distance.add(clustering.centroids)
    for start in range(0, len(vectors), BLOCK):
        block = np.ascontiguousarray(vectors[start : start + BLOCK])
        nearest = by_distance.assign(block, 1).ravel()
        index.add_core(len(block), faiss.swig_ptr(block), None, faiss.swig_ptr(nearest))
    index.nprobe = _enough_probes(index, vectors)
    return index


def _sample(vectors: Float32s, count: int) -> Int64s:
    """The rows that k-means finds the centres with, ascending."""
    if count >= len(vectors):
        return np.arange(len(vectors))
    weights = np.einsum("ij,ij->i", vectors, vectors).astype(np.float64) ** (LENGTH_POWER / 2) + 1e-12
    # The rows with the largest of these keys are a weighted sample without replacement (Efraimidis, Spirakis 2006).
    keys = np.log(np.random.default_rng(0).random(len(vectors))) / weights
    return np.sort(np.argpartition(-keys, count)[:count])


def _enough_probes(index: Any, vectors: Float32s) -> int:
    """How many lists a search reads."""
    pairs = np.random.default_rng(1).integers(0, len(vectors), (_ASKED, 2))
    queries = vectors[pairs].mean(axis=1)
    _, truth = faiss.knn(queries, vectors, _BEST, metric=faiss.METRIC_INNER_PRODUCT)
    lists_per_vector = index.nlist / len(vectors)
    most = min(max(min(index.nlist // 16, MOST_LISTS), int(MOST * lists_per_vector)), index.nlist)
    probes = max(32, int(LEAST * lists_per_vector))
    while probes < most:
        _, nearest = index.search(queries, _BEST, params=faiss.SearchParametersIVF(nprobe=probes))
        if sum(map(len, map(np.intersect1d, truth, nearest))) >= ENOUGH * truth.size:
            break
        probes = min(round(probes * 1.19), most)
    return probes


def places_of(index: Any) -> UInt32s:
    """The place of each vector in a mapped index, uint32 [items], as `ListedVectors.places`."""
    places = np.zeros(index.ntotal, np.uint32)
    addresses, lengths = _bounds(index)
    begin = addresses[lengths > 0].min()
    for number, (address, length) in enumerate(zip(addresses, lengths, strict=True)):
        if length:
            ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), int(length))
            places[ids] = (address - begin) // UNIT + np.arange(length) * (index.code_size // UNIT)
    return places


def listed_vectors(index: Any, places: UInt32s) -> ListedVectors:
    """The vectors of a mapped index. Raises ValueError where `places` do not belong to this index."""
    if not isinstance(index, faiss.IndexIVFScalarQuantizer) or index.by_residual or index.code_size != 2 * index.d:
        raise ValueError("is not an index of half floats")
    if not index.ntotal == len(places) > 0:
        raise ValueError(f"holds {index.ntotal} vectors where there are places of {len(places)}")
    addresses, lengths = _bounds(index)
    first = np.flatnonzero(lengths)[addresses[lengths > 0].argmin()]
    size = int((addresses + lengths * index.code_size)[lengths > 0].max() - addresses[first])
    region = faiss.rev_swig_ptr(index.invlists.get_codes(int(first)), size).view(np.uint16)
    return ListedVectors(region, places, index.d, index)


def _bounds(index: Any) -> tuple[Int64s, Int64s]:
    """The address at which the codes of each list begin, and their number, both int64 [lists]."""
    lists, numbers = index.invlists, range(index.nlist)
    return np.array([int(lists.get_codes(n)) for n in numbers]), np.array([lists.list_size(n) for n in numbers])
