"""`shortlist placement`: show, check and set the placements of a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from shortlist.v1.placement_pb2 import PlacementSet

from shortlist_cli import tables
from shortlist_cli.connection import LOCAL, Address, connected
from shortlist_cli.messages import message
from shortlist_cli.showing import show
from shortlist_core import terminal
from shortlist_server.rpc.placement_file import read as read_placements
from shortlist_server.rpc.placement_file import read_message

app = typer.Typer(
    no_args_is_help=True,
    help="Show, check and set placements: the settings and rules of the places where lists are shown. They are the file"
    " placements.json beside the bundles.",
)

File = Annotated[Path, typer.Argument(help="JSON file of a PlacementSet, as `list --json` prints it.")]


@app.command(name="list")
def list_placements(
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON, to be changed and set.")] = False,
    address: Address = LOCAL,
) -> None:
    """Show the placements in force, and what is wrong with their file."""
    with connected(address) as client:
        answer = client.list_placements()
    version = f"version {answer.version}" if answer.version else "no placements were ever set"
    refused = (f"the file is refused: {refusal}" for refusal in answer.refusals)
    document = message(PlacementSet(placements=answer.placements))
    show(as_json, document, tables.placements(answer.placements), version, *refused)


@app.command()
def check(file: File) -> None:
    """Check a file of placements, without a server."""
    placements = read_placements(file)
    rules = sum(len(placement.rules) for placement in placements.by_name.values())
    terminal.say(f"{len(placements.by_name)} placements with {rules} rules, version {placements.version}")


@app.command(name="set")
def set_placements(
    file: File,
    expected_version: Annotated[
        str, typer.Option(help="Version that the change began with; another one in force is an error.")
    ] = "",
    address: Address = LOCAL,
) -> None:
    """Set all placements of a server to those of a file."""
    wanted = read_message(file)
    with connected(address) as client:
        before = client.list_placements().version
        version = client.set_placements(wanted.placements, expected_version=expected_version).version
    terminal.say(f"version {version} is in force{f', {before} before' if before else ''}")
