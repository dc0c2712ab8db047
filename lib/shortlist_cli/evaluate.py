"""`shortlist evaluate`: how good a bundle is on what came after it, beside the plain methods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shortlist_cli import tables
from shortlist_cli.json_file import write_json
from shortlist_cli.progress import steps
from shortlist_core.errors import DataError

if TYPE_CHECKING:
    import polars as pl

    from shortlist_bundle import Bundle
    from shortlist_data.dataset import Dataset
    from shortlist_evaluation.protocol import Heldout
    from shortlist_evaluation.report import Report


def evaluate(
    data: Annotated[Path, typer.Option(help="Folder with the data from before and after the time.")],
    bundles: Annotated[Path, typer.Option(help="Folder of published bundles.")],
    since: Annotated[str, typer.Option(help="Test on what happened from this time on.")],
    out: Annotated[Path, typer.Option(help="JSON report to write.")],
    bundle: Annotated[str, typer.Option(help="Another version than the current one.")] = "",
    baselines: Annotated[bool, typer.Option("--baselines", help="Fit and test the plain methods as well.")] = False,
) -> None:
    """Rank the whole catalogue for everybody who came back after SINCE, and say how well."""
    from shortlist_bundle import BundleStore
    from shortlist_data.dataset import Dataset
    from shortlist_data.splits import parse_time
    from shortlist_evaluation.new_items import print_new_items
    from shortlist_evaluation.new_users import print_new_users
    from shortlist_evaluation.protocol import Heldout

    cut = parse_time(since)
    loaded = BundleStore(bundles).load(bundle or None)
    if loaded.manifest.as_of_micros > cut:
        raise DataError(f"bundle {loaded.version} has seen data after {since}: train one with --until {since}")
    dataset = Dataset.read(data)
    heldout = Heldout.of(dataset, cut)
    with steps() as announce:
        announce(f"testing on {len(heldout):,} users and {len(heldout.train.item_ids):,} items")
        from shortlist_training.assess import assess

        report = assess(loaded, heldout, dataset.until(cut).interactions, announce)
        if baselines:
            _add_baselines(report, heldout, dataset.items, announce)
        new_items = _new_items(loaded, dataset, heldout, announce)
        new_users = _new_users(loaded, dataset, heldout, announce)
    report.print(tables.output())
    if new_items:
        print_new_items(new_items, tables.output())
    if new_users:
        print_new_users(new_users, tables.output())
    of_new = {"new_items": new_items, "new_users": new_users}
    write_json(out, report.to_json() | {"bundle": loaded.version, "since": since} | of_new)
    typer.echo(f"Wrote {out}")


def _new_items(
    bundle: Bundle, dataset: Dataset, heldout: Heldout, announce: Callable[[str], None]
) -> dict[str, Any] | None:
    from shortlist_evaluation.new_items import NewItems
    from shortlist_training.assess import with_new_items

    new = NewItems.of(dataset, heldout)
    if new is None:
        announce("no known user wanted an item that came later and has words: new items are not measured")
        return None
    announce(f"{len(new.items):,} new items, by their text alone")
    lists = with_new_items(bundle, new, dataset.until(heldout.train.now).interactions)
    return new.to_json(lists | {"text alone, tf-idf": new.by_text(dataset.items)})


def _new_users(
    bundle: Bundle, dataset: Dataset, heldout: Heldout, announce: Callable[[str], None]
) -> dict[str, Any] | None:
    from shortlist_evaluation.new_users import NewUsers
    from shortlist_training.assess import with_new_users

    new = NewUsers.of(dataset, heldout.train)
    if new is None:
        announce("nobody came for the first time and wanted a known item: new users are not measured")
        return None
    announce(f"{len(new):,} new users, by what else is known of them")
    unknown, begun = with_new_users(bundle, new, dataset.until(heldout.train.now).interactions)
    popular = {
        "popularity, all time": new.popular(None),
        "popularity, last 14 days": new.popular(14),
    }
    return new.to_json(unknown | popular, begun | popular)


def _add_baselines(report: Report, heldout: Heldout, items: pl.DataFrame, announce: Callable[[str], None]) -> None:
    from shortlist_evaluation import suite

    for name, fit in suite.baselines(heldout.train, items, announce).items():
        announce(name)
        report.add(name, suite.rank(fit(), heldout))
