"""The sequence model in Keras: a causal transformer that predicts from each step of a history what came next.

`sources.sequence` names its sources and does the same arithmetic in numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shortlist_core.types import EventType, Float32s
from shortlist_layers.quiet_keras import keras, layers, ops
from shortlist_retrieval.sources.sequence import BLOCKS, DIM, EPSILON, HEADS, LENGTH
from shortlist_retrieval.sources.sequence_steps import MOMENTS, PAUSES
from shortlist_retrieval.training.towers import sampled_softmax_loss

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


class SequenceModel(keras.Model):
    """The transformer, and the loss that trains it. Inputs are the batches of `sequence_batches`."""

    def __init__(self, n_items: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = layers.Embedding(n_items, DIM, embeddings_initializer=keras.initializers.RandomNormal(0.0, 0.05))
        self.types = layers.Embedding(len(EventType), DIM, embeddings_initializer="zeros")
        self.pauses = layers.Embedding(PAUSES, DIM, embeddings_initializer="zeros")
        self.moments = layers.Embedding(2 * MOMENTS, DIM, embeddings_initializer="zeros")
        self.blocks = [Block(dropout, name=f"block_{number}") for number in range(BLOCKS)]
        self.end = layers.LayerNormalization(epsilon=EPSILON)
        self.dropout = layers.Dropout(dropout)

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        for embedding in (self.items, self.types, self.pauses, self.moments):
            embedding.build(None)
        for block in self.blocks:
            block.build()
        self.end.build((None, None, DIM))
        self.built = True

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """The weighted loss of each step, float32 [batch * LENGTH]. Weights are 1 on average."""
        read = self.read(
            batch["items"], batch["types"], batch["pauses"], batch["moments"], batch["users"], training=training
        )
        read = ops.take_along_axis(read, ops.expand_dims(batch["sources"], -1), axis=1)
        read = ops.reshape(read, (-1, DIM))
        targets, weights = ops.reshape(batch["items"], (-1,)), ops.reshape(batch["weights"], (-1,))
        if "all_items" in batch:
            logits = ops.matmul(read, ops.transpose(self.items(batch["all_items"])))
            right = ops.sum(read * self.items(targets), axis=-1)
            return weights * (ops.logsumexp(logits, axis=-1) - right)
        columns = ops.concatenate([targets, batch["negatives"]])
        logits = ops.matmul(read, ops.transpose(self.items(columns)))
        return weights * sampled_softmax_loss(logits, columns, ops.take(batch["log_q"], columns))

    def read(self, items: Any, types: Any, pauses: Any, moments: Any, users: Any, training: bool = False) -> Any:
        """What is known after each step, float32 [batch, LENGTH, DIM]. Steps of one row may be of several `users`."""
        x = self.items(items) * DIM**0.5 + self.types(types) + self.pauses(pauses) + self.moments(moments)
        x = self.dropout(x, training=training)
        same = ops.equal(ops.expand_dims(users, 2), ops.expand_dims(users, 1))
        mask = ops.expand_dims(ops.where(ops.logical_and(same, _EARLIER), 0.0, -1e9), 1)
        for block in self.blocks:
            x = block(x, mask, training=training)
        return self.end(x)

    def go_on(self, part: int) -> None:
        """Let all parts of time after this one begin with what is known of it."""
        moments = ops.convert_to_numpy(self.moments.embeddings).copy()
        moments[part + 1 :] = moments[part]
        self.moments.embeddings.assign(moments)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The mean of the losses that `call` returned."""
        return ops.mean(y_pred)

    def weights_by_name(self) -> dict[str, Float32s]:
        """The weights but those of the items, by the names that `SequenceSource` uses."""
        weights = {"types": self.types.embeddings, "pauses": self.pauses.embeddings, "moments": self.moments.embeddings}
        weights |= {"end.scale": self.end.gamma, "end.shift": self.end.beta}
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
        return {name: ops.convert_to_numpy(value) for name, value in weights.items()}


_DISTANCES = np.maximum(np.arange(LENGTH)[:, None] - np.arange(LENGTH), 0).astype(np.int32)
_EARLIER = (np.arange(LENGTH)[:, None] >= np.arange(LENGTH))[None]
