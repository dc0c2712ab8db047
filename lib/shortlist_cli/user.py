"""`shortlist user`: show, export and delete what a running server knows of a user."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from shortlist import EventType
from shortlist.v1.user_service_pb2 import UserEvent

from shortlist_cli.call import AsJson
from shortlist_cli.connection import LOCAL, Address, connected
from shortlist_cli.folders import writable_file
from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.terminal import Table, quoted

SECONDS = 60.0
"""Timeout of a call: to delete a user, the server may have to rewrite its store."""

app = typer.Typer(
    no_args_is_help=True,
    help="Show, export and delete what a running server knows of a user. If it requires tokens, SHORTLIST_TOKEN needs"
    " the scope `users`. TLS is set as for `shortlist call`.",
)

User = Annotated[str, typer.Option(help="Id of the user.")]


@app.command()
def show(user: User, as_json: AsJson = False, address: Address = LOCAL) -> None:
    """Show how much is known of a user."""
    with connected(address, SECONDS) as client:
        answer = client.get_user(user)
    if as_json:
        terminal.say_json(_json(answer))
        return
    table = Table("what", "value", title=f"User {user}")
    table.row("live events", f"{answer.live_event_count:,}")
    for of_type in answer.live_event_type_counts:
        name = EventType.Name(of_type.event_type).removeprefix("EVENT_TYPE_").lower()
        table.row(f"  {name}", f"{of_type.event_count:,}")
    table.row(f"events in bundle {answer.bundle_version}", f"{answer.bundle_event_count:,}")
    if answer.HasField("first_event_time"):
        table.row("first event", answer.first_event_time.ToJsonString())
        table.row("last event", answer.last_event_time.ToJsonString())
    table.row("deleted before", "yes" if answer.deleted_before else "no")
    terminal.output().print(table)


@app.command()
def export(
    user: User,
    out: Annotated[Path | None, typer.Option(help="File to write. Left out: the terminal.")] = None,
    address: Address = LOCAL,
) -> None:
    """Export all events of a user, one JSON object per line."""
    events = (_json(event, indent=None) for event in _events(address, user))
    if not out:
        for event in events:
            terminal.say_json(event)
        return
    writable_file(out)
    first, count = next(events, None), 0  # asked for before the file is made: without an answer no file
    try:
        with out.open("w", encoding="utf-8") as file:
            for event in chain([first] if first else [], events):
                file.write(f"{terminal.plain_json(event)}\n")
                count += 1
    except OSError as error:
        raise DataError(f"{quoted(out)}: cannot write: {error.strerror}") from None
    terminal.say(f"{count:,} events of {quoted(user)} in {quoted(out)}")


@app.command()
def delete(
    user: User,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    address: Address = LOCAL,
) -> None:
    """Delete a user: events and history, also those in bundles; the next training leaves the user out."""
    if not yes:
        typer.confirm(f"Delete everything known of {quoted(user)} at {address}? This cannot be undone", abort=True)
    with connected(address, SECONDS) as client:
        answer = client.delete_user(user)
    terminal.say(f"{answer.deleted_event_count:,} events deleted, {quoted(user)} is forgotten")


def _events(address: str, user: str) -> Iterator[UserEvent]:
    """All pages' events."""
    token, more = "", True
    with connected(address, SECONDS) as client:
        while more:
            page = client.export_user(user, page_token=token)
            yield from page.events
            token, more = page.next_page_token, bool(page.next_page_token)


def _json(answer: Message, indent: int | None = 2) -> str:
    return MessageToJson(answer, preserving_proto_field_name=True, ensure_ascii=False, indent=indent)
