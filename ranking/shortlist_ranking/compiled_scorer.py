"""The scorer as compiled by XLA for one batch size and one number of candidates, with input arrays of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np

from shortlist_core.types import Float32s
from shortlist_layers.history import HISTORY
from shortlist_layers.quiet_keras import keras
from shortlist_ranking.scorer import Scorer

# isort: split
import tensorflow as tf  # behind Keras, which loads it quietly

_LINE = 64
"""Bytes. Compiled functions read memory without a copy where it starts at a multiple of this."""


class CompiledScorer:
    """`Scorer.score` of one shape, with the weights that the scorer had when it was compiled.

    Its inputs are arrays that live as long as it does. The caller writes into them, then calls. Entries beyond the
    queries and candidates asked for do not influence the other logits, and may hold anything. One thread may use it at
    a time.

    `shared`: the function reads the input arrays directly, which only a CPU can. Otherwise they are copied at each
    call.
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

        item_weights = {id(weight) for weight in scorer.items.weights}  # not read by `score`
        weights = [(weight, np.asarray(weight)) for weight in scorer.weights if id(weight) not in item_weights]

        def score(numbers: Any) -> Any:
            read = {name: tf.reshape(numbers[span], shapes[name]) for name, span in spans.items()}
            features, vectors = tf.split(read["candidates"], [config.n_features, config.dim], axis=-1)
            types, gaps = tf.cast(read["types"], tf.int32), tf.cast(read["gaps"], tf.int32)
            # As constants, because variables are looked up and locked at each call.
            with keras.StatelessScope([(weight, tf.constant(value)) for weight, value in weights]):
                return scorer.score(read["history"], read["present"], types, gaps, vectors, features)

        self._score: Callable[[], Any]
        compiled = partial(tf.function, jit_compile=True, autograph=False)
        if shared:
            # The function captures one tensor over that memory. Making a tensor takes 10 to 20 us, a copy as long
            # again, and every argument of a call 25 us.
            numbers = _tensor_over(memory)
            self._score = compiled(lambda: score(numbers)).get_concrete_function()
        else:
            function = compiled(score).get_concrete_function(tf.TensorSpec(memory.shape, tf.float32))
            self._score = lambda: function(tf.constant(memory))

    def __call__(self) -> Float32s:
        """Logits of what the input arrays hold now, float32 [batch, n], read-only."""
        return np.asarray(self._score())


@lru_cache(maxsize=1)  # one scorer is asked after each epoch
def as_graph(scorer: Scorer) -> Callable[..., Any]:
    """`Scorer.score` as a graph, for any shapes and with the weights that the scorer has when it is called.

    Step by step, the LSTM would take most of the time.
    """
    return cast(Callable[..., Any], tf.function(scorer.score, autograph=False, reduce_retracing=True))


def on_gpu() -> bool:
    """Whether compiled functions run on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def _tensor_over(memory: Float32s) -> Any:
    numbers = tf.experimental.dlpack.from_dlpack(memory.__dlpack__())
    if not np.shares_memory(np.asarray(numbers), memory):  # later writes would never be read
        raise RuntimeError("this TensorFlow copies the scorer's inputs instead of sharing their memory")
    return numbers


def _aligned(size: int) -> Float32s:
    """Zeros float32 [size] whose memory starts at a multiple of _LINE bytes."""
    spare = np.zeros(size + _LINE // 4, np.float32)
    start = -spare.ctypes.data % _LINE // 4
    return spare[start : start + size]
