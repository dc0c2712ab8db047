"""The option of every command that makes lists: what happens to items that the user has seen."""

from __future__ import annotations

from typing import Annotated

import typer

from shortlist_core.seen_items import SeenItems

Seen = Annotated[
    SeenItems | None,
    typer.Option(
        help="Items that the user has seen: drop them, keep them, or keep the repeats that are likely. Left out: what"
        " suits the bundle's data."
    ),
]
