"""Outputs of a scorer for examples, and its item vectors, as serving reads them: without dropout."""

from __future__ import annotations

import numpy as np

from shortlist_core.types import Float32s
from shortlist_layers.item_features import ItemFeatures, item_inputs
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.compiled_scorer import as_graph
from shortlist_ranking.examples import Examples, Scaling
from shortlist_ranking.scorer import Scorer


def item_vectors(scorer: Scorer, items: ItemFeatures, block: int = 4_096) -> Float32s:
    """Every item's vector, float32 [items, dim], as serving reads them: without dropout."""
    starts = range(0, len(items), block)
    blocks = (item_inputs(items, np.arange(a, min(a + block, len(items)))) for a in starts)
    return np.concatenate([keras.ops.convert_to_numpy(scorer.item_vectors(inputs)) for inputs in blocks])


def score_examples(scorer: Scorer, examples: Examples, vectors: Float32s, scaling: Scaling) -> Float32s:
    """Logits of being taken, float32 [queries, n]."""
    return outputs_of(scorer, examples, vectors, scaling)[0]


def outputs_of(
    scorer: Scorer, examples: Examples, vectors: Float32s, scaling: Scaling, block: int = 256
) -> tuple[Float32s, Float32s]:
    """Logits of being taken, float32 [queries, n], and of actions, float32 [queries, n, actions]."""
    n, n_actions = examples.candidates.shape[1], scorer.config.n_actions
    parts, score = [np.zeros((0, n, 1 + n_actions), np.float32)], as_graph(scorer)
    for start in range(0, len(examples), block):
        e = examples.select(np.arange(start, min(start + block, len(examples))))
        logits = score(
            vectors[e.history],
            e.present,
            e.types,
            e.gaps,
            vectors[np.maximum(e.candidates, 0)],
            scaling.apply(e.features),
        )
        parts.append(keras.ops.convert_to_numpy(logits).reshape(len(e), n, 1 + n_actions))
    outputs = np.concatenate(parts)
    return np.ascontiguousarray(outputs[..., 0]), outputs[..., 1:]
