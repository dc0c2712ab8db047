"""`shortlist token`: make a bearer token for callers of a server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shortlist_server.rpc.auth import new_token


class Scope(StrEnum):
    """What a token allows, as server/shortlist_server/rpc/auth.py has it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    USERS = "users"


def token(
    scopes: Annotated[list[Scope] | None, typer.Argument(help="What it allows; left out: read and write.")] = None,
) -> None:
    """Make a random token. It is shown this once; the line for the server's --token-file holds only its hash."""
    made, line = new_token(scopes or ())
    typer.echo(f"token, for the caller:      {made}")
    typer.echo(f"line, for the --token-file: {line}")
