"""Embed pictures: vectors of items from their picture files, by a model of Keras Applications with a team's weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_core.pictures import PictureError, rgb_of
from shortlist_core.terminal import quoted
from shortlist_core.types import Bytes, Float32s
from shortlist_data import schema
from shortlist_data.pictures import picture_file
from shortlist_layers.quiet_keras import keras
from shortlist_training.embed import first_line

SIDE = 224
"""Pixels of a side that pictures are scaled to: what most of these models were trained on, and all of them read."""

BATCH = 32
"""Pictures that are encoded at a time."""

Encode = Callable[[Bytes], Float32s]
"""The vectors of pictures uint8 [n, SIDE, SIDE, 3], float32 [n, dim]."""


def picture_models() -> dict[str, tuple[Any, Callable[..., Any]]]:
    """The models of Keras Applications: name -> what makes one, and what prepares its pictures."""
    modules = [module for module in vars(keras.applications).values() if hasattr(module, "preprocess_input")]
    return {
        name: (make, module.preprocess_input)
        for module in modules
        for name, make in vars(module).items()
        if name[0].isupper() and callable(make)
    }


def picture_model(name: str, weights: Path) -> Encode:
    """The model of that name without its classifier, with the weights in a file. Nothing is downloaded.

    Raises DataError for an unknown name, and for a file that cannot be read or is of another model.
    """
    known = picture_models()
    if name not in known:
        raise DataError(
            f"there is no model {quoted(name)} in Keras Applications, only {', '.join(sorted(known))}"
            f"{did_you_mean(name, known)}"
        )
    make, prepare = known[name]
    try:
        model = make(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg")
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # of a layer that stays as it was drawn, Keras only warns
            model.load_weights(str(weights))
    except Exception as error:  # whatever Keras and h5py make of a file that is no weights, or those of another model
        raise DataError(
            f"{quoted(weights)}: cannot be read as weights of {name} without its classifier (no_top), a file that ends"
            f" with .weights.h5, .h5 or .keras: {first_line(error)}"
        ) from error

    def encode(pixels: Bytes) -> Float32s:
        # A copy, as some models prepare in place.
        return np.asarray(model.predict_on_batch(prepare(pixels.astype(np.float32))), np.float32)

    return encode


def embedded_pictures(
    items: pl.DataFrame, encode: Encode, advance: Callable[[int], None] = lambda _: None
) -> tuple[pl.DataFrame, list[str]]:
    """The canonical items with vectors of their pictures in place of those of before, and what could not be read.

    An item without a picture has none, nor has one whose vector is zero or not finite. The second part has a sentence
    for every file that could not be read. `advance` hears how many more items were done.
    """
    paths = items["image_path"].to_list()
    distinct = list(dict.fromkeys(path for path in paths if path))
    vectors: dict[str, list[float]] = {}
    unread: list[str] = []
    for start in range(0, len(distinct), BATCH):
        block = distinct[start : start + BATCH]
        read = dict(_read(block, unread))
        if read:
            found = encode(np.stack(list(read.values())))
            usable = np.asarray(np.isfinite(found).all(axis=1)) & np.asarray(found.any(axis=1))
            vectors |= {path: vector.tolist() for path, vector, use in zip(read, found, usable, strict=True) if use}
        advance(len(block))
    column = pl.Series("embedding", [vectors.get(path) if path else None for path in paths], schema.EMBEDDING)
    return items.with_columns(column), unread


def _read(paths: Sequence[str], unread: list[str]) -> Iterator[tuple[str, Bytes]]:
    for path in paths:
        try:
            yield path, np.asarray(rgb_of(picture_file(Path(path)), SIDE))
        except PictureError as error:
            unread.append(f"{quoted(path)} {error}")
