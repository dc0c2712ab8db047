"""`shortlist token`: make a bearer token for callers of a server."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from shortlist_core import terminal
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_server.rpc.token_file import new_token

_UNITS = {"d": "days", "h": "hours"}
_EXAMPLE = "2027-01-31T12:00:00Z"


class Scope(StrEnum):
    """Scopes of a token, as in server/shortlist_server/rpc/auth.py."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"
    USERS = "users"


def token(
    scopes: Annotated[list[Scope] | None, typer.Argument(help="Scopes of the token. Left out: read and write.")] = None,
    name: Annotated[
        str,
        typer.Option(help="Who calls with it, by which the server tells callers apart. Left out: part of the hash."),
    ] = "",
    expires: Annotated[
        str, typer.Option(help="When it ends: 90d (days), 12h (hours), or a time such as 2027-01-31T12:00:00Z.")
    ] = "",
    quota: Annotated[
        str, typer.Option(help="Queries a second that it may ask of one worker, such as 50/s. Left out: any number.")
    ] = "",
    tenant: Annotated[
        str, typer.Option(help="Tenant whose calls it makes, on a server with --tenants. Left out: no tenant's.")
    ] = "",
) -> None:
    """Make a random token. It is shown only once; the line for the server's --token-file contains only its hash.

    A running server follows the file: a line that is removed revokes its token within a second or two.
    """
    end = _end(expires) if expires else None
    try:
        made, line = new_token(scopes or (), name, end, quota, tenant)
    except ValueError as error:
        option = next((f"--{each}" for each in ("quota", "tenant") if str(error).startswith(each)), "--name")
        raise InvalidArgumentError([Violation(option, str(error))]) from None
    terminal.say(f"token, for the caller:      {made}")
    terminal.say(f"line, for the --token-file: {line}")


def _end(text: str) -> datetime:
    """The time that a span from now, or the time itself, names. Raises InvalidArgumentError for anything else."""
    now, end = datetime.now(UTC), None
    try:
        if span := re.fullmatch(r"([1-9][0-9]{0,6})([dh])", text):
            end = now + timedelta(**{_UNITS[span[2]]: int(span[1])})
        elif "T" in text.upper():
            end = datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # no time, or one after the year 9999
        pass
    if end is None or end.tzinfo is None:
        raise InvalidArgumentError([Violation("--expires", f"must be such as 90d, 12h or {_EXAMPLE}, not {text!r}")])
    if end <= now:
        raise InvalidArgumentError([Violation("--expires", f"{text} is over")])
    return end
