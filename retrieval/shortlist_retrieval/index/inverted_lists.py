"""Inverted lists over a large catalogue: how FAISS gets them, and where the vectors lie in the file that it writes.

The lists' centres are those of k-means by distance, not by angle, and long vectors are drawn more often to find them:
the largest inner products are mostly with long vectors, wherever these point, so there they have to be fine.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

# Idle OpenMP threads that spin take the processor from TensorFlow's; read when the runtime loads, so before faiss.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import faiss as wrapped_faiss

from shortlist_core.types import Float32s, Int64s, UInt32s
from shortlist_retrieval.index.listed_vectors import UNIT, ListedVectors

faiss: Any = wrapped_faiss  # its stubs describe the C++ side, before the Python wrappers change the signatures

TRAINED_ON = 40
"""Vectors per list that its centre is found with: more take minutes at ten million items and find no more."""

LENGTH_POWER = 3
"""Vectors are drawn for that by this power of their length."""

ENOUGH = 0.965
"""Recall of the best 500 for means of two random items, at which no more lists are searched. Users, whose histories
hang together, mostly get .981 and more then.
"""

LEAST, MOST = 4_000, 30_000
"""Vectors that are compared. At least eight times as many as are asked for: of some tens of thousands two random items
say too little, users whose histories are mixed found .95 where those found .97. And no more than a third of a
millisecond takes, or the lists below if these are more, however little that finds.
"""

MOST_LISTS = 512
"""A sixteenth of them is searched at most, and no more than these: of ten million long and short vectors 1,024 find .95
in twice the time in which 512 find .90.
"""

BLOCK = 1 << 17
"""Vectors that are put into the lists at a time."""

_ASKED, _BEST = 64, 500


def list_count(items: int) -> int:
    """How many lists; FAISS's guidelines say 4 to 16 roots of the items."""
    return int(1 << round(np.log2(4 * np.sqrt(items))))


def build(vectors: Float32s) -> Any:
    """An IndexIVFScalarQuantizer of half floats over the vectors [items, d]; item i keeps row i."""
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    dim, lists = vectors.shape[1], list_count(len(vectors))
    clustering = faiss.Kmeans(dim, lists, niter=10, max_points_per_centroid=TRAINED_ON)
    clustering.train(vectors[_sample(vectors, lists * TRAINED_ON)])
    centres = faiss.IndexFlatIP(dim)
    centres.add(clustering.centroids)
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexIVFScalarQuantizer(centres, dim, lists, kind, faiss.METRIC_INNER_PRODUCT, False)
    index.train(vectors[:1])  # nothing is left to learn, but FAISS must be told so
    by_distance = faiss.IndexFlatL2(dim)
    by_distance.add(clustering.centroids)
    for start in range(0, len(vectors), BLOCK):
        block = np.ascontiguousarray(vectors[start : start + BLOCK])
        nearest = by_distance.assign(block, 1).ravel()
        index.add_core(len(block), faiss.swig_ptr(block), None, faiss.swig_ptr(nearest))
    index.nprobe = _enough_probes(index, vectors)
    return index


def _sample(vectors: Float32s, count: int) -> Int64s:
    """Ascending rows to find the centres with."""
    if count >= len(vectors):
        return np.arange(len(vectors))
    weights = np.einsum("ij,ij->i", vectors, vectors).astype(np.float64) ** (LENGTH_POWER / 2) + 1e-12
    # The rows with the largest of these keys are a weighted sample without replacement (Efraimidis, Spirakis 2006).
    keys = np.log(np.random.default_rng(0).random(len(vectors))) / weights
    return np.sort(np.argpartition(-keys, count)[:count])


def _enough_probes(index: Any, vectors: Float32s) -> int:
    """How many lists to search."""
    pairs = np.random.default_rng(1).integers(0, len(vectors), (_ASKED, 2))
    queries = vectors[pairs].mean(axis=1)
    _, truth = faiss.knn(queries, vectors, _BEST, metric=faiss.METRIC_INNER_PRODUCT)
    of_all = index.nlist / len(vectors)  # lists for each vector
    most = min(max(min(index.nlist // 16, MOST_LISTS), int(MOST * of_all)), index.nlist)
    probes = max(32, int(LEAST * of_all))
    while probes < most:
        _, found = index.search(queries, _BEST, params=faiss.SearchParametersIVF(nprobe=probes))
        if sum(map(len, map(np.intersect1d, truth, found))) >= ENOUGH * truth.size:
            break
        probes = min(round(probes * 1.19), most)
    return probes


def places_of(index: Any) -> UInt32s:
    """Where each vector lies in a mapped index: see ListedVectors."""
    places = np.zeros(index.ntotal, np.uint32)
    addresses, lengths = _bounds(index)
    begin = addresses[lengths > 0].min()
    for number, (address, length) in enumerate(zip(addresses, lengths, strict=True)):
        if length:
            ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), int(length))
            places[ids] = (address - begin) // UNIT + np.arange(length) * (index.code_size // UNIT)
    return places


def listed_vectors(index: Any, places: UInt32s) -> ListedVectors:
    """The vectors of a mapped index; raises ValueError where `places` are not of this index."""
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
    """Where the codes of each list begin in memory, and how many there are, int64 [lists] both."""
    lists, numbers = index.invlists, range(index.nlist)
    return np.array([int(lists.get_codes(n)) for n in numbers]), np.array([lists.list_size(n) for n in numbers])
