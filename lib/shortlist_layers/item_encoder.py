"""Item encoder: CNNs over text and picture, categories, price, given vectors, an id embedding, dropped at random."""

from __future__ import annotations

from typing import Any

from shortlist_layers.item_encoding import PICTURE, ItemEncoding
from shortlist_layers.picture_cnn import PictureCNN
from shortlist_layers.quiet_keras import keras, layers, ops

SHORT = 8
"""Tokens that a short text has at most."""


class TextCNN(layers.Layer):
    """Max over time of convolutions of several widths.

    Kim 2014, Convolutional Neural Networks for Sentence Classification.

    Tokens int32 [..., length] (0 pads) -> float32 [..., len(widths) * filters].
    """

    def __init__(
        self, vocabulary: int, dim: int = 32, filters: int = 32, widths: tuple[int, ...] = (1, 2, 3), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.dim, self.filters, self.widths = vocabulary, dim, filters, tuple(widths)
        self.embedding = layers.Embedding(vocabulary, dim)
        self.convolutions = [layers.Conv1D(filters, width, padding="same", activation="relu") for width in self.widths]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        self.embedding.build(input_shape)
        for convolution in self.convolutions:
            convolution.build((None, None, self.dim))
        self.built = True

    def call(self, tokens: Any) -> Any:
        """Padding is embedded as zeros. As the maximum over time of a relu is at least 0, padding changes nothing.

        So the many short texts are read without most of it, apart from the long ones.
        """
        if len(tokens.shape) != 2 or tokens.shape[1] is None or tokens.shape[1] <= 2 * SHORT:
            return self._convolved(tokens)
        is_long = ops.any(tokens[:, SHORT:] > 0, axis=1)
        short, long = (ops.reshape(ops.where(rows)[0], (-1,)) for rows in (ops.logical_not(is_long), is_long))
        read = ops.concatenate(
            [
                self._convolved(ops.take(tokens[:, :SHORT], short, axis=0)),
                self._convolved(ops.take(tokens, long, axis=0)),
            ]
        )
        return ops.take(read, ops.argsort(ops.concatenate([short, long])), axis=0)

    def _convolved(self, tokens: Any) -> Any:
        present = ops.cast(ops.expand_dims(tokens > 0, -1), "float32")
        embedded = self.embedding(tokens) * present
        return ops.concatenate(
            [ops.max(c(embedded) * present, axis=1, initial=0.0) for c in self.convolutions], axis=-1
        )

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        arguments = {"vocabulary": self.vocabulary, "dim": self.dim, "filters": self.filters, "widths": self.widths}
        return {**super().get_config(), **arguments}


class ItemEncoder(layers.Layer):
    """Content (CNNs of text and picture, categories, price, given vectors) plus id embedding -> float32 [n, dim].

    In training the id is dropped for a share of the items, so that the encoder learns to do without it for
    items that have no id yet (DropoutNet, Volkovs et al. 2017). `use_text=False` leaves the text's CNN out, for
    ablations. Only with `pictures` is there one for these: a catalogue without any has the same weights as ever.
    """

    def __init__(
        self,
        n_items: int,
        vocabulary: int,
        n_categories: int,
        dim: int = 64,
        id_dropout: float = 0.2,
        use_text: bool = True,
        seed: int = 0,
        vector_dim: int = 0,
        pictures: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vector_dim, self.pictures = vector_dim, pictures
        self.n_items, self.vocabulary, self.n_categories, self.dim = n_items, vocabulary, n_categories, dim
        self.id_dropout, self.use_text, self.seed = id_dropout, use_text, seed
        self.text = TextCNN(vocabulary) if use_text else None
        self.picture = PictureCNN() if pictures else None
        self.ids = layers.Embedding(n_items + 1, dim, embeddings_initializer=keras.initializers.RandomNormal(0.0, 0.05))
        self.categories = layers.Embedding(n_categories + 1, 16)
        self.project = layers.Dense(dim)
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        self.ids.build(None)
        self.categories.build(None)
        width = 16 + 2 + self.vector_dim
        if self.text is not None:
            self.text.build((None, None))
            width += len(self.text.widths) * self.text.filters
        if self.picture is not None:
            self.picture.build()
            width += self.picture.width + 1
        self.project.build((None, width))
        self.built = True

    def call(
        self,
        ids: Any,
        tokens: Any,
        categories: Any,
        prices: Any,
        vectors: Any,
        pixels: Any = None,
        pictures: Any = None,
        training: bool = False,
    ) -> Any:
        """`ids` int32 [n] are row + 1, or 0 for an item without a trained id; the other inputs as in ItemFeatures.

        `pixels` uint8 [m, SIDE, SIDE, 3] are the distinct pictures, and `pictures` int32 [n] which of them each item
        has: position + 1, or 0 for none.
        """
        present = ops.cast(ops.expand_dims(categories > 0, -1), "float32")
        mean = ops.sum(self.categories(categories) * present, axis=1) / ops.maximum(ops.sum(present, axis=1), 1.0)
        content = [mean, prices, vectors] if self.text is None else [self.text(tokens), mean, prices, vectors]
        if self.picture is not None:
            content.append(self._pictures(pixels, pictures))
        has_id = ops.cast(ids > 0, "float32")
        if training:
            kept = keras.random.uniform(ops.shape(ids), seed=self.generator) >= self.id_dropout
            has_id = has_id * ops.cast(kept, "float32")
        return self.project(ops.concatenate(content, axis=-1)) + self.ids(ids) * ops.expand_dims(has_id, -1)

    def _pictures(self, pixels: Any, pictures: Any) -> Any:
        """What pictures say, and 1 for an item that has one; zeros for one that has none."""
        assert self.picture is not None
        read = ops.pad(self.picture(pixels), [[0, 0], [0, 1]], constant_values=1.0)
        return ops.take(ops.pad(read, [[1, 0], [0, 0]]), pictures, axis=0)

    def encoding(self) -> ItemEncoding:
        """The same arithmetic in numpy for items without an id, with the weights as they are now; only once built."""
        weights = {
            "categories": self.categories.embeddings,
            "project.kernel": self.project.kernel,
            "project.bias": self.project.bias,
        }
        if self.text is not None:
            weights["text.embedding"] = self.text.embedding.embeddings
            for width, convolution in zip(self.text.widths, self.text.convolutions, strict=True):
                weights[f"text.{width}.kernel"] = convolution.kernel
                weights[f"text.{width}.bias"] = convolution.bias
        arrays = {name: ops.convert_to_numpy(value) for name, value in weights.items()}
        return ItemEncoding(arrays | (self.picture.encoding().named(PICTURE) if self.picture is not None else {}))

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        names = ("n_items", "vocabulary", "n_categories", "dim", "id_dropout", "use_text", "seed", "vector_dim")
        return {**super().get_config(), **{name: getattr(self, name) for name in (*names, "pictures")}}
