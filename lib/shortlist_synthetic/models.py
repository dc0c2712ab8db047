"""Models of a synthetic bundle: the real architectures with untrained weights."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s, Queries
from shortlist_layers.item_encoder import ItemEncoder
from shortlist_layers.item_encoding import ItemEncoding
from shortlist_layers.item_features import ItemFeatures
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.examples import Scaling
from shortlist_ranking.features.matrix import feature_matrix, feature_names
from shortlist_ranking.item_facts import ItemFacts
from shortlist_ranking.ranker import Ranker
from shortlist_ranking.scorer import Scorer, ScorerConfig
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.two_tower import DIM
from shortlist_retrieval.training.towers import UserTower

CANDIDATES = 500
CALIBRATION = (1.0, -3.0)


def user_tower(seed: int) -> dict[str, Float32s]:
    """An untrained user tower, whose output is about the mean of the history."""
    keras.utils.set_random_seed(seed)
    tower = UserTower()
    tower.build()
    return tower.weights_by_name()


def item_tower(items: ItemFeatures, seed: int) -> ItemEncoding:
    """An untrained item tower of the real shape, so that new items have vectors, though meaningless ones."""
    keras.utils.set_random_seed(seed)
    encoder = ItemEncoder(0, items.words.size, items.n_categories, DIM, seed=seed)
    encoder.build()
    return encoder.encoding()


def ranker(
    items: ItemFeatures, vectors: Float32s, facts: ItemFacts, retriever: Retriever, sample: Queries, seed: int
) -> Ranker:
    """A ranker that orders about as stage one does; its scaling is fitted on the candidates of the queries `sample`."""
    names = feature_names(retriever.sources)
    config = ScorerConfig(len(items), items.words.size, items.n_categories, len(names), seed=seed)
    keras.utils.set_random_seed(seed)
    scorer = Scorer(config)
    scorer.build()
    scaling = _scaling(retriever, facts, sample)
    start = np.pad(retriever.fusion.weights, (0, len(names) - len(retriever.fusion.weights)))
    scorer.wide.set_weights([(start * scaling.spread)[:, None]])
    deep, bias = scorer.deep.get_weights()
    scorer.deep.set_weights([np.random.default_rng(seed).normal(0, 0.05, deep.shape).astype(np.float32), bias])
    return Ranker(scorer, scaling, facts, vectors, CALIBRATION)


def _scaling(retriever: Retriever, facts: ItemFacts, sample: Queries) -> Scaling:
    candidates = retriever.retrieve(sample, CANDIDATES, blocked=sample.seen())
    rows = feature_matrix(sample, candidates, facts)[candidates.valid]
    return Scaling(rows.mean(axis=0), rows.std(axis=0), rows.min(axis=0), rows.max(axis=0))
