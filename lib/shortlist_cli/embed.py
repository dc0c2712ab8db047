"""`shortlist data embed`: vectors of items from their text, by a sentence model on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted
from shortlist_data.dataset import Dataset


def embed(
    data: Annotated[Path, typer.Option(help="Folder that `shortlist data` wrote.", file_okay=False)],
    model: Annotated[
        Path,
        typer.Option(help="Folder of a sentence model: of Sentence Transformers, or a static one of Model2Vec."),
    ],
) -> None:
    """Write a vector of each item's title, categories and text into the data folder, in place of those of before.

    Its package has to be installed beside Shortlist (`pip install sentence-transformers`, or `model2vec`). Nothing is
    downloaded. Trainings read the vectors; servers want them with new items then, in UpsertItems.
    """
    if not model.is_dir():
        raise DataError(f"{quoted(model)}: there is no such folder")
    dataset = Dataset.read(data)
    from shortlist_training.embed import embedded, sentence_model  # late: the other commands need none of it

    encode = sentence_model(model)
    with Progress(console=(console := terminal.output(error=True)), disable=not console.is_terminal) as progress:
        task = progress.add_task("reading items", total=len(dataset.items))
        items = embedded(dataset.items, encode, lambda n: progress.advance(task, n))
    replace(dataset, items=items).write_items(data)
    vectors = items["embedding"].drop_nulls()
    dim = len(vectors[0]) if len(vectors) else 0
    terminal.say(f"{len(vectors):,} of {len(items):,} items have a vector of {dim:,} numbers, in {quoted(data)}")
