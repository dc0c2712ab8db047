"""The sequence model in Keras: predicts from each step of a history what came next, with a reader of steps inside.

`sources.sequence` does the same arithmetic in numpy.
"""

from __future__ import annotations

from typing import Any

from shortlist_core.types import EventType, Float32s
from shortlist_layers.quiet_keras import keras, layers, ops
from shortlist_retrieval.sequence_encoders.encoder import DIM, EPSILON
from shortlist_retrieval.sources.sequence_steps import MOMENTS, PAUSES
from shortlist_retrieval.training.sequence_reader import SequenceReader
from shortlist_retrieval.training.towers import sampled_softmax_loss


class SequenceModel(keras.Model):
    """A reader between inputs and end, and the loss that trains it. Inputs are the batches of `sequence_batches`."""

    def __init__(self, n_items: int, reader: type[SequenceReader], dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = layers.Embedding(n_items, DIM, embeddings_initializer=keras.initializers.RandomNormal(0.0, 0.05))
        self.types = layers.Embedding(len(EventType), DIM, embeddings_initializer="zeros")
        self.pauses = layers.Embedding(PAUSES, DIM, embeddings_initializer="zeros")
        self.moments = layers.Embedding(2 * MOMENTS, DIM, embeddings_initializer="zeros")
        self.reader = reader(dropout)
        self.end = layers.LayerNormalization(epsilon=EPSILON)
        self.dropout = layers.Dropout(dropout)

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        for embedding in (self.items, self.types, self.pauses, self.moments):
            embedding.build(None)
        self.reader.build((None, None, DIM))
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
        return self.end(self.reader(x, users, training=training))

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
        return {name: ops.convert_to_numpy(value) for name, value in weights.items()} | self.reader.weights_by_name()
