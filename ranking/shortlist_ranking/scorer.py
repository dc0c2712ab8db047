"""The ranking model in Keras: a text CNN and ids for items, an LSTM over the history, an MLP over both and signals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shortlist_core.types import EventType
from shortlist_layers.history import GAPS
from shortlist_layers.item_encoder import ItemEncoder
from shortlist_layers.item_features import ITEM_INPUTS
from shortlist_layers.quiet_keras import keras, layers, ops

ACTIONS_SHARE = 0.3
"""How much the loss of actions counts beside that of what is taken."""


@dataclass(frozen=True)
class ScorerConfig:
    """Everything that decides the shapes of the scorer's weights; stored beside them."""

    n_items: int
    vocabulary: int
    n_categories: int
    n_features: int
    dim: int = 32
    lstm_units: int = 48
    hidden: tuple[int, ...] = (128, 64)
    dropout: float = 0.2
    id_dropout: float = 0.5
    use_text: bool = True
    use_lstm: bool = True
    seed: int = 0
    vector_dim: int = 0  # of the given vectors
    n_actions: int = 0  # outputs beside the first one
    pictures: bool = False  # whether items have any

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> ScorerConfig:
        """The configuration that `to_json` gave."""
        return cls(**{**stored, "hidden": tuple(stored["hidden"])})


class HistoryLSTM(layers.Layer):
    """An LSTM over the history (Hochreiter and Schmidhuber 1997), oldest event first: float32 [batch, units]."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.types = layers.Embedding(len(EventType), 8)
        self.gaps = layers.Embedding(GAPS, 8)
        # Histories come newest first with padding at the end. Read backwards, they end with the newest event.
        self.lstm = layers.LSTM(units, go_backwards=True, use_cudnn=False)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for item vectors of the given shape [batch, length, dim]."""
        self.types.build(None)
        self.gaps.build(None)
        self.lstm.build((None, None, (input_shape[-1] or 0) + 16))
        self.built = True

    def call(self, vectors: Any, present: Any, types: Any, gaps: Any) -> Any:
        """`vectors` [batch, length, dim] newest first, `present` 1 or 0; an empty history gives zeros."""
        steps = ops.concatenate([vectors, self.types(types), self.gaps(gaps)], axis=-1)
        some = ops.max(present, axis=1, keepdims=True)
        return self.lstm(steps, mask=ops.cast(present, "bool")) * some

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units}


