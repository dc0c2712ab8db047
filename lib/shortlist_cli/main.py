"""The command `shortlist`, and how errors become one line on the terminal."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from shortlist_cli import usage
from shortlist_cli.commands import Commands
from shortlist_cli.completion import ASKED, answer_shells
from shortlist_core import terminal
from shortlist_core.errors import ShortlistError
from shortlist_core.terminal import quoted

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
    terminal.write_escapes()
    answer_shells()
    try:
        sys.exit(app(obj=worker, standalone_mode=False, complete_var=ASKED))
    except usage.UsageError as error:
        if line := usage.line(error):
            _fail(line, 2)
        sys.exit(2)
    except ShortlistError as error:
        _fail(str(error), 2)
    except OSError as error:
        if error.filename is None:
            raise
        _fail(f"{quoted(error.filename)}: {error.strerror}", 2)  # such as a file of somebody else's
    except typer.Abort:
        _fail("stopped: nothing was done", 1)
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _fail(line: str, status: int) -> NoReturn:
    terminal.say(f"error: {line}", error=True)
    sys.exit(status)


if __name__ == "__main__":
    run()
