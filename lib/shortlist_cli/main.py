"""The command `shortlist`, and how errors become one line on the terminal."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from shortlist_cli.commands import Commands
from shortlist_core.errors import ShortlistError

app = typer.Typer(
    name="shortlist", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"shortlist {version('shortlist-server')}")
        raise typer.Exit


@app.callback()
def shortlist(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A two-stage recommender served over gRPC."""


def run(worker: object = None) -> None:
    """Run the command line. A user's mistake becomes one line and exit code 2, Ctrl-C becomes exit code 130.

    `worker`, a `shortlist_cli.serve.Worker`, lets a program of one's own serve other systems than a bundle's models.
    """
    try:
        app(obj=worker)
    except ShortlistError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {error}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped")
        sys.exit(130)


if __name__ == "__main__":
    run()
