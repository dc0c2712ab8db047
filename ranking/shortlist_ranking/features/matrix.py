"""The features of a batch's candidates as one matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shortlist_core.types import Candidates, Float32s, Queries
from shortlist_ranking.features.feature import Feature, FeatureInputs
from shortlist_ranking.features.registry import FEATURES
from shortlist_ranking.item_facts import ItemFacts


def feature_names(sources: tuple[str, ...], features: Sequence[Feature] = FEATURES) -> list[str]:
    """The names of the matrix's columns, where stage one has these sources."""
    return [column for feature in features for column in feature.columns(sources)]


def feature_matrix(queries: Queries, candidates: Candidates, facts: ItemFacts) -> Float32s:
    """float32 [batch, n, columns] of all features, not yet scaled; padding must be masked by the reader."""
    matrix = np.empty((*candidates.items.shape, len(feature_names(candidates.sources))), np.float32)
    write_features(queries, candidates, facts, matrix)
    return matrix


def write_features(
    queries: Queries,
    candidates: Candidates,
    facts: ItemFacts,
    matrix: Float32s,
    features: Sequence[Feature] = FEATURES,
) -> None:
    """Write the features into the front of `matrix`, float32 with every axis as long as needed or longer."""
    inputs, at = FeatureInputs(queries, candidates, facts), 0
    for feature in features:
        feature.write(inputs, matrix, at)
        at += len(feature.columns(candidates.sources))
