"""The command `shortlist`, and the one place where errors become a line on the terminal."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from shortlist_cli.commands import Commands
from shortlist_core.errors import ShortlistError

app = typer.Typer(
    name="shortlist", cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def shortlist() -> None:
    """A two-stage recommender served over gRPC."""


def run(worker: object = None) -> None:
    """Run the command line; a mistake of the user's becomes one line and exit code 2, Ctrl-C exit code 130.

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
