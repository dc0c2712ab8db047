"""`shortlist data`: bring interactions into the canonical layout, or make up a shop to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from data.rejects import Imported

app = typer.Typer(no_args_is_help=True, help="Import data into the canonical layout, or make a synthetic shop.")
importers = typer.Typer(no_args_is_help=True, help="Import interactions, items and users into a data folder.")
app.add_typer(importers, name="import")

From = Annotated[Path, typer.Option("--from", help="Folder with the files as published.", file_okay=False)]
Out = Annotated[Path, typer.Option("--out", help="Data folder to write.", file_okay=False)]
MaxRejects = Annotated[float, typer.Option(min=0, max=1, help="Largest share of rows of a table that may be rejected.")]


@importers.command("online-retail")
def online_retail(source: From, out: Out, max_rejects: MaxRejects = 0.05) -> None:
    """Orders of a UK gift shop: interactions.csv.gz and items.csv.gz."""
    from data import online_retail as importer

    _publish(importer.read(source), out, max_rejects)


def _publish(imported: Imported, out: Path, max_rejects: float) -> None:
    """Show what was kept and rejected, whether or not that is too much, then publish."""
    from data.progress import working

    _show(imported)
    with working(f"writing {out}"):
        imported.publish(out, max_rejects)
    typer.echo(f"Wrote {out}")


def _show(imported: Imported) -> None:
    from rich.console import Console
    from rich.table import Table

    dataset, table = imported.dataset, Table("table", "rows", title="Import")
    table.columns[1].justify = "right"
    for rejects in imported.rejects:
        table.add_row(f"{rejects.table}: kept", f"{rejects.read - rejects.counts.total():,}")
        for reason, count in rejects.counts.most_common():
            table.add_row(f"{rejects.table}: rejected, {reason}", f"{count:,}")
    for what, count in imported.notes.items():
        if count:
            table.add_row(what, f"{count:,}")
    table.add_section()
    table.add_row("data set: interactions", f"{dataset.interactions.height:,}")
    table.add_row("data set: items", f"{dataset.items.height:,}")
    table.add_row("data set: users with attributes", f"{dataset.users.height:,}")
    Console().print(table)
