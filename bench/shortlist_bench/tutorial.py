"""The control: a two-stage recommender as tutorials build it, on the same bundle.

Keras `predict` on every request, an exact FAISS index, gRPC's thread pool, one request at a time. It does less than
Shortlist: one source instead of twelve, no live events, no rules, no reasons, and zeros where the ranker's signals go.
"""

from __future__ import annotations

import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss as wrapped_faiss
import grpc
import keras
import numpy as np
from shortlist.v1.recommendation_service_pb2 import RecommendRequest, RecommendResponse
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)

from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable
from shortlist_layers.history import latest
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.sources.two_tower import TwoTower

faiss: Any = wrapped_faiss


class Model(keras.Model):
    """The bundle's scorer, called the way `predict` calls."""

    def __init__(self, ranker: Ranker) -> None:
        super().__init__()
        self.scorer = ranker.scorer

    def call(self, inputs: dict[str, Any]) -> Any:
        """Logits [batch, candidates]."""
        names = ("history", "present", "types", "gaps", "candidates", "features")
        return self.scorer.score(*(inputs[name] for name in names))


class Tutorial(RecommendationServiceServicer):
    """Recommend alone."""

    def __init__(self, bundles: Path) -> None:
        bundle = BundleStore(bundles).load()
        self.items, self.histories = ItemTable.load(bundle), Histories.load(bundle)
        self.tower, self.ranker = TwoTower.load(bundle, "two_tower"), Ranker.load(bundle)
        self.model, self.lock = Model(self.ranker), threading.Lock()
        self.index = faiss.IndexFlatIP(self.tower.index.dim)
        self.index.add(np.ascontiguousarray(self.tower.index.take(np.arange(len(self.tower.index)))))

    def Recommend(self, request: RecommendRequest, context: grpc.ServicerContext) -> RecommendResponse:
        """The best `count` of the nearest `candidate_count` items."""
        with self.lock:
            queries = self.histories.queries([request.user_id])
            found = self.index.search(self.tower.encode(queries), request.candidate_count)[1][0]
            history, present, types, gaps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
            inputs = {
                "history": self.ranker.item_vectors[history],
                "present": present,
                "types": types,
                "gaps": gaps,
                "candidates": self.ranker.item_vectors[found][None],
                "features": np.zeros((1, len(found), len(self.ranker.scaling.mean)), np.float32),
            }
            scores = self.model.predict(inputs, verbose=0)[0]
        response = RecommendResponse()
        for place in np.argsort(-scores)[: request.count].tolist():
            row = int(found[place])
            response.items.add(item_id=self.items.ids[row], title=self.items.titles[row], score=float(scores[place]))
        return response


def main() -> None:
    """Serve on a free port until SIGTERM."""
    server = grpc.server(ThreadPoolExecutor(10))
    add_RecommendationServiceServicer_to_server(Tutorial(Path(sys.argv[1])), server)  # type: ignore[abstract]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"SERVING on 127.0.0.1:{port}: tutorial", flush=True)
    signal.sigwait({signal.SIGTERM})
    server.stop(1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main()
