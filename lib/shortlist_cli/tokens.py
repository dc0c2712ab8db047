"""`shortlist token`: make a bearer token for callers of a server."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from shortlist_core import terminal
from shortlist_server.rpc.auth import new_token


class Scope(StrEnum):
    """Scopes of a token, as in server/shortlist_server/rpc/auth.py."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    USERS = "users"


def token(
    scopes: Annotated[list[Scope] | None, typer.Argument(help="Scopes of the token. Left out: read and write.")] = None,
) -> None:
    """Make a random token. It is shown only once; the line for the server's --token-file contains only its hash."""
    made, line = new_token(scopes or ())
    terminal.say(f"token, for the caller:      {made}")
    terminal.say(f"line, for the --token-file: {line}")
