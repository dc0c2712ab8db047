"""`shortlist data add-live`: write live events and items into a data folder, so that the store may let them expire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortlist_data.dataset import Dataset


def add_live(
    data: Annotated[Path, typer.Option(help="Data folder for training; the live events and items are added to it.")],
    events: Annotated[
        list[str], typer.Option(help="Store of live events and items, as for `serve --state`; may be repeated.")
    ],
) -> None:
    """Add the live events and items of stores to a data folder, and leave out users who were deleted.

    Servers may let these events expire afterwards (`serve --keep-events`); trainings still have them. Safe to repeat.
    """
    from shortlist_training.live_events import with_live_events  # late: the other commands of this group need no store

    merged = with_live_events(Dataset.read(data), events)
    merged.dataset.write(data)
    merged.take()
    typer.echo(f"{merged} in {data}")
