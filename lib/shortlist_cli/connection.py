"""Connections of commands to a running server, and what the terminal shows where a call fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from shortlist import Client, DeadlineExceeded, InvalidArgument, Options, ShortlistError, Unavailable

from shortlist_cli import environment
from shortlist_core import terminal
from shortlist_core.errors import DataError

SECONDS = 10.0
"""Timeout of a call that a person waits for; programs should use a shorter one."""

LOCAL = "127.0.0.1:50051"

Address = Annotated[str, typer.Option(help="Address of the server, host:port.")]


@contextmanager
def connected(address: str, seconds: float = SECONDS) -> Iterator[Client]:
    """A client for `address` that waits `seconds` for each answer.

    A call that fails inside ends the command with one line and exit code 1.
    """
    try:
        with Client(address, client_options(seconds)) as client:
            yield client
    except ShortlistError as error:
        _fail(explained(error, address, seconds))
    except (ValueError, DataError) as error:  # an invalid setting or value
        _fail(str(error), exit_code=2)


def client_options(seconds: float) -> Options:
    """Options of a client that waits `seconds` for each answer, with TLS and token of the environment.

    Raises DataError for variables that cannot be used.
    """
    return Options(
        timeout=seconds,
        batch_timeout=seconds,
        bundle_timeout=seconds,
        tls=environment.tls(),
        token=environment.token(),
    )


def explained(error: ShortlistError, address: str, seconds: float) -> str:
    """One line that says why a call to `address` failed and what to do."""
    if isinstance(error, Unavailable) and not error.reason:
        if "handshake failed" in error.message or "Socket closed" in error.message:
            return (
                f"{address} can be reached, but the TLS handshake fails: only one side uses TLS, or a certificate is"
                " missing or not trusted; `shortlist call --help` names the variables that set TLS"
            )
        return (
            f"no server can be reached at {address}; start one with `shortlist serve`, or name another with --address"
        )
    if isinstance(error, DeadlineExceeded):
        return f"{address} did not answer within {seconds:g} seconds"
    if isinstance(error, InvalidArgument) and error.violations:
        return f"{address} refuses the request: " + "; ".join(f"{v.field}: {v.description}" for v in error.violations)
    return f"{address}: " + " ".join(error.message.split() or [error.code.name])


def _fail(line: str, exit_code: int = 1) -> NoReturn:
    terminal.say(f"Error: {line}", error=True)
    raise typer.Exit(exit_code)
