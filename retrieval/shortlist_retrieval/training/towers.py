"""The two-tower model in Keras: items from their content and id, users from the items in their history.

The loss is a sampled softmax over the items of the batch and uniformly drawn items, corrected for how often each item
is sampled (Yi et al. 2019, Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations; Yang et al.
2020, Mixed Negative Sampling for Learning Two-tower Neural Networks in Recommendations).
"""

from __future__ import annotations

from typing import Any

from shortlist_core.types import EventType, Float32s
from shortlist_layers.history import GAPS, HISTORY
from shortlist_layers.item_encoder import ItemEncoder
from shortlist_layers.item_features import ITEM_INPUTS, ItemFeatures
from shortlist_layers.quiet_keras import keras, layers, ops
from shortlist_retrieval.sources.two_tower import DIM, HEADS


class UserTower(layers.Layer):
    """The user tower: mixes several weighted means of the history's item vectors into a vector, float32 [batch, DIM].

    Each head weighs an event by learned terms for its position from the end, its type and its age, so heads come to
    look at different time spans. A residual network mixes the means, so an untrained tower already returns a mean of
    the history. Vectors have no fixed length: they are longer where the tower is surer.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.places = layers.Embedding(HISTORY, HEADS)
        self.types = layers.Embedding(len(EventType), HEADS)
        self.gaps = layers.Embedding(GAPS, HEADS)
        self.hidden = layers.Dense(2 * DIM, activation="relu")
        self.mix = layers.Dense(DIM, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.01))

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        for embedding in (self.places, self.types, self.gaps):
            embedding.build(None)
        self.hidden.build((None, HEADS * DIM))
        self.mix.build((None, 2 * DIM))
        self.built = True

    def call(self, vectors: Any, present: Any, types: Any, gaps: Any) -> Any:
        """The users' vectors, float32 [batch, DIM]; zeros for an empty history.

        `vectors` [batch, HISTORY, DIM] are the items' vectors, newest first. `present` [batch, HISTORY] is 1 for an
        event, 0 for padding.
        """
        mask = ops.expand_dims(present, -1)
        logits = self.places(ops.arange(HISTORY)) + self.types(types) + self.gaps(gaps)
        weights = ops.softmax(logits + (mask - 1) * 1e9, axis=1) * mask
        pooled = ops.einsum("bth,btd->bhd", weights, vectors)
        flat = ops.reshape(pooled, (-1, HEADS * DIM))
        has_history = ops.max(present, axis=1, keepdims=True)
        return (ops.mean(pooled, axis=1) + self.mix(self.hidden(flat))) * has_history

    def weights_by_name(self) -> dict[str, Float32s]:
        """The weights as they are now, by the names that `TwoTower` uses. The layer has to be built before."""
        weights = {
            "places": self.places.embeddings,
            "types": self.types.embeddings,
            "gaps": self.gaps.embeddings,
            "hidden.kernel": self.hidden.kernel,
            "hidden.bias": self.hidden.bias,
            "mix.kernel": self.mix.kernel,
            "mix.bias": self.mix.bias,
        }
        return {name: ops.convert_to_numpy(value) for name, value in weights.items()}


class TwoTowerModel(keras.Model):
    """Both towers, and the loss that trains them. Inputs are the batches of `tower_batches`."""

    def __init__(self, features: ItemFeatures, use_text: bool = True, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.items = ItemEncoder(
            len(features),
            features.words.size,
            features.n_categories,
            DIM,
            use_text=use_text,
            seed=seed,
            vector_dim=features.vectors.dim,
            pictures=len(features.pictures) > 0,
        )
        self.users = UserTower()
        self.log_temperature = self.add_weight(
            name="log_temperature", shape=(), initializer=keras.initializers.Constant(-2.5)
        )

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        self.items.build()
        self.users.build()
        self.built = True

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """The loss of each example of the batch, float32 [batch]."""
        vectors = self.item_vectors(batch, training=training)
        history = ops.take(vectors, batch["history"], axis=0)
        users = self.users(history, batch["present"], batch["types"], batch["gaps"])
        columns = ops.concatenate([batch["targets"], batch["negatives"]])
        logits = ops.matmul(users, ops.transpose(ops.take(vectors, columns, axis=0))) * ops.exp(-self.log_temperature)
        return sampled_softmax_loss(logits, columns, ops.take(batch["log_q"], columns), batch["seen"])

    def item_vectors(self, features: dict[str, Any], training: bool = False) -> Any:
        """The vectors of items with these features, float32 [n, DIM], of unit length."""
        return ops.normalize(self.encode_items(features, training=training), axis=-1)

    def encode_items(self, features: dict[str, Any], training: bool = False) -> Any:
        """The vectors of items with these features, float32 [n, DIM], of the length that content and id give."""
        inputs = (features.get(name) for name in ITEM_INPUTS)
        return self.items(*inputs, training=training)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any) -> Any:
        """The mean of the losses that `call` returned."""
        return ops.mean(y_pred)


def sampled_softmax_loss(logits: Any, columns: Any, log_q: Any, seen: Any = None) -> Any:
    """Cross-entropy of each row's target column against all others, float32 [batch].

    `logits` are [batch, batch + negatives]; the target of row i is column i. `columns` holds the item of every column,
    `log_q` the log of the item's expected count in the sample, which is subtracted. Another column with the row's
    target is an accidental hit and gets no mass. Nor does a column with an item that the row's user has `seen`, bool
    [batch, columns], where that is given. Seen items are not recommended, so they and similar items must not be pushed
    away.
    """
    batch = ops.shape(logits)[0]
    targets = columns[:batch]
    is_target = ops.cast(
        ops.expand_dims(ops.arange(batch), 1) == ops.expand_dims(ops.arange(ops.shape(columns)[0]), 0), bool
    )
    same = ops.expand_dims(targets, 1) == ops.expand_dims(columns, 0)
    left_out = same if seen is None else ops.logical_or(same, seen)
    accidental = ops.logical_and(left_out, ops.logical_not(is_target))
    corrected = ops.where(accidental, -1e9, logits - log_q)
    return ops.logsumexp(corrected, axis=1) - ops.sum(ops.where(is_target, corrected, 0.0), axis=1)
