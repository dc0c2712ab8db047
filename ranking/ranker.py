"""Stage two as it serves: features in numpy, the scorer as a compiled function of fixed shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bundle.reader import Bundle
from bundle.writer import BundleWriter
from core.catalog import CatalogItem
from core.errors import BundleRefusedError
from core.halves import HalfVectors, restored, shrunk
from core.types import Candidates, Float32s, Int32s, Queries
from layers.history import HISTORY, latest
from layers.item_encoding import ItemEncoding
from layers.new_items import NewItems
from ranking.examples import Scaling
from ranking.features import ItemFacts, features, untaken
from ranking.scorer import Scorer, ScorerConfig
from ranking.train import TrainedScorer

WIDTHS = (64, 128, 256, 512, 1024, 2048)
"""Candidate counts that are compiled; a request is padded to the next. More are scored in parts."""

BATCHES = (1, 4, 16, 64)
"""Likewise for the number of requests."""


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
        self._encoding = ItemEncoding.of(scorer.items)
        self.for_new = np.zeros(len(scaling.mean) + 1, np.float32) if for_new is None else for_new
        self.stage_one_level = stage_one_level
        self._compiled: dict[tuple[int, int], Any] = {}  # by batch and width; each of one shape alone

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
        n = candidates.items.shape[1]
        scores = np.full((len(queries), n), -np.inf, np.float32)
        if not scores.size:
            return scores
        raw = features(queries, candidates, self.facts)
        scaled = self.scaling.apply(raw)
        history, present, types, gaps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
        for rows in _parts(len(queries), BATCHES[-1]):
            reader = self.item_vectors[history[rows]], present[rows], types[rows], gaps[rows]
            for columns in _parts(n, WIDTHS[-1]):
                items = np.maximum(candidates.items[rows, columns], 0)
                logits = self._run(*reader, self.item_vectors[items], scaled[rows, columns])
                scores[rows, columns] = logits
        new = untaken(candidates, self.facts)
        scores[new] += scaled[new] @ self.for_new[:-1] + self.for_new[-1]
        strangers = queries.strangers
        scores[strangers] = candidates.fused[strangers] + self.stage_one_level
        slope, offset = self.calibration
        probability = 1 / (1 + np.exp(-np.clip(slope * scores + offset, -60, 60)))
        return np.where(candidates.valid, probability, -np.inf).astype(np.float32)

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
        """Compile what a lone request of usual size needs, so that the first caller does not wait for it."""
        dim, width = self.item_vectors.shape[1], len(self.scaling.mean)
        for n in WIDTHS[:4]:
            self._run(
                np.zeros((1, HISTORY, dim), np.float32),
                np.zeros((1, HISTORY), np.float32),
                np.zeros((1, HISTORY), np.int32),
                np.zeros((1, HISTORY), np.int32),
                np.zeros((1, n, dim), np.float32),
                np.zeros((1, n, width), np.float32),
            )

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

    def _run(self, *inputs: Any) -> Float32s:
        """Pad [batch, ...] and the candidates' axis to compiled sizes, score, cut back."""
        batch, n = inputs[5].shape[:2]
        shape = _next(BATCHES, batch), _next(WIDTHS, n)
        padded = [_padded(x, shape[0], *x.shape[1:]) for x in inputs[:4]]
        padded += [_padded(x, *shape, *x.shape[2:]) for x in inputs[4:]]
        tensors = [tf.constant(x) for x in padded]
        if shape not in self._compiled:
            score = tf.function(lambda *x: self.scorer.score(*x), jit_compile=True, autograph=False)
            self._compiled[shape] = score.get_concrete_function(*(tf.TensorSpec(x.shape, x.dtype) for x in tensors))
        return np.asarray(self._compiled[shape](*tensors))[:batch, :n]


def _padded(array: npt.NDArray[Any], *shape: int) -> npt.NDArray[Any]:
    """With zeros behind in every direction, up to `shape`."""
    if array.shape == shape:
        return array
    padded = np.zeros(shape, array.dtype)
    padded[tuple(map(slice, array.shape))] = array
    return padded


def _next(sizes: tuple[int, ...], size: int) -> int:
    return next(s for s in sizes if s >= size)


def _parts(total: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
