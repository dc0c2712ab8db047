"""`shortlist data`: import interactions into the canonical layout, show a data folder, or make a synthetic shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortlist_cli import data_summary
from shortlist_cli.add_live import add_live
from shortlist_cli.embed import embed
from shortlist_cli.folders import to_be_published_in, to_be_written, writable
from shortlist_cli.imported import publish_imported
from shortlist_cli.showing import AsJson
from shortlist_cli.showing import show as show_result
from shortlist_core import terminal
from shortlist_core.terminal import quoted
from shortlist_data import amazon as amazon_files
from shortlist_data import mind as mind_files
from shortlist_data import movielens as movielens_files
from shortlist_data import online_retail as online_retail_files
from shortlist_data.dataset import Dataset
from shortlist_data.progress import working
from shortlist_data.reading import Reading
from shortlist_data.rules import Rules
from shortlist_data.summary import Summary
from shortlist_data.synthetic import make_shop
from shortlist_data.table import Tables, import_tables, parse_columns, parse_event_types

app = typer.Typer(no_args_is_help=True, help="Import data, show a data folder, or make a synthetic shop.")
importers = typer.Typer(no_args_is_help=True, help="Import interactions, items and users into a data folder.")
app.add_typer(importers, name="import")
app.command("add-live")(add_live)
app.command("embed")(embed)

LEAST_PACKED = 10
"""Bytes of a source that become one of Parquet at most."""

From = Annotated[Path, typer.Option("--from", help="Folder with the files as published.", file_okay=False)]
Out = Annotated[Path, typer.Option("--out", help="Data folder to write.", file_okay=False)]
MaxRejects = Annotated[float, typer.Option(min=0, max=1, help="Largest share of rows of a table that may be rejected.")]

Download = Annotated[bool, typer.Option("--download", help="Download the files into the folder --from first.")]
Mirror = Annotated[str | None, typer.Option(help="URL to download from instead of the official one.")]


@importers.command("online-retail")
def online_retail(source: From, out: Out, max_rejects: MaxRejects = 0.05, as_json: AsJson = False) -> None:
    """Orders of a UK gift shop: interactions.csv.gz and items.csv.gz."""
    _writable(out)
    publish_imported(online_retail_files.read(source), out, max_rejects, as_json)


@importers.command("movielens")
def movielens(
    source: From,
    out: Out,
    download: Download = False,
    edition: Annotated[
        str, typer.Option(help="To download: ml-latest-small, ml-latest, ml-1m, ml-20m or ml-25m.")
    ] = "ml-latest-small",
    mirror: Mirror = None,
    max_rejects: MaxRejects = 0.05,
    as_json: AsJson = False,
) -> None:
    """Film ratings of GroupLens: the CSV editions, or ml-1m."""
    _writable(out, source if download else None)
    if download:
        movielens_files.fetch(source, edition, mirror or movielens_files.BASE)
    publish_imported(movielens_files.read(source), out, max_rejects, as_json)


@importers.command("amazon")
def amazon(
    source: From,
    out: Out,
    download: Download = False,
    category: Annotated[str, typer.Option(help="To download: All_Beauty, Video_Games, ...")] = "All_Beauty",
    mirror: Mirror = None,
    max_rejects: MaxRejects = 0.05,
    as_json: AsJson = False,
) -> None:
    """Amazon Reviews 2023: reviews and products of one or more categories."""
    _writable(out, source if download else None)
    if download:
        amazon_files.fetch(source, category, mirror or amazon_files.BASE)
    publish_imported(amazon_files.read(source), out, max_rejects, as_json)


@importers.command("mind")
def mind(
    source: From,
    out: Out,
    download: Download = False,
    size: Annotated[str, typer.Option(help="To download: small or large.")] = "small",
    impressions: Annotated[
        bool, typer.Option("--impressions", help="Also import what was shown and not clicked.")
    ] = False,
    mirror: Mirror = None,
    max_rejects: MaxRejects = 0.05,
    as_json: AsJson = False,
) -> None:
    """News clicks of MIND: behaviors.tsv and news.tsv."""
    _writable(out, source if download else None)
    if download:
        mind_files.fetch(source, size, mirror or mind_files.BASE)
    publish_imported(mind_files.read(source, impressions), out, max_rejects, as_json)


@importers.command("table")
def table(
    interactions: Annotated[Path, typer.Option(help="CSV, TSV, JSON Lines, JSON or Parquet, gzipped or not.")],
    out: Out,
    items: Annotated[Path | None, typer.Option(help="Item table. Items that it lacks have no title.")] = None,
    users: Annotated[Path | None, typer.Option(help="User table. All its columns become attributes.")] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            help="Column mapping, such as interactions.user_id=customer_id, or a .toml file; may be repeated."
        ),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(
            help="strptime format such as '%d.%m.%Y %H:%M', or what numbers are: unix-s, unix-ms, unix-us, unix-ns,"
            " days (since 1970), excel, ticks (.NET), filetime (Windows), julian, yyyymmdd, yyyymmddhhmm,"
            " yyyymmddhhmmss; iso: no number is a time. Left out: found out from the whole column, or refused."
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(help="Time of all interactions, such as 2026-01-31, for data that tell none.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that tell none, such as Europe/Berlin. Left out: UTC.")
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(help="Decimal mark of prices and values, '.' or ','. Left out: found out from the file."),
    ] = None,
    dislike_below: Annotated[
        float | None, typer.Option(help="Ratings of less are dislikes. Left out: training finds out.")
    ] = None,
    event_type: Annotated[str, typer.Option(help="Event type of rows without one.")] = "interaction",
    event_types: Annotated[
        list[str] | None, typer.Option(help="Your name for an event type, such as buy=purchase; may be repeated.")
    ] = None,
    separator: Annotated[str, typer.Option("--category-separator", help="Separator between categories in text.")] = "|",
    context: Annotated[
        list[str] | None,
        typer.Option(
            help="Column of interactions that tells where or how an event happened, such as the device, the page or the"
            " place, as requests tell it in context_attributes; may be repeated."
        ),
    ] = None,
    delimiter: Annotated[str | None, typer.Option(help="Separator between CSV columns. Left out: detected.")] = None,
    format: Annotated[str | None, typer.Option(help="csv, tsv, jsonl, json or parquet. Left out: detected.")] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of text files: utf-8, cp1252, utf-16, ...")] = "utf-8",
    max_rejects: MaxRejects = 0.05,
    as_json: AsJson = False,
) -> None:
    """Tables of any shop: columns with canonical names are used as they are, others are mapped with --columns."""
    _writable(out)
    names = parse_event_types(event_types or [])
    rules = Rules(
        time_format, time, names, event_type, separator, time_zone, decimal, dislike_below, context=tuple(context or ())
    )
    reading = Reading(format, encoding, delimiter)
    sizes = [path.stat().st_size for path in (interactions, items, users) if path and path.is_file()]
    writable(out, sum(sizes) // LEAST_PACKED)
    tables = Tables(interactions, items, users, parse_columns(columns or []), rules, reading)
    publish_imported(import_tables(tables), out, max_rejects, as_json)


@app.command()
def show(data: Annotated[Path, typer.Argument(help="Data folder.", file_okay=False)], as_json: AsJson = False) -> None:
    """Show what a data folder holds: times, users, items, events by type, descriptions, and what is unusual."""
    summary = Summary.of(Dataset.read(data))
    show_result(as_json, data_summary.document(summary), *data_summary.told(summary))


@app.command()
def synthetic(
    out: Out,
    items: Annotated[int, typer.Option(min=10, help="Items in the shop.")] = 2_000,
    users: Annotated[int, typer.Option(min=1, help="Users of the shop.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same shop.")] = 0,
    events_per_user: Annotated[float, typer.Option(min=1, help="Events per user, on average.")] = 120,
) -> None:
    """Make a synthetic shop: a year of views, carts and purchases, and its users' true preferences."""
    _writable(out)
    writable(out, int(5 * users * events_per_user))  # bytes of an event in Parquet, at least
    with working(f"drawing a year of {users:,} users among {items:,} items"):
        shop = make_shop(items, users, seed, events_per_user)
    with working(f"writing {out}"):
        shop.write(out)
    count = shop.dataset.interactions.height
    wrote = f"Wrote {count:,} interactions of {users:,} users with {items:,} items, and their truth.npz"
    terminal.say(f"{wrote}, to {quoted(out)}")


@app.command("synthetic-vectors")
def synthetic_vectors(
    bundles: Annotated[Path, typer.Option(help="Folder of bundles to publish into.", file_okay=False)],
    items: Annotated[int, typer.Option(min=100, help="Items of the catalogue; 10 million fit in 16 GB.")],
    users: Annotated[int | None, typer.Option(min=1, help="Users. Left out: a tenth of the items.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same bundle.")] = 0,
) -> None:
    """Make a synthetic bundle without training, to measure how fast a catalogue of any size is served."""
    to_be_published_in(bundles)
    # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
    from shortlist_synthetic.publish import default_users, publish

    writable(bundles, 700 * items)

    def progress(step: str) -> None:
        terminal.say(f"{step} ...")

    manifest = publish(bundles, items, users or default_users(items), seed, progress)
    size = sum(entry.bytes for entry in manifest.files.values())
    sizes = f"{items:,} items, {size / items:,.0f} bytes per item"
    terminal.say(f"Published {manifest.version} in {quoted(bundles)}: {sizes}")


def _writable(*folders: Path | None) -> None:
    """Raise DataError for a folder that the command would have to make within one that is not there."""
    for folder in folders:
        if folder:
            to_be_written(folder)
