"""`shortlist user`: write, show, export and delete what a running server knows of a user."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Annotated

import typer
from shortlist import EventType, UserInput
from shortlist.v1.user_service_pb2 import ExportUserResponse

from shortlist_cli.call import Attribute
from shortlist_cli.connection import LOCAL, Address, connected
from shortlist_cli.folders import writable_file
from shortlist_cli.messages import message
from shortlist_cli.pairs import attributes_of
from shortlist_cli.showing import AsJson
from shortlist_cli.showing import show as show_result
from shortlist_core import terminal
from shortlist_core.errors import DataError
from shortlist_core.tables import Table
from shortlist_core.terminal import quoted

SECONDS = 60.0
"""Timeout of a call: to delete a user, the server may have to rewrite its store."""

app = typer.Typer(
    no_args_is_help=True,
    help="Write, show, export and delete what a running server knows of a user. If it requires tokens, SHORTLIST_TOKEN"
    " needs the scope `users`, for upsert `write`. TLS is set as for `shortlist call`.",
)

User = Annotated[str, typer.Option(help="Id of the user.")]


@app.command()
def upsert(user: User, attribute: Attribute = None, address: Address = LOCAL) -> None:
    """Write attributes of a user in place of those written before; without any these are taken back.

    They count in the next answer.
    """
    attributes = attributes_of(attribute)
    with connected(address, SECONDS) as client:
        client.upsert_users([UserInput(user_id=user, user_attributes=attributes)])
    what = "attribute" if len(attributes) == 1 else "attributes"
    terminal.say(f"{len(attributes):,} {what} of {quoted(user)} written")


@app.command()
def show(user: User, as_json: AsJson = False, address: Address = LOCAL) -> None:
    """Show how much is known of a user."""
    with connected(address, SECONDS) as client:
        answer = client.get_user(user)
    table = Table("what", "value", title=f"User {user}")
    table.row("live events", f"{answer.live_event_count:,}")
    for of_type in answer.live_event_type_counts:
        name = EventType.Name(of_type.event_type).removeprefix("EVENT_TYPE_").lower()
        table.row(f"  {name}", f"{of_type.event_count:,}")
    table.row("attributes written", f"{answer.live_attribute_count:,}")
    table.row(f"events in bundle {answer.bundle_version}", f"{answer.bundle_event_count:,}")
    if answer.HasField("first_event_time"):
        table.row("first event", answer.first_event_time.ToJsonString())
        table.row("last event", answer.last_event_time.ToJsonString())
    table.row("deleted before", answer.deleted_before)
    show_result(as_json, message(answer), table)


@app.command()
def export(
    user: User,
    out: Annotated[Path | None, typer.Option(help="File to write. Left out: the terminal.")] = None,
    address: Address = LOCAL,
) -> None:
    """Export all events of a user, one JSON object per line; before them the attributes, where there are any.

    Only its owner can read the file.
    """
    lines = _lines(address, user)
    if not out:
        for _, line in lines:
            terminal.say_json(line)
        return
    writable_file(out)
    first, count = next(lines, None), 0  # asked for before the file is made: without an answer no file
    try:
        with _private(out) as file:
            for is_event, line in chain([first] if first else [], lines):
                file.write(f"{terminal.plain_json(line)}\n")
                count += is_event
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
    if not answer.recorded_with_bundles:
        terminal.say(
            "note: the server cannot write into its folder of bundles. Servers of that folder with another store, and"
            " trainings without --events, do not know of the deletion",
            error=True,
        )


def _private(path: Path) -> IO[str]:
    """The file, emptied, for writing."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")


def _lines(address: str, user: str) -> Iterator[tuple[bool, str]]:
    """The lines of the export, and whether each is an event."""
    for page in _pages(address, user):
        attributes = ExportUserResponse(
            user_attributes=page.user_attributes, live_user_attributes=page.live_user_attributes
        )
        if attributes.ByteSize():
            yield False, json.dumps(message(attributes), ensure_ascii=False)
        for event in page.events:
            yield True, json.dumps(message(event), ensure_ascii=False)


def _pages(address: str, user: str) -> Iterator[ExportUserResponse]:
    """All pages of the export."""
    token, more = "", True
    with connected(address, SECONDS) as client:
        while more:
            page = client.export_user(user, page_token=token)
            yield page
            token, more = page.next_page_token, bool(page.next_page_token)
