"""The transformer of the sequence model in Keras; `sequence_encoders.transformer` does the same arithmetic in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_core.types import Float32s
from shortlist_layers.quiet_keras import keras, layers, ops
from shortlist_retrieval.sequence_encoders.encoder import DIM, EPSILON, LENGTH
from shortlist_retrieval.sequence_encoders.transformer import BLOCKS, HEADS, Transformer
from shortlist_retrieval.training.sequence_reader import SequenceReader

WIDE = 2 * DIM
"""Width of the gated layers."""


class Block(layers.Layer):
    """Attention to the steps before, and a gated layer; both are added to what they read."""

    def __init__(self, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.attention_norm = layers.LayerNormalization(epsilon=EPSILON)
        self.gated_norm = layers.LayerNormalization(epsilon=EPSILON)
        self.ask, self.read = layers.Dense(DIM, use_bias=False), layers.Dense(2 * DIM, use_bias=False)
        self.mix = layers.Dense(DIM, use_bias=False)
        self.widen, self.narrow = layers.Dense(2 * WIDE, use_bias=False), layers.Dense(DIM, use_bias=False)
        self.dropout = layers.Dropout(dropout)
        self.distance = self.add_weight(name="distance", shape=(LENGTH, HEADS), initializer="zeros")

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        for layer in (self.attention_norm, self.gated_norm, self.ask, self.read, self.mix, self.widen):
            layer.build((None, None, DIM))
        self.narrow.build((None, None, WIDE))
        self.built = True

    def call(self, x: Any, mask: Any, training: bool = False) -> Any:
        """`x` [batch, LENGTH, DIM]; `mask` [batch, 1, LENGTH, LENGTH] is 0 where a step may be read, else very low."""
        normed = self.attention_norm(x)
        keys, values = ops.split(self.read(normed), 2, axis=-1)
        asked, keys, values = (
            ops.reshape(each, (-1, LENGTH, HEADS, DIM // HEADS)) for each in (self.ask(normed), keys, values)
        )
        bias = ops.transpose(ops.take(self.distance, _DISTANCES, axis=0), (2, 0, 1))
        logits = ops.einsum("blhd,bmhd->bhlm", asked, keys) * (DIM // HEADS) ** -0.5 + bias[None] + mask
        mixed = ops.einsum("bhlm,bmhd->blhd", ops.softmax(logits), values)
        x = x + self.dropout(self.mix(ops.reshape(mixed, (-1, LENGTH, DIM))), training=training)
        gate, value = ops.split(self.widen(self.gated_norm(x)), 2, axis=-1)
        return x + self.dropout(self.narrow(ops.silu(gate) * value), training=training)


class TransformerReader(SequenceReader):
    """Blocks one above the other, which attend to the steps before of the same user."""

    encoder = Transformer

    def __init__(self, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.blocks = [Block(dropout, name=f"block_{number}") for number in range(BLOCKS)]

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        for block in self.blocks:
            block.build()
        self.built = True

    def call(self, x: Any, users: Any, training: bool = False) -> Any:
        """What is known after each step, float32 [batch, LENGTH, DIM]."""
        same = ops.equal(ops.expand_dims(users, 2), ops.expand_dims(users, 1))
        mask = ops.expand_dims(ops.where(ops.logical_and(same, _EARLIER), 0.0, -1e9), 1)
        for block in self.blocks:
            x = block(x, mask, training=training)
        return x

    def weights_by_name(self) -> dict[str, Float32s]:
        """The weights by the names that the encoder uses."""
        weights: dict[str, Any] = {}
        for number, block in enumerate(self.blocks):
            weights |= {
                f"{number}.attention.scale": block.attention_norm.gamma,
                f"{number}.attention.shift": block.attention_norm.beta,
                f"{number}.ask": block.ask.kernel,
                f"{number}.read": block.read.kernel,
                f"{number}.mix": block.mix.kernel,
                f"{number}.distance": block.distance,
                f"{number}.gated.scale": block.gated_norm.gamma,
                f"{number}.gated.shift": block.gated_norm.beta,
                f"{number}.widen": block.widen.kernel,
                f"{number}.narrow": block.narrow.kernel,
            }
        return {name: keras.ops.convert_to_numpy(value) for name, value in weights.items()}


_DISTANCES = np.maximum(np.arange(LENGTH)[:, None] - np.arange(LENGTH), 0).astype(np.int32)
_EARLIER = (np.arange(LENGTH)[:, None] >= np.arange(LENGTH))[None]
