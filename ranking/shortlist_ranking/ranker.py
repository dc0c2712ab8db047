"""Ranker: scores candidates with a published scorer, which is compiled for fixed shapes."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.catalog import CatalogItem
from shortlist_core.errors import BundleRefusedError
from shortlist_core.types import Candidates, Float32s, Int32s, Queries
from shortlist_kernels.halves import HalfVectors, restored, shrunk, write_vectors
from shortlist_kernels.ranking import calibrate
from shortlist_layers.history import latest
from shortlist_layers.new_items import NewItems
from shortlist_ranking.actions import Actions
from shortlist_ranking.blend import EVEN, blended
from shortlist_ranking.compiled_scorer import CompiledScorer, on_gpu
from shortlist_ranking.examples import Scaling
from shortlist_ranking.features.feature import Feature
from shortlist_ranking.features.matrix import write_features
from shortlist_ranking.features.registry import FEATURES, UNSAID, features_named
from shortlist_ranking.item_facts import ItemFacts
from shortlist_ranking.scorer import Scorer, ScorerConfig
from shortlist_ranking.train import TrainedScorer

SHAPES = ((1, 128), (1, 256), (1, 512), (2, 512), (4, 128), (4, 512))
GPU_SHAPES = ((1, 512), (4, 512), (16, 512), (64, 512))
"""Shapes that the scorer is compiled for: requests, and candidates of each, that are scored at once.

