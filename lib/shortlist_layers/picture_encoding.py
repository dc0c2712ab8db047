"""Picture encoding in numpy: the arithmetic of a trained `PictureCNN`, for new items while a system serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np

from shortlist_core.types import Bytes, Float32s
from shortlist_core.values import PICTURE_SIDE as SIDE

PATCH = 4
"""Pixels of a side that the first convolution reads at a time."""

POOL = 2
"""Of so many neighbouring places in each direction the maximum is kept, before the second convolution."""


@dataclass(frozen=True)
class PictureEncoding:
    """The weights of a picture CNN."""

    patch_kernel: Float32s  # [PATCH, PATCH, 3, patterns]
    patch_bias: Float32s  # [patterns]
    kernel: Float32s  # [3, 3, patterns, filters]
    bias: Float32s  # [filters]

    def vectors(self, pixels: Bytes) -> Float32s:
        """What comes out of pictures uint8 [n, SIDE, SIDE, 3]: float32 [n, 2 * filters]."""
        patterns, filters = self.kernel.shape[2:]
        side = SIDE // PATCH
        scaled = pixels.astype(np.float32) / np.float32(127.5) - np.float32(1)
        patches = scaled.reshape(-1, side, PATCH, side, PATCH, 3).transpose(0, 1, 3, 2, 4, 5)
        seen = patches.reshape(-1, side, side, PATCH * PATCH * 3) @ self.patch_kernel.reshape(-1, patterns)
        seen = np.maximum(seen + self.patch_bias, 0)
        side //= POOL
        pooled = seen.reshape(-1, side, POOL, side, POOL, patterns).max(axis=(2, 4))
        padded = np.pad(pooled, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifts = ((y, x) for y in range(3) for x in range(3))
        summed = sum(padded[:, y : y + side, x : x + side] @ self.kernel[y, x] for y, x in shifts)
        found = np.maximum(summed + self.bias, 0).reshape(-1, side * side, filters)
        return np.concatenate([found.mean(axis=1), found.max(axis=1)], axis=1).astype(np.float32)

    def named(self, prefix: str) -> dict[str, Float32s]:
        """The weights by name, as `of` reads them."""
        return {f"{prefix}{name}": value for name, value in asdict(self).items()}

    @classmethod
    def of(cls, weights: Mapping[str, Float32s], prefix: str) -> Self | None:
        """The weights under these names; None where there are none."""
        if f"{prefix}kernel" not in weights:
            return None
        return cls(*(weights[f"{prefix}{name}"] for name in cls.__dataclass_fields__))
