"""`shortlist catalog`: read and write the items of a running server, and compact its store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from shortlist import Client, InvalidArgument, Item

from shortlist_cli.connection import LOCAL, Address, connected
from shortlist_cli.folders import published_in
from shortlist_cli.item_files import read_items
from shortlist_cli.messages import message
from shortlist_cli.showing import AsJson, show
from shortlist_core import terminal
from shortlist_core.tables import Column, Table
from shortlist_core.terminal import quoted
from shortlist_training.compact import compact as compact_store
from shortlist_training.live_events import open_existing

BATCH = 1_000
"""Items in one request: the API's limit."""

app = typer.Typer(
    no_args_is_help=True,
    help="Read and write the items of a running server, which applies changes within a second. Token and TLS are set as"
    " for `shortlist call`.",
)

Ids = Annotated[list[str], typer.Argument(help="Ids of items.")]


@app.command()
def upsert(
    file: Annotated[
        str,
        typer.Argument(help="JSON Lines, CSV or Parquet, with the columns of an item table."),
    ],
    address: Address = LOCAL,
) -> None:
    """Write the items of a file, or of standard input for `-`. Each replaces the item with its id."""
    read = read_items(file)
    created = updated = 0
    with connected(address) as client:
        for start in range(0, len(read.items), BATCH):
            try:
                answer = client.upsert_items(read.items[start : start + BATCH])
            except InvalidArgument as error:
                mistakes = [
                    (read.lines[start + int(place[1])], f"{v.field.removeprefix(place[0])} {v.description}")
                    for v in error.violations
                    if (place := re.match(r"items\[(\d+)\]\.?", v.field))
                ]
                if not mistakes:
                    raise
                raise read.mistakes(mistakes, written=start) from None
            created, updated = created + answer.created_count, updated + answer.updated_count
    terminal.say(f"{created:,} new, {updated:,} replaced")


@app.command()
def delete(ids: Ids, address: Address = LOCAL) -> None:
    """Delete items from the catalogue; answers do not contain them any more."""
    deleted = 0
    with connected(address) as client:
        for start in range(0, len(ids), BATCH):
            deleted += client.delete_items(ids[start : start + BATCH]).deleted_count
    terminal.say(f"{deleted:,} deleted, {len(set(ids)) - deleted:,} did not exist")


@app.command()
def get(
    id: Annotated[str, typer.Argument(help="Id of the item.")], as_json: AsJson = False, address: Address = LOCAL
) -> None:
    """Show one item as it is now."""
    with connected(address) as client:
        item = client.get_item(id).item
    table = Table("what", "value", title=f"Item {id}")
    table.row("title", item.title)
    table.row("text", item.text)
    table.row("categories", ", ".join(item.categories))
    table.row("price", f"{item.price:g}" if item.HasField("price") else "")
    table.row("known from", _origin(item))
    if item.HasField("update_time"):
        table.row("written", item.update_time.ToJsonString())
    show(as_json, message(item), table)


@app.command(name="list")
def list_items(
    count: Annotated[int, typer.Option(min=0, help="Number of items at most; 0: all.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per item and line.")] = False,
    address: Address = LOCAL,
) -> None:
    """List all items as they are now, those of the serving bundle first."""
    with connected(address) as client:
        some = islice(_items(client, min(count or BATCH, BATCH)), count or None)
        if as_json:
            for item in some:
                terminal.say_json(json.dumps(message(item), ensure_ascii=False))
            return
        table = Table("id", "title", "categories", Column("price", whole=True), Column("known from"))
        for item in some:
            price = f"{item.price:g}" if item.HasField("price") else ""
            table.row(item.item_id, item.title, ", ".join(item.categories), price, _origin(item))
    show(False, {}, table)


@app.command()
def compact(
    data: Annotated[Path, typer.Option(help="Data folder for training; its items are updated.")],
    state: Annotated[str, typer.Option(help="Store of the items, as `serve --state`.")],
    bundles: Annotated[Path, typer.Option(help="Folder of published bundles.")] = Path("bundles"),
) -> None:
    """Remove from the store what all bundles of a folder contain, after writing it into the data folder."""
    with closing(open_existing(state)) as store:
        done = compact_store(data, published_in(bundles), store.catalog)
    dropped = f"dropped {done.items:,} items and {done.deletions:,} deletions"
    terminal.say(f"{dropped}, which {quoted(data)} and all bundles contain")
    terminal.say(f"kept {done.items_left:,} items and {done.deletions_left:,} deletions")
    if done.behind:
        terminal.say(
            f"bundle {done.behind} contains the fewest of them and may serve again: train with --events,"
            " remove old bundles with `shortlist bundle prune`, then compact again"
        )


def _items(client: Client, page_size: int) -> Iterator[Item]:
    """The items of all pages."""
    token, more = "", True
    while more:
        page = client.list_items(page_size=page_size, page_token=token)
        yield from page.items
        token, more = page.next_page_token, bool(page.next_page_token)


def _origin(item: Item) -> str:
    return "live" if item.HasField("update_time") else "bundle"
