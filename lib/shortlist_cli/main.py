"""The command `shortlist`: its subcommands, and how errors become one line on the terminal."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console

from shortlist_cli import bundle, call, catalog, data, user
from shortlist_cli.demo import demo
from shortlist_cli.evaluate import evaluate
from shortlist_cli.gateway import gateway
from shortlist_cli.recommend import recommend
from shortlist_cli.retrain import retrain
from shortlist_cli.serve import serve
from shortlist_cli.tokens import token
from shortlist_cli.train import train
from shortlist_core.errors import ShortlistError

app = typer.Typer(
    name="shortlist",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
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


app.add_typer(data.app, name="data")
app.command()(demo)
app.command()(train)
app.command()(retrain)
app.command()(evaluate)
app.command()(recommend)
app.command()(serve)
app.command()(gateway)
app.command()(token)
app.add_typer(bundle.app, name="bundle")
app.add_typer(call.app, name="call")
app.add_typer(catalog.app, name="catalog")
app.add_typer(user.app, name="user")


def run() -> None:
    """Run the command line. A user's mistake becomes one line and exit code 2, Ctrl-C becomes exit code 130."""
    try:
        app()
    except ShortlistError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {error}", markup=False)
        sys.exit(2)
    except KeyboardInterrupt:
        Console(stderr=True).print("stopped")
        sys.exit(130)


if __name__ == "__main__":
    run()
