"""Picture CNN: a small convolutional network over the pictures of items, trained together with what reads it.

On two cores a training encodes thousands of items with every batch, so a picture may cost hardly more than a text. The
first convolution moves by its own width (the patches of Dosovitskiy et al. 2021, An Image is Worth 16x16 Words). That
leaves a sixteenth of the places to the second, where a chain of usual convolutions would spend most of its time.
"""

from __future__ import annotations

from typing import Any

from shortlist_core.values import PICTURE_SIDE as SIDE
from shortlist_layers.picture_encoding import PATCH, POOL, PictureEncoding
from shortlist_layers.quiet_keras import layers, ops


class PictureCNN(layers.Layer):
    """Two convolutions with pooling between, then the mean and the maximum over all places.

    Pixels uint8 [n, SIDE, SIDE, 3] -> float32 [n, 2 * filters].
    """

    def __init__(self, patterns: int = 24, filters: int = 32, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patterns, self.filters = patterns, filters
        self.patch = layers.Conv2D(patterns, PATCH, strides=PATCH, activation="relu")
        self.convolution = layers.Conv2D(filters, 3, padding="same", activation="relu")

    @property
    def width(self) -> int:
        """Numbers that come out of a picture."""
        return 2 * self.filters

    def build(self, input_shape: Any = None) -> None:
        """Create the weights."""
        self.patch.build((None, SIDE, SIDE, 3))
        side = SIDE // PATCH // POOL
        self.convolution.build((None, side, side, self.patterns))
        self.built = True

    def call(self, pixels: Any) -> Any:
        """The arithmetic that `PictureEncoding` repeats in numpy."""
        patterns = self.patch(ops.cast(pixels, "float32") / 127.5 - 1.0)
        found = self.convolution(ops.max_pool(patterns, POOL))  # a maximum over axes takes five times as long to train
        return ops.concatenate([ops.mean(found, axis=(1, 2)), ops.max(found, axis=(1, 2))], axis=-1)

    def encoding(self) -> PictureEncoding:
        """The same arithmetic in numpy, with the weights as they are now; only once built."""
        of_layers = (self.patch.kernel, self.patch.bias, self.convolution.kernel, self.convolution.bias)
        return PictureEncoding(*map(ops.convert_to_numpy, of_layers))

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "patterns": self.patterns, "filters": self.filters}
