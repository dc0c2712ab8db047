"""Stage two as it serves: compiled loops write what the scorer reads, and the scorer is compiled for fixed shapes."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.compiled import compiled
from shortlist_core.errors import BundleRefusedError
from shortlist_core.halves import HalfVectors, restored, shrunk, write_vectors
from shortlist_core.types import NO_ITEM, Candidates, Float32s, Int32s, Queries
from shortlist_layers.history import latest
from shortlist_layers.new_items import NewItems
from shortlist_ranking.compiled_scorer import CompiledScorer, on_gpu
from shortlist_ranking.examples import Scaling
from shortlist_ranking.features import ItemFacts, untaken, write_features
from shortlist_ranking.scorer import Scorer, ScorerConfig
from shortlist_ranking.train import TrainedScorer

SHAPES = ((1, 128), (1, 256), (1, 512), (2, 512), (4, 128), (4, 512))
GPU_SHAPES = ((1, 512), (4, 512), (16, 512), (64, 512))
"""How many requests of how many candidates are scored at once: what is compiled, and there is no more. Others are
padded to the next or scored in parts. On a CPU a request of a larger batch takes as long, and more of the cache.
"""


class Ranker:
    """Scores candidates with a published scorer.

    No text is read here: items come as the vectors that were computed when the bundle was published.
    """

    def __init__(
        self,
        scorer: Scorer,
        scaling: Scaling,
        facts: ItemFacts,
        item_vectors: Float32s | HalfVectors,
        calibration: tuple[float, float],
        new: NewItems | None = None,
        published: Float32s | HalfVectors | None = None,
        for_new: Float32s | None = None,
        stage_one_level: float = 0.0,
    ) -> None:
        self.scorer, self.scaling, self.facts = scorer, scaling, facts
        self.item_vectors, self.calibration = item_vectors, calibration
        self._new, self._published = new, published  # the item vectors as they were before any of them changed
        self._encoding = scorer.items.encoding()
        self.for_new = np.zeros(len(scaling.mean) + 1, np.float32) if for_new is None else for_new
        self.stage_one_level = stage_one_level
        self._gpu = on_gpu()
        self._shapes = GPU_SHAPES if self._gpu else SHAPES
        self._compiled: dict[tuple[int, int], CompiledScorer] = {}  # by shape
        self._scoring = threading.Lock()  # held from writing a compiled scorer's inputs until it has read them

    @classmethod
    def of(cls, trained: TrainedScorer, facts: ItemFacts) -> Ranker:
        """A ranker straight from training."""
        return cls(
            trained.scorer,
            trained.scaling,
            facts,
            trained.vectors,
            trained.calibration,
            for_new=trained.for_new,
            stage_one_level=trained.stage_one_level,
        )

    def rank(self, queries: Queries, candidates: Candidates) -> Float32s:
        """Calibrated probabilities that the user takes each candidate, float32 [batch, n], -inf where padded.

        A candidate's score depends on the query and the candidate alone, not on its neighbours or the batch. For users
        without a history, of whom the scorer has learned nothing, it is stage one's, at the level of the others'.
        """
        scores = candidates.fused + np.float32(self.stage_one_level)
        known = np.flatnonzero(~queries.strangers)
        if len(known) == len(queries):
            self._score(queries, candidates, scores)
        elif len(known):
            some = scores[known]
            self._score(queries.select(known), candidates.part(known), some)
            scores[known] = some
        _calibrate(scores, np.ascontiguousarray(candidates.items), *map(np.float32, self.calibration))
        return scores

    def vectors(self, items: Int32s) -> Float32s:
        """Unit vectors of items, float32 [n, dim]: how alike the ranker sees them."""
        own = self.item_vectors[items]
        return np.asarray(own / np.maximum(np.linalg.norm(own, axis=-1, keepdims=True), 1e-9))

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in items that came or changed, at distinct rows; only a ranker loaded with room for them can.

        What the id of a published item says stays, and is added to what its content says now.
        """
        if self._new is None or self._published is None:
            raise ValueError("the ranker was loaded without room for new items")
        inputs = self._new.inputs(items)
        self.item_vectors[rows] = self._new.vectors(self._encoding, rows, inputs, self._published.__getitem__)
        self.facts.prices[rows] = inputs["prices"]

    def warm(self) -> None:
        """Compile everything, so that no caller waits for it, whatever is asked for."""
        for shape in self._shapes:
            self._function(shape)()

    def write(self, writer: BundleWriter, at: str = "ranking") -> None:
        """Store weights, item vectors, scaling and calibration under `at`; the facts have a place of their own.

        Of the table of item ids only the row that stands for none: what the ids say is in the item vectors, and a table
        of a large catalogue would be most of a serving process.
        """
        ids, config = self.scorer.items.ids.embeddings, replace(self.scorer.config, n_items=0)
        values = zip(self.scorer.weights, self.scorer.get_weights(), strict=True)
        weights = [value[:1] if variable is ids else value for variable, value in values]
        writer.weights(f"{at}/scorer", {f"{i:03d}": value for i, value in enumerate(weights)})
        writer.array(f"{at}/vectors", shrunk(self.item_vectors))
        for name in ("mean", "spread", "low", "high"):
            writer.array(f"{at}/{name}", getattr(self.scaling, name))
        writer.array(f"{at}/for_new", self.for_new)
        writer.json(
            f"{at}/settings",
            {"scorer": config.to_json(), "calibration": self.calibration, "stage_one_level": self.stage_one_level},
        )

    @classmethod
    def load(cls, bundle: Bundle, at: str = "ranking", new: NewItems | None = None) -> Ranker:
        """The ranker that `write` stored, with room for new items where they are given.

        Raises BundleRefusedError where weights do not fit their configuration.
        """
        settings = bundle.json(f"{at}/settings")
        scorer = Scorer(ScorerConfig.from_json(settings["scorer"]))
        scorer.build()
        stored = bundle.weights(f"{at}/scorer")
        try:
            scorer.set_weights([stored[name] for name in sorted(stored)])
        except ValueError as error:
            raise BundleRefusedError(bundle.version, f"{at}/scorer.safetensors", str(error).splitlines()[0]) from error
        scaling = Scaling(*(bundle.array(f"{at}/{name}") for name in ("mean", "spread", "low", "high")))
        slope, offset = settings["calibration"]
        vectors, room = bundle.array(f"{at}/vectors"), new.room if new else None
        own = vectors if new is None else bundle.array(f"{at}/vectors", room)
        facts = ItemFacts.load(bundle, room)
        level = settings.get("stage_one_level", 0.0)
        for_new = bundle.array(f"{at}/for_new") if bundle.has(f"{at}/for_new") else None
        return cls(scorer, scaling, facts, restored(own), (slope, offset), new, restored(vectors), for_new, level)

    def _score(self, queries: Queries, candidates: Candidates, scores: Float32s) -> None:
        """Write logits into `scores`, float32 [batch, n]."""
        batch, n = scores.shape
        most, widest = self._shapes[-1]
        for rows in _parts(batch, most):
            for columns in _parts(n, widest):
                some = queries.slice(rows.start, rows.stop)
                scores[rows, columns] = self._logits(some, candidates.part(rows, columns))

    def _logits(self, queries: Queries, candidates: Candidates) -> Float32s:
        """Of as many as are compiled at most, float32 [batch, n]."""
        (batch, n), features = candidates.items.shape, len(self.scaling.mean)
        items, *steps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
        with self._scoring:
            function = self._function(_smallest(self._shapes, batch, n))
            write_vectors(self.item_vectors, items, function.history)
            for place, step in zip((function.present, function.types, function.gaps), steps, strict=True):
                place[:batch] = step
            write_features(queries, candidates, self.facts, function.candidates)
            self.scaling.apply_within(function.candidates[:batch])
            write_vectors(self.item_vectors, candidates.items, function.candidates, features)
            logits = function()[:batch, :n]
            new = untaken(candidates, self.facts)
            if new.any():
                scaled = function.candidates[:batch, :n, :features][new]
                logits = logits.copy()
                logits[new] += scaled @ self.for_new[:-1] + self.for_new[-1]
        return logits

    def _function(self, shape: tuple[int, int]) -> CompiledScorer:
        if shape not in self._compiled:
            self._compiled[shape] = CompiledScorer(self.scorer, *shape, shared=not self._gpu)
        return self._compiled[shape]


def _smallest(shapes: Sequence[tuple[int, int]], batch: int, n: int) -> tuple[int, int]:
    """The least of the shapes that hold so many requests and candidates."""
    return min(((most, widest) for most, widest in shapes if batch <= most and n <= widest), key=math.prod)


def _parts(total: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]


@compiled
def _calibrate(scores: Float32s, items: Int32s, slope: np.float32, offset: np.float32) -> None:
    """Make probabilities of logits in place, -inf where padded."""
    for i in range(items.shape[0]):
        for j in range(items.shape[1]):
            logit = min(max(slope * scores[i, j] + offset, np.float32(-60)), np.float32(60))
            probability = np.float32(1) / (np.float32(1) + np.float32(math.exp(-logit)))
            scores[i, j] = probability if items[i, j] != NO_ITEM else np.float32(-np.inf)