class Scorer(keras.Model):
    """The logits of each candidate. `item_vectors` is computed once per item, `score` per request.

    The first logit is that of the candidate being taken. With actions, one logit for each of them follows
    (`actions.Actions`); all of them read the same layers.

    A linear model of the features plus a deep one (Cheng et al. 2016, Wide & Deep Learning). The deep part starts at
    zero, so a scorer whose linear part is stage one's fusion starts with the order of stage one and learns how to
    change it.
    """

    def __init__(self, config: ScorerConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        c = self.config = config
        self.items = ItemEncoder(
            c.n_items,
            c.vocabulary,
            c.n_categories,
            c.dim,
            c.id_dropout,
            use_text=c.use_text,
            seed=c.seed,
            vector_dim=c.vector_dim,
            pictures=c.pictures,
        )
        self.reader = HistoryLSTM(c.lstm_units) if c.use_lstm else None
        self.intent = layers.Dense(c.dim)
        self.hidden = [layers.Dense(width, activation="relu") for width in c.hidden]
        self.dropouts = [layers.Dropout(c.dropout, seed=c.seed + i) for i in range(len(c.hidden) + 1)]
        self.wide = layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        self.deep = layers.Dense(1, kernel_initializer="zeros")
        self.actions = layers.Dense(c.n_actions, kernel_initializer="zeros") if c.n_actions else None

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        c = self.config
        self.items.build()
        width = c.n_features
        if self.reader is not None:
            self.reader.build((None, None, c.dim))
            self.intent.build((None, c.lstm_units))
            width += c.dim + 1
        width += c.dim
        for layer in self.hidden:
            layer.build((None, None, width))
            width = layer.units
        self.wide.build((None, None, c.n_features))
        self.deep.build((None, None, width))
        if self.actions is not None:
            self.actions.build((None, None, width + c.n_features + c.dim))
        self.built = True

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """Logits for a batch of `ExampleBatches`, as `score` gives them."""
        vectors = self.item_vectors(batch, training=training)
        history = ops.take(vectors, batch["history"], axis=0)
        candidates = ops.take(vectors, batch["candidates"], axis=0)
        return self.score(
            history, batch["present"], batch["types"], batch["gaps"], candidates, batch["features"], training=training
        )

    def item_vectors(self, features: dict[str, Any], training: bool = False) -> Any:
        """The vectors of items given by their features, float32 [n, dim]."""
        return self.items(*(features.get(name) for name in ITEM_INPUTS), training=training)

    def score(
        self,
        history: Any,
        present: Any,
        types: Any,
        gaps: Any,
        candidates: Any,
        features: Any,
        training: bool = False,
    ) -> Any:
        """Logits from item vectors of history [batch, length, dim] and candidates [batch, n, dim].

        They are float32 [batch, n], or [batch, n, 1 + actions] with actions. `features` [batch, n, n_features] are
        scaled. The history is read once, whatever n is.
        """
        read = x = ops.concatenate([self.dropouts[0](features, training=training), candidates], axis=-1)
        if self.reader is None:
            x = self.hidden[0](x)
        else:
            intent = self.intent(self.reader(history, present, types, gaps))
            x = ops.relu(ops.matmul(x, self._first_kernel(intent)) + self.hidden[0].bias)
        x = self.dropouts[1](x, training=training)
        for layer, dropout in zip(self.hidden[1:], self.dropouts[2:], strict=True):
            x = dropout(layer(x), training=training)
        logits = self.wide(features) + self.deep(x)
        if self.actions is None:
            return ops.squeeze(logits, -1)
        return ops.concatenate([logits, self.actions(ops.concatenate([x, read], axis=-1))], axis=-1)

    def _first_kernel(self, intent: Any) -> Any:
        """The first layer's kernel for each user, float32 [batch, n_features + dim, units].

        The layer reads [features, item, intent * item, sum(intent * item)], where `intent` [batch, dim] is the user's
        intent vector. For one user all of it but the features is linear in the item, so the kernel's parts add up to
        one matrix of the item alone. That matrix is made once a user, not once a candidate.
        """
        c, kernel = self.config, self.hidden[0].kernel
        of_features, of_item, of_agreement, of_sum = ops.split(
            kernel, [c.n_features, c.n_features + c.dim, c.n_features + 2 * c.dim], axis=0
        )
        of_item = of_item + ops.expand_dims(intent, -1) * (of_agreement + of_sum)
        shared = ops.broadcast_to(of_features, (ops.shape(intent)[0], *of_features.shape))
        return ops.concatenate([shared, of_item], axis=1)


def scorer_loss(labels: Any, logits: Any) -> Any:
    """The listwise loss of what is taken; with actions, the cross-entropy of these is added, float32 [batch].

    `labels` and `logits` are [batch, n], or [batch, n, 1 + actions]: labels of actions are 1, 0, or -1 where there is
    no question. The cross-entropy is the mean over all that are asked in the batch.
    """
    if len(logits.shape) == 2:
        return listwise_loss(labels, logits)
    of_actions, logits_of_actions = labels[..., 1:], logits[..., 1:]
    asked = ops.cast(of_actions >= 0, "float32")
    losses = asked * (ops.softplus(logits_of_actions) - of_actions * logits_of_actions)
    per_row = ops.cast(ops.shape(labels)[0], "float32") / ops.maximum(ops.sum(asked), 1.0)
    return listwise_loss(labels[..., 0], logits[..., 0]) + ACTIONS_SHARE * per_row * ops.sum(losses, axis=(1, 2))


def listwise_loss(labels: Any, logits: Any) -> Any:
    """Cross-entropy between what was taken and the softmax of the logits (ListNet, Cao et al. 2007), float32 [batch].

    `labels` [batch, n]: the gain of a taken candidate, 0 where not taken, -1 for padding, which has no mass. A row
    without a taken candidate has loss 0.
    """
    taken = ops.maximum(labels, 0.0)
    masked = ops.where(labels < 0, -1e9, logits)
    log_mass = ops.log_softmax(masked, axis=-1)
    total = ops.sum(taken, axis=-1)
    return -ops.sum(taken * ops.where(taken > 0, log_mass, 0.0), axis=-1) / ops.maximum(total, 1e-9)
