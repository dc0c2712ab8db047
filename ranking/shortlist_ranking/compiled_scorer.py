"""The scorer as XLA compiles it: for one batch size and number of candidates, over memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from shortlist_core.types import Float32s
from shortlist_layers.history import HISTORY
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.scorer import Scorer

# isort: split
import tensorflow as tf  # behind Keras, which loads it quietly

_LINE = 64
"""Bytes; memory that begins at a multiple of so many is what compiled loops read without a copy."""


class CompiledScorer:
    """`Scorer.score` of one shape, with the weights that the scorer had when it was compiled.

    Its inputs are arrays that live as long as it does: whoever calls writes into them first. What lies beyond the
    queries and candidates that are asked for has no say in the others' logits, and may be anything. Used by one thread
    at a time.

    `shared`: whether the function reads that memory itself, as only a CPU can; else it is copied at each call.
    """

    def __init__(self, scorer: Scorer, batch: int, n: int, shared: bool = True) -> None:
        config = scorer.config
        shapes = {
            "history": (batch, HISTORY, config.dim),  # item vectors, newest first
            "present": (batch, HISTORY),  # 1 or 0
            "types": (batch, HISTORY),
            "gaps": (batch, HISTORY),
            "candidates": (batch, n, config.n_features + config.dim),  # scaled features, then the item's vector
        }
        ends = np.cumsum([np.prod(shape) for shape in shapes.values()]).tolist()
        spans = {name: slice(end - np.prod(shapes[name]), end) for name, end in zip(shapes, ends, strict=True)}
        memory = _aligned(ends[-1])
        views = {name: memory[span].reshape(shapes[name]) for name, span in spans.items()}
        self.history, self.present, self.types, self.gaps, self.candidates = views.values()

        item_weights = {id(weight) for weight in scorer.items.weights}  # which `score` does not read
        weights = [(weight, np.asarray(weight)) for weight in scorer.weights if id(weight) not in item_weights]

        def score(numbers: Any) -> Any:
            read = {name: tf.reshape(numbers[span], shapes[name]) for name, span in spans.items()}
            features, vectors = tf.split(read["candidates"], [config.n_features, config.dim], axis=-1)
            types, gaps = tf.cast(read["types"], tf.int32), tf.cast(read["gaps"], tf.int32)
            # As constants: variables are looked up and locked at each call.
            with keras.StatelessScope([(weight, tf.constant(value)) for weight, value in weights]):
                return scorer.score(read["history"], read["present"], types, gaps, vectors, features)

        self._score: Callable[[], Any]
        compiled = partial(tf.function, jit_compile=True, autograph=False)
        if shared:
            # One tensor that the function holds on to: to make one takes 10 to 20 us, a copy as long again, and every
            # argument of a call 25.
            numbers = _tensor_over(memory)
            self._score = compiled(lambda: score(numbers)).get_concrete_function()
        else:
            function = compiled(score).get_concrete_function(tf.TensorSpec(memory.shape, tf.float32))
            self._score = lambda: function(tf.constant(memory))

    def __call__(self) -> Float32s:
        """Logits of what the inputs hold, float32 [batch, n], not to be written to."""
        return np.asarray(self._score())


def on_gpu() -> bool:
    """Whether compiled functions run on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def _tensor_over(memory: Float32s) -> Any:
    numbers = tf.experimental.dlpack.from_dlpack(memory.__dlpack__())
    if not np.shares_memory(np.asarray(numbers), memory):  # what is written later would never be read
        raise RuntimeError("this TensorFlow copies the scorer's inputs instead of sharing their memory")
    return numbers


def _aligned(size: int) -> Float32s:
    """So many zeros."""
    spare = np.zeros(size + _LINE // 4, np.float32)
    start = -spare.ctypes.data % _LINE // 4
    return spare[start : start + size]
