"""`shortlist data embed`: vectors of items from their text or from their pictures, by a model on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich.progress import Progress

from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted
from shortlist_data.dataset import Dataset

_SHOWN = 10
"""Pictures that could not be read and are named."""


def embed(
    data: Annotated[Path, typer.Option(help="Folder that `shortlist data` wrote.", file_okay=False)],
    model: Annotated[
        Path | None,
        typer.Option(
            help="From text: folder of a sentence model, of Sentence Transformers or a static one of Model2Vec."
        ),
    ] = None,
    pictures: Annotated[
        str | None,
        typer.Option(help="From pictures: name of a model of Keras Applications, such as MobileNetV2 or ResNet50."),
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help='File with the weights of that model without its classifier ("no_top").')
    ] = None,
) -> None:
    """Write a vector of each item's words or of its picture into the data folder, in place of those of before.

    Words are title, categories and text. The package of a sentence model has to be installed beside Shortlist
    (`pip install sentence-transformers`, or `model2vec`). Pictures are read from the files that the import read.
    Nothing is downloaded. Trainings read the vectors; servers want them with new items then, in UpsertItems.
    """
    _refuse(model, pictures, weights)
    dataset = Dataset.read(data)
    with Progress(console=(console := terminal.output(error=True)), disable=not console.is_terminal) as progress:
        task = progress.add_task("reading items", total=len(dataset.items))
        items, unread = _embedded(dataset.items, model, pictures, weights, lambda n: progress.advance(task, n))
    replace(dataset, items=items).write_items(data)
    vectors = items["embedding"].drop_nulls()
    dim = len(vectors[0]) if len(vectors) else 0
    terminal.say(f"{len(vectors):,} of {len(items):,} items have a vector of {dim:,} numbers, in {quoted(data)}")
    if unread:
        more = f", and {len(unread) - _SHOWN:,} more" if len(unread) > _SHOWN else ""
        terminal.say(f"warning: {len(unread):,} pictures were not read: {'; '.join(unread[:_SHOWN])}{more}")


def _refuse(model: Path | None, pictures: str | None, weights: Path | None) -> None:
    """Raise DataError with all that is wrong with the options."""
    wrong = []
    if (model is None) == (pictures is None):
        wrong.append("say one of --model, for vectors of text, and --pictures, for vectors of pictures")
    if (pictures is None) != (weights is None):
        wrong.append("--pictures and --weights go together: nothing is downloaded")
    if model is not None and not model.is_dir():
        wrong.append(f"{quoted(model)}: there is no such folder")
    if weights is not None and not weights.is_file():
        wrong.append(f"{quoted(weights)}: there is no such file")
    if wrong:
        raise DataError("; ".join(wrong))


def _embedded(
    items: pl.DataFrame,
    model: Path | None,
    pictures: str | None,
    weights: Path | None,
    advance: Callable[[int], None],
) -> tuple[pl.DataFrame, list[str]]:
    """The items with vectors, and a sentence for each picture that could not be read."""
    # Late imports: the other commands need neither.
    if model is not None:
        from shortlist_training.embed import embedded, sentence_model

        return embedded(items, sentence_model(model), advance), []
    from shortlist_training.embed_pictures import embedded_pictures, picture_model

    assert pictures is not None and weights is not None
    if not items["image_path"].drop_nulls().len():
        raise DataError("no item has a picture: `shortlist data import table` reads a column image_path")
    return embedded_pictures(items, picture_model(pictures, weights), advance)
