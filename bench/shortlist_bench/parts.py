"""What the parts of a Recommend cost by themselves, measured in a process of its own on the server's core.

taskset -c 0 python -m shortlist_bench.parts BUNDLES     prints JSON
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shortlist_bench.requests import CANDIDATES, users
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_core.types import Candidates
from shortlist_layers.history import HISTORY
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.index.vector_index import recall_against_exact
from shortlist_retrieval.retriever import Retriever

QUERIES, RECALL_QUERIES, RECALL_AT = 200, 200, 500
GEMM = 1_024


def main() -> None:
    """Measure everything on the current bundle of a folder."""
    bundle = BundleStore(Path(sys.argv[1])).load()
    histories, retriever, ranker = Histories.load(bundle), Retriever.load(bundle), Ranker.load(bundle)
    queries = histories.queries(users(histories, QUERIES))
    embedding = retriever.embedding
    vectors = embedding.encode(queries)
    speed = gemm_flops_per_second()
    flops = ranker_flops(ranker, CANDIDATES)

    def retrieve(i: int) -> Candidates:
        alone = queries.slice(i, i + 1)
        return retriever.retrieve(alone, CANDIDATES, blocked=alone.seen())

    candidates = retrieve(0)
    result = {
        "faiss_ms": 1e3 * median(lambda i: embedding.index.search(vectors[i : i + 1], CANDIDATES), len(vectors)),
        "gemm_gflops": speed / 1e9,
        "ranker_mflop": flops / 1e6,
        "ranker_flops_ms": 1e3 * flops / speed,
        "ranker_compiled_ms": 1e3 * compiled_seconds(ranker),
        "ranker_rank_ms": 1e3 * median(lambda i: ranker.rank(queries.slice(0, 1), candidates), QUERIES),
        "retriever_ms": 1e3 * median(retrieve, min(50, len(queries))),
        "ann_recall_at_500": recall_against_exact(embedding.index, vectors[:RECALL_QUERIES], RECALL_AT),
    }
    print(json.dumps(result))


def median(work: Callable[[int], object], times: int) -> float:
    """Seconds that `work(i)` takes, the median over `times` calls after a few to warm up."""
    for i in range(min(10, times)):
        work(i)
    return float(np.median(list(_timed(work, times))))


def gemm_flops_per_second() -> float:
    """What this core can do in a large product of float32 matrices: the best of some, a property of the machine."""
    a = np.random.default_rng(0).random((GEMM, GEMM), np.float32)
    return 2 * GEMM**3 / min(_timed(lambda _: a @ a, 30))


def ranker_flops(ranker: Ranker, candidates: int) -> float:
    """Multiplications and additions of the scorer for one request: its kernels, each as often as it is applied."""
    scorer = ranker.scorer
    total = 2.0 * candidates * sum(_size(layer) for layer in [*scorer.hidden, scorer.wide, scorer.deep])
    if scorer.reader is not None:
        total += 2.0 * (HISTORY * _size(scorer.reader.lstm) + _size(scorer.intent))
    return total


def compiled_seconds(ranker: Ranker) -> float:
    """The scorer as one compiled function of fixed shape, on inputs that are there already."""
    import tensorflow as tf  # late: `ranking` has loaded it quietly

    dim, width = ranker.item_vectors.shape[1], len(ranker.scaling.mean)
    score = tf.function(lambda *x: ranker.scorer.score(*x), jit_compile=True, autograph=False)
    draw = np.random.default_rng(0).standard_normal
    inputs = (
        tf.constant(draw((1, HISTORY, dim), np.float32)),
        tf.ones((1, HISTORY), tf.float32),
        tf.zeros((1, HISTORY), tf.int32),
        tf.zeros((1, HISTORY), tf.int32),
        tf.constant(draw((1, CANDIDATES, dim), np.float32)),
        tf.constant(draw((1, CANDIDATES, width), np.float32)),
    )
    return median(lambda _: score(*inputs).numpy(), QUERIES)


def _size(layer: Any) -> int:
    """Entries of a layer's matrices."""
    return sum(int(np.prod(weight.shape)) for weight in layer.weights if len(weight.shape) == 2)


def _timed(work: Callable[[int], object], times: int) -> Iterator[float]:
    for i in range(times):
        begun = time.perf_counter()
        work(i)
        yield time.perf_counter() - begun


if __name__ == "__main__":
    main()
