"""Embed: vectors of items from their text, by a sentence model on disk that a team names."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted
from shortlist_core.types import Float32s
from shortlist_core.values import MAX_EMBEDDING
from shortlist_data import schema
from shortlist_layers.item_features import item_text

Encode = Callable[[Sequence[str]], Float32s]
"""The vectors of texts, float32 [texts, dim]."""

BATCH = 1_024
"""Texts that are encoded at a time."""


def sentence_model(folder: Path) -> Encode:
    """The model in a folder: a static one of Model2Vec, or one of Sentence Transformers. Nothing is downloaded.

    Raises DataError where the folder holds no such model, where it cannot be read, or where its package is missing.
    """
    if _is_static(folder):
        package, kind = "model2vec", "StaticModel"
    elif (folder / "modules.json").is_file():
        package, kind = "sentence_transformers", "SentenceTransformer"
    else:
        raise DataError(
            f"{quoted(folder)}: there is no sentence model in it: neither modules.json, as Sentence Transformers write,"
            " nor a config.json of Model2Vec"
        )
    try:
        model_class = getattr(importlib.import_module(package), kind)
    except ImportError:
        install = f"pip install {package.replace('_', '-')}"
        raise DataError(f"{quoted(folder)}: its model needs the package {package}: {install}") from None
    try:
        if kind == "StaticModel":
            model = model_class.from_pretrained(str(folder))
        else:
            model = model_class(str(folder), local_files_only=True)
    except Exception as error:  # whatever its package makes of a broken file
        raise DataError(f"{quoted(folder)}: cannot read the model: {first_line(error)}") from error
    return lambda texts: np.asarray(model.encode(list(texts)), np.float32)


def embedded(items: pl.DataFrame, encode: Encode, advance: Callable[[int], None] = lambda _: None) -> pl.DataFrame:
    """The canonical items with vectors of their title, categories and text in place of those of before.

    An item without words has none, nor has one whose vector is zero or not finite. `advance` hears how many more items
    were done. Raises DataError where vectors are longer than an embedding may be.
    """
    texts = list(map(item_text, items["title"], items["categories"].to_list(), items["text"]))
    blocks = [pl.Series("embedding", [], schema.EMBEDDING)]
    for start in range(0, len(texts), BATCH):
        block = texts[start : start + BATCH]
        found = encode(block)
        if found.shape[1] > MAX_EMBEDDING:
            raise DataError(f"the model's vectors have {found.shape[1]:,} numbers; at most {MAX_EMBEDDING:,} are read")
        has_words = np.array([bool(text.strip()) for text in block])
        usable = np.asarray(np.isfinite(found).all(axis=1)) & np.asarray(found.any(axis=1)) & has_words
        vectors = pl.DataFrame({"embedding": pl.Series(found).cast(schema.EMBEDDING), "usable": usable})
        blocks.append(vectors.select(pl.when("usable").then("embedding").alias("embedding"))["embedding"])
        advance(len(block))
    return items.with_columns(pl.concat(blocks))


def _is_static(folder: Path) -> bool:
    """Whether the model looks words up and no more, which Model2Vec does without a framework."""
    config, modules = _json(folder / "config.json"), _json(folder / "modules.json")
    kinds = [str(each.get("type")) for each in modules if isinstance(each, dict)] if isinstance(modules, list) else []
    named = isinstance(config, dict) and config.get("model_type") == "model2vec"
    return named or any(kind.endswith("StaticEmbedding") for kind in kinds)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def first_line(error: Exception) -> str:
    """The first line of an error's message, or its type where there is none."""
    return (str(error).splitlines() or [type(error).__name__])[0]
