"""The compiled scorer against the Keras model it was made of."""

import keras
import numpy as np
import pytest

from shortlist_ranking.compiled_scorer import CompiledScorer
from shortlist_ranking.scorer import Scorer, ScorerConfig

BATCH, N, ASKED, FEATURES, DIM = 4, 64, (3, 41), 7, 8


@pytest.fixture(scope="module", params=[True, False])
def scorer(request):
    scorer = Scorer(ScorerConfig(5, 9, 3, FEATURES, DIM, lstm_units=6, hidden=(16, 8), use_lstm=request.param))
    scorer.build()
    generator = np.random.default_rng(0)
    scorer.set_weights([generator.normal(0, 0.4, weight.shape) for weight in scorer.weights])
    return scorer


def drawn(seed):
    """Arguments of `Scorer.score` for as many queries and candidates as are asked for."""
    generator = np.random.default_rng(seed)
    batch, n = ASKED
    return {
        "history": generator.normal(size=(batch, 50, DIM)).astype(np.float32),
        "present": np.float32(np.arange(50) < [[50], [7], [0]]),
        "types": generator.integers(0, 9, (batch, 50)).astype(np.int32),
        "gaps": generator.integers(0, 16, (batch, 50)).astype(np.int32),
        "candidates": generator.normal(size=(batch, n, DIM)).astype(np.float32),
        "features": generator.normal(size=(batch, n, FEATURES)).astype(np.float32),
    }


def logits(compiled, inputs):
    batch, n = ASKED
    for name in ("history", "present", "types", "gaps"):
        getattr(compiled, name)[:batch] = inputs[name]
    compiled.candidates[:batch, :n, :FEATURES] = inputs["features"]
    compiled.candidates[:batch, :n, FEATURES:] = inputs["candidates"]
    return compiled()[:batch, :n].copy()


def plain(scorer, inputs):
    return keras.ops.convert_to_numpy(scorer.score(**inputs))


@pytest.mark.parametrize("shared", [True, False])
def test_it_computes_what_the_model_does_whatever_lies_beyond(scorer, shared):
    compiled = CompiledScorer(scorer, BATCH, N, shared)
    for memory in (compiled.history, compiled.candidates):
        memory[:] = np.nan
    for seed in range(3):  # the same memory again and again
        inputs = drawn(seed)
        assert logits(compiled, inputs) == pytest.approx(plain(scorer, inputs), abs=1e-4)


def test_its_weights_are_those_of_when_it_was_compiled(scorer):
    compiled, inputs, weights = CompiledScorer(scorer, BATCH, N), drawn(0), scorer.get_weights()
    before = logits(compiled, inputs)
    scorer.set_weights([weight + 1 for weight in weights])
    assert np.array_equal(logits(compiled, inputs), before)
    scorer.set_weights(weights)
