"""What a command shows: tables and lines for a person, or with `--json` one document for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from shortlist_core import terminal
from shortlist_core.tables import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables; nothing else.")]


def show(as_json: bool, document: Mapping[str, Any], *parts: Table | str) -> None:
    """Print the document on standard output, and nothing else there; or else the tables and lines, in their order."""
    if as_json:
        terminal.say_json(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_as_json))
        return
    console = terminal.output()
    for part in parts:
        if isinstance(part, Table):
            console.print(part)
        else:
            terminal.say(part)


def _as_json(value: object) -> str:
    """What JSON has no type for: times as in RFC 3339, and anything else as its text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
