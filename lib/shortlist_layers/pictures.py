"""Pictures of items: the pixels of the catalogue's distinct pictures, and which item has which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shortlist_bundle.reader import Bundle
from shortlist_bundle.writer import BundleWriter
from shortlist_core.types import Bools, Bytes, Int32s
from shortlist_core.values import PICTURE_SIDE as SIDE

BUCKET = 256
"""The number of distinct pictures of a batch is padded to a multiple of this, so that few shapes are traced."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of items; variants of a product often share one, which is kept and convolved once."""

    pixels: Bytes  # [pictures, SIDE, SIDE, 3]
    places: Int32s  # [items] position + 1 among the pictures, 0 for an item without one

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def has(self) -> Bools:
        """Which items have a picture, bool [items]."""
        return np.asarray(self.places > 0)

    @classmethod
    def of(cls, pictures: Sequence[bytes | None]) -> Self:
        """The pictures of items with these pixels, as `shortlist_core.pictures` makes them; None or empty: none."""
        known: dict[bytes, int] = {}
        places = [known.setdefault(each, len(known) + 1) if each else 0 for each in pictures]
        pixels = np.frombuffer(b"".join(known), np.uint8).reshape(-1, SIDE, SIDE, 3)
        return cls(pixels, np.array(places, np.int32))

    @classmethod
    def none(cls, items: int) -> Self:
        """Those of so many items without any."""
        return cls.of([None] * items)

    def select(self, rows: npt.NDArray[np.integer[Any]]) -> Self:
        """Those of the items at these rows, which may repeat, with the pixels of all."""
        return type(self)(self.pixels, self.places[rows])

    def inputs(self, rows: npt.NDArray[np.integer[Any]]) -> dict[str, Any]:
        """What encoders read of the items at these rows: the distinct pictures, and the place of each item's.

        Nothing where the catalogue has no pictures.
        """
        if not len(self):
            return {}
        distinct, places = np.unique(self.places[rows], return_inverse=True)
        distinct, first = distinct[distinct > 0], int(distinct[0] == 0) if len(distinct) else 0
        pixels = np.zeros((-(-max(len(distinct), 1) // BUCKET) * BUCKET, SIDE, SIDE, 3), np.uint8)
        pixels[: len(distinct)] = self.pixels[distinct - 1]
        return {"pixels": pixels, "pictures": (places + 1 - first).astype(np.int32)}

    def bytes_of(self, row: int) -> bytes:
        """The stored pixels of an item's picture; empty where it has none."""
        place = int(self.places[row])
        return self.pixels[place - 1].tobytes() if place else b""

    def write(self, writer: BundleWriter) -> None:
        """Store the pictures where there are any."""
        if len(self):
            writer.array("features/pixels", self.pixels)
            writer.array("features/pictures", self.places)

    @classmethod
    def load(cls, bundle: Bundle, items: int) -> Self:
        """The pictures that `write` stored; those of so many items without any where it stored none."""
        if not bundle.has("features/pixels"):
            return cls.none(items)
        return cls(bundle.array("features/pixels"), bundle.array("features/pictures"))


def inputs_of(pictures: Sequence[bytes]) -> dict[str, Any]:
    """What encoders read of items with these stored pictures, empty for an item without one."""
    made = Pictures.of(pictures)
    return {"pixels": made.pixels, "pictures": made.places}
