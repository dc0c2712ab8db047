"""The ranker's model code on whatever accelerator JAX finds: trains, scores, compares with the CPU, and times it.

    KERAS_BACKEND=jax python bench/shortlist_bench/gpu_parity.py [--steps 20] [--seconds 2]

Needs nothing but keras, jax, numpy and numba: the model's files are read from the repository.
Exit status 1 where scores differ by more than TOLERANCE.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "ranking")]  # nothing of ours is installed there

import jax
import keras
import numpy as np

from shortlist_layers.history import GAPS, HISTORY
from shortlist_ranking.scorer import Scorer, ScorerConfig, listwise_loss

QUERIES, CANDIDATES = 64, 500
BATCHES = (1, 4, 16, 64)
ITEMS, VOCABULARY, CATEGORIES, TOKENS, FEATURES = 5_000, 2_000, 60, 16, 30
TOLERANCE = 1e-3


def main() -> int:
    """Train, compare, time."""
    parser = argparse.ArgumentParser(description="The ranker on JAX's accelerator against the CPU.")
    parser.add_argument("--steps", type=int, default=20, help="of training")
    parser.add_argument("--seconds", type=float, default=2.0, help="of timing per batch size")
    options = parser.parse_args()
    accelerator, cpu = jax.devices()[0], jax.devices("cpu")[0]
    print(f"keras {keras.__version__} on {keras.backend.backend()} {jax.__version__}, device {accelerator}")
    with jax.default_matmul_precision("float32"):  # GPUs round products to 10 bits by default
        scorer = trained(options.steps)
        weights = [np.asarray(weight) for weight in scorer.get_weights()]
        inputs = score_inputs(QUERIES)
        there = scores_on(accelerator, weights, inputs)
        here = scores_on(cpu, weights, inputs)
    worst = float(np.abs(there - here).max())
    print(
        f"{QUERIES} x {CANDIDATES} scores from {here.min():.2f} to {here.max():.2f}: they differ by {worst:.1e} at most"
    )
    for batch in BATCHES:
        print(f"batch {batch:3d}: {rate(accelerator, weights, batch, options.seconds):10,.0f} requests/s")
    if not worst <= TOLERANCE:
        print(f"more than {TOLERANCE}: the accelerator does not compute the same")
        return 1
    return 0


def trained(steps: int) -> Scorer:
    """A scorer after a few steps on random examples; the loss must be a number and fall."""
    scorer = new_scorer()
    scorer.compile(optimizer=keras.optimizers.Adam(1e-2), loss=listwise_loss)
    inputs, labels = training_batch()
    losses = [float(scorer.train_on_batch(inputs, labels)) for _ in range(steps)]
    print(f"{steps} steps of training: loss {losses[0]:.3f} -> {losses[-1]:.3f}")
    if not np.isfinite(losses).all() or losses[-1] >= losses[0]:
        sys.exit("training does not work on this device")
    return scorer


def new_scorer() -> Scorer:
    """The real architecture for a catalogue of made-up items."""
    keras.utils.set_random_seed(0)
    scorer = Scorer(ScorerConfig(ITEMS, VOCABULARY, CATEGORIES, FEATURES))
    scorer.build()
    return scorer


def training_batch() -> tuple[dict[str, Any], Any]:
    """32 queries of 100 candidates, five of which were taken: those whose first features are large."""
    draw, batch, n, distinct = np.random.default_rng(1), 32, 100, 1_024
    features = draw.standard_normal((batch, n, FEATURES)).astype(np.float32)
    place = np.argsort(np.argsort(-features[..., 0], axis=1), axis=1)
    inputs = {
        "ids": draw.integers(0, ITEMS, distinct).astype(np.int32),
        "tokens": draw.integers(0, VOCABULARY, (distinct, TOKENS)).astype(np.int32),
        "categories": draw.integers(0, CATEGORIES, (distinct, 4)).astype(np.int32),
        "prices": draw.standard_normal((distinct, 2)).astype(np.float32),
        "vectors": np.zeros((distinct, 0), np.float32),
        "candidates": draw.integers(0, distinct, (batch, n)).astype(np.int32),
        "history": draw.integers(0, distinct, (batch, HISTORY)).astype(np.int32),
        "features": features,
        **events(draw, batch),
    }
    return inputs, (place < 5).astype(np.float32)


def events(draw: np.random.Generator, batch: int) -> dict[str, Any]:
    """What the model reads of histories beside items."""
    lengths = draw.integers(0, HISTORY + 1, (batch, 1))
    return {
        "present": (np.arange(HISTORY) < lengths).astype(np.float32),
        "types": draw.integers(0, 9, (batch, HISTORY)).astype(np.int32),
        "gaps": draw.integers(0, GAPS, (batch, HISTORY)).astype(np.int32),
    }


def score_inputs(batch: int) -> list[Any]:
    """The arguments of `Scorer.score`."""
    draw, dim = np.random.default_rng(2), ScorerConfig(0, 0, 0, 0).dim
    history = draw.standard_normal((batch, HISTORY, dim)).astype(np.float32)
    candidates = draw.standard_normal((batch, CANDIDATES, dim)).astype(np.float32)
    features = draw.standard_normal((batch, CANDIDATES, FEATURES)).astype(np.float32)
    return [history, *events(draw, batch).values(), candidates, features]


def compiled(device: Any, weights: list[Any]) -> Callable[..., Any]:
    """`Scorer.score` as a compiled function on a device, with these weights on it."""
    with jax.default_device(device):
        scorer = new_scorer()
        scorer.set_weights(weights)
        variables = [jax.device_put(v.value, device) for v in scorer.variables]

        def score(values: list[Any], *inputs: Any) -> Any:
            mapping = list(zip(scorer.variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return scorer.score(*inputs)

        function = jax.jit(score)
    return lambda *inputs: function(variables, *inputs)


def scores_on(device: Any, weights: list[Any], inputs: list[Any]) -> Any:
    """Logits, float32 [batch, CANDIDATES]."""
    score = compiled(device, weights)
    return np.asarray(score(*(jax.device_put(x, device) for x in inputs)))


def rate(device: Any, weights: list[Any], batch: int, seconds: float) -> float:
    """Requests a second in batches of this size, inputs sent and scores fetched each time as a server does."""
    score, inputs = compiled(device, weights), score_inputs(batch)
    np.asarray(score(*(jax.device_put(x, device) for x in inputs)))  # compiles
    begun, calls = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        np.asarray(score(*(jax.device_put(x, device) for x in inputs)))
        calls += 1
    return calls * batch / passed


if __name__ == "__main__":
    sys.exit(main())