Smaller batches are padded to the next shape, larger ones are scored in parts. On a CPU, larger batches would not make a
request faster and would take more of the cache.
"""


class Ranker:
    """Scores candidates with a published scorer.

    It reads no text: items are the vectors that were computed when the bundle was published.
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
        new_item_weights: Float32s | None = None,
        stage_one_level: float = 0.0,
        features: tuple[Feature, ...] = FEATURES,
        share: float = 1.0,
        absent_after: float = np.inf,
        actions: Actions | None = None,
    ) -> None:
        self.actions = actions or Actions.none()
        self.scorer, self.scaling, self.facts = scorer, scaling, facts
        self.item_vectors, self.calibration = item_vectors, calibration
        self._new, self._published = new, published  # item vectors as published, before any changed
        self._encoding = scorer.items.encoding()
        no_weights = np.zeros(len(scaling.mean) + 1, np.float32)
        self.new_item_weights = no_weights if new_item_weights is None else new_item_weights
        self.stage_one_level, self.features, self.share = stage_one_level, features, share
        self.absent_after = absent_after
        self._gpu = on_gpu()
        self._shapes = GPU_SHAPES if self._gpu else SHAPES
        self._compiled: dict[tuple[int, int], CompiledScorer] = {}  # by shape
        self._scoring = threading.Lock()  # held from writing a compiled scorer's inputs until its logits are read

    @classmethod
    def of(cls, trained: TrainedScorer, facts: ItemFacts, absent_after: float = np.inf) -> Ranker:
        """A ranker of a scorer that was just trained; how long users are away who count as absent, microseconds."""
        return cls(
            trained.scorer,
            trained.scaling,
            facts,
            trained.vectors,
            trained.calibration,
            new_item_weights=trained.new_item_weights,
            stage_one_level=trained.stage_one_level,
            share=trained.blend.share,
            absent_after=absent_after,
            actions=trained.actions,
        )

    def rank(self, queries: Queries, candidates: Candidates) -> Float32s:
        """Calibrated probabilities that the user takes each candidate, float32 [batch, n], -inf where padded.

        A candidate's score depends on the query and the candidate alone, not on other candidates or queries. It is the
        blend of the scorer's logit and stage one's score that training chose, of users who have been away with stage
        one's half at least. Users without history keep stage one's scores, raised to the level of the logits, because
        the scorer learns from users with history alone.
        """
        return self._rank(queries, candidates, None)

    def rank_actions(self, queries: Queries, candidates: Candidates) -> tuple[Float32s, Float32s]:
        """What `rank` returns, and how likely each of `actions` is as a multiple of it, float32 [batch, n, actions]."""
        rates = self.facts.rates.of_candidates(candidates.items, self.actions.types)
        ratios = self.actions.ratios_for_strangers(rates)  # the scorer does not score those without history
        return self._rank(queries, candidates, ratios), ratios

    def _rank(self, queries: Queries, candidates: Candidates, ratios: Float32s | None) -> Float32s:
        """What `rank` returns; the actions of users with history are written into `ratios` where these are given."""
        scores = candidates.fused + np.float32(self.stage_one_level)
        with_history = np.flatnonzero(~queries.without_history)
        if len(with_history) == len(queries):
            self._score(queries, candidates, scores, ratios)
        elif len(with_history):
            rescored, of_actions = scores[with_history], None if ratios is None else ratios[with_history]
            self._score(queries.select(with_history), candidates.part(with_history), rescored, of_actions)
            scores[with_history] = rescored
            if ratios is not None:
                ratios[with_history] = of_actions
        calibrate(scores, np.ascontiguousarray(candidates.items), *map(np.float32, self.calibration))
        return scores

    def vectors(self, items: Int32s) -> Float32s:
        """Unit vectors of items, float32 [n, dim]: their inner products say how alike items are to the ranker."""
        vectors = self.item_vectors[items]
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))

    def put(self, rows: Int32s, items: Sequence[CatalogItem]) -> None:
        """Take in new or changed items, at distinct rows. Raises ValueError for a ranker loaded without spare rows.

        A published item's vector keeps the part that its id learned; the part that follows from its content is renewed.
        """
        if self._new is None or self._published is None:
            raise ValueError("the ranker was loaded without spare rows for new items")
        inputs = self._new.inputs(items)
        self.item_vectors[rows] = self._new.vectors(self._encoding, rows, inputs, self._published.__getitem__)
        self.facts.prices[rows] = inputs["prices"]

    def warm(self) -> None:
        """Compile the scorer for every shape, so that no request waits for it."""
        for shape in self._shapes:
            self._function(shape)()

    def write(self, writer: BundleWriter, at: str = "ranking") -> None:
        """Store weights, item vectors, scaling, calibration and actions under `at`; `ItemFacts.write` stores facts.

        Of the table of item ids, only the row that stands for no id is stored. The item vectors contain what the ids
        learned, and the table of a large catalogue would be most of a serving process's memory.
        """
        ids, config = self.scorer.items.ids.embeddings, replace(self.scorer.config, n_items=0)
        values = zip(self.scorer.weights, self.scorer.get_weights(), strict=True)
        weights = [value[:1] if variable is ids else value for variable, value in values]
        writer.weights(f"{at}/scorer", {f"{i:03d}": value for i, value in enumerate(weights)})
        writer.array(f"{at}/vectors", shrunk(self.item_vectors))
        for name in ("mean", "spread", "low", "high"):
            writer.array(f"{at}/{name}", getattr(self.scaling, name))
        writer.array(f"{at}/for_new", self.new_item_weights)
        self.actions.write(writer, at)
        writer.json(
            f"{at}/settings",
            {
                "scorer": config.to_json(),
                "calibration": self.calibration,
                "stage_one_level": self.stage_one_level,
                "share": self.share,
                "absent_after_micros": None if np.isinf(self.absent_after) else int(self.absent_after),
                "features": [feature.name for feature in self.features],
            },
        )

    @classmethod
    def load(cls, bundle: Bundle, at: str = "ranking", new: NewItems | None = None) -> Ranker:
        """The ranker that `write` stored, with spare rows for new items where `new` is given.

        Raises BundleRefusedError where weights do not fit their configuration, or a feature is unknown.
        """
        settings = bundle.json(f"{at}/settings")
        try:
            features = features_named(settings.get("features", UNSAID))
        except KeyError as error:
            raise BundleRefusedError(
                bundle.version, f"{at}/settings.json", f"names an unknown feature: {error}"
            ) from error
        scorer = Scorer(ScorerConfig.from_json(settings["scorer"]))
        scorer.build()
        stored = bundle.weights(f"{at}/scorer")
        try:
            scorer.set_weights([stored[name] for name in sorted(stored)])
        except ValueError as error:
            raise BundleRefusedError(bundle.version, f"{at}/scorer.safetensors", str(error).splitlines()[0]) from error
        scaling = Scaling(*(bundle.array(f"{at}/{name}") for name in ("mean", "spread", "low", "high")))
        slope, offset = settings["calibration"]
        published, spare_rows = bundle.array(f"{at}/vectors"), new.spare_rows if new else None
        vectors = published if new is None else bundle.array(f"{at}/vectors", spare_rows)
        facts = ItemFacts.load(bundle, spare_rows)
        level = settings.get("stage_one_level", 0.0)
        weights = bundle.array(f"{at}/for_new") if bundle.has(f"{at}/for_new") else None
        return cls(
            scorer,
            scaling,
            facts,
            restored(vectors),
            (slope, offset),
            new,
            restored(published),
            weights,
            level,
            features,
            settings.get("share", 1.0),
            settings.get("absent_after_micros") or np.inf,
            Actions.load(bundle, at),
        )

    def _score(self, queries: Queries, candidates: Candidates, scores: Float32s, ratios: Float32s | None) -> None:
        """Write blended logits into `scores`, float32 [batch, n], and what follows for actions into `ratios`."""
        batch, n = scores.shape
        most, widest = self._shapes[-1]
        rates, types = self.facts.rates, self.actions.types
        for rows in _parts(batch, most):
            of_rows = queries.slice(rows.start, rows.stop)
            of_users = None if ratios is None else rates.of_users(of_rows, types)
            for columns in _parts(n, widest):
                part = candidates.part(rows, columns)
                logits, of_actions = self._logits(of_rows, part)
                scores[rows, columns] = logits
                if ratios is not None and of_users is not None:
                    of_items = rates.of_candidates(part.items, types)
                    ratios[rows, columns] = self.actions.ratios(of_actions, of_items, of_users)

    def _logits(self, queries: Queries, candidates: Candidates) -> tuple[Float32s, Float32s]:
        """Blended logits float32 [batch, n] of a batch that fits the largest compiled shape, and those of actions."""
        (batch, n), features = candidates.items.shape, len(self.scaling.mean)
        items, *steps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
        with self._scoring:
            function = self._function(_smallest(self._shapes, batch, n))
            write_vectors(self.item_vectors, items, function.history)
            for target, values in zip((function.present, function.types, function.gaps), steps, strict=True):
                target[:batch] = values
            write_features(queries, candidates, self.facts, function.candidates, self.features)
            self.scaling.apply_within(function.candidates[:batch])
            write_vectors(self.item_vectors, candidates.items, function.candidates, features)
            fused = candidates.fused + np.float32(self.stage_one_level)
            outputs = function()[:batch, :n].reshape(batch, n, -1)
            logits = self._blended(queries, outputs[..., 0], fused)
            new = self.facts.untaken(candidates)
            if new.any():
                scaled = function.candidates[:batch, :n, :features][new]
                logits = logits.copy()
                logits[new] += scaled @ self.new_item_weights[:-1] + self.new_item_weights[-1]
        return logits, outputs[..., 1:]

    def _blended(self, queries: Queries, logits: Float32s, fused: Float32s) -> Float32s:
        """The blends of logits and stage one's scores, float32 [batch, n]."""
        blend = blended(self.share, logits, fused)
        if self.share > EVEN and (absent := queries.away > self.absent_after).any():
            blend = np.where(absent[:, None], blended(EVEN, logits, fused), blend)
        return blend

    def _function(self, shape: tuple[int, int]) -> CompiledScorer:
        if shape not in self._compiled:
            self._compiled[shape] = CompiledScorer(self.scorer, *shape, shared=not self._gpu)
        return self._compiled[shape]


def _smallest(shapes: Sequence[tuple[int, int]], batch: int, n: int) -> tuple[int, int]:
    """The smallest of the shapes that hold so many requests and candidates."""
    return min(((most, widest) for most, widest in shapes if batch <= most and n <= widest), key=math.prod)


def _parts(total: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, total)) for start in range(0, total, size)]
