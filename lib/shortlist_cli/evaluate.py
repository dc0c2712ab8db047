"""`shortlist evaluate`: how good a bundle is on what came after it, beside the plain methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from shortlist_bundle.erasures import Erasures
from shortlist_cli.folders import published_in, writable_file
from shortlist_cli.html_report import Html, keep_report, to_be_reported, write_report
from shortlist_cli.json_file import write_json
from shortlist_cli.progress import steps
from shortlist_cli.showing import AsJson, show
from shortlist_core.errors import DataError
from shortlist_core.event_weights import EventWeights
from shortlist_core.tables import Table
from shortlist_core.terminal import quoted
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_evaluation import suite
from shortlist_evaluation.new_items import NewItems, new_items_table
from shortlist_evaluation.new_users import NewUsers, new_users_tables
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.report import Report


def evaluate(
    data: Annotated[Path, typer.Option(help="Folder with the data from before and after the time.")],
    bundles: Annotated[Path, typer.Option(help="Folder of published bundles.")],
    since: Annotated[str, typer.Option(help="Test on what happened from this time on.")],
    out: Annotated[Path, typer.Option(help="JSON report to write.")],
    bundle: Annotated[str, typer.Option(help="Another version than the current one.")] = "",
    baselines: Annotated[bool, typer.Option("--baselines", help="Fit and test the plain methods as well.")] = False,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Rank the whole catalogue for everybody who came back after SINCE, and say how well."""
    cut = parse_time(since)
    writable_file(out)
    to_be_reported(html, out)
    loaded = published_in(bundles).load(bundle or None)
    if loaded.manifest.as_of_micros > cut:
        raise DataError(f"bundle {loaded.version} has seen data after {since}: train one with --until {since}")
    dataset = Dataset.read(data)
    judged = dataset.with_dislikes(loaded.manifest.dislike_below)
    weights = loaded.manifest.event_weights
    heldout = Heldout.of(judged, cut, weights)
    with steps() as announce:
        announce(f"testing on {len(heldout):,} users and {len(heldout.train.item_ids):,} items")
        # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
        from shortlist_ranking.blend import Blend
        from shortlist_training.assess import BOTH_STAGES, assess, with_new_items, with_new_users
        from shortlist_training.offline import serving_offline
        from shortlist_training.report_records import Source, evaluated, evaluated_examples, verdict_of

        source = Source(dataset, data)
        with serving_offline(loaded, dataset.until(cut).interactions, counting=announce.counting) as recommender:
            found = assess(recommender, loaded, heldout, announce)
            report = found.report
            new_users = _new_users(partial(with_new_users, recommender), judged, heldout, weights, announce)
            hidden = Erasures(bundles) if html else frozenset[str]()  # the data may still have users who were deleted
            shown = evaluated_examples(recommender, report, BOTH_STAGES, heldout, source, hidden) if html else ()
        if baselines:
            _add_baselines(report, heldout, dataset.items, announce)
        lists_of = partial(with_new_items, loaded, counting=announce.counting)
        new_items = _new_items(lists_of, dataset, judged, heldout, weights, announce)
        announce("the verdict")
        verdict = verdict_of(loaded, report, len(heldout))
        record = evaluated(loaded, found, heldout, source, shown, verdict) if html else None
    metrics: Mapping[str, Any] = loaded.manifest.metrics
    told: list[Table | str] = [*report.told()]
    if "ranker_share" in metrics:  # older bundles serve the ranker's order, whatever that is worth
        ndcgs = metrics["ranker_ndcg_at_10_held_out"], metrics["stage_one_ndcg_at_10_held_out"]
        told.append(str(Blend(metrics["ranker_share"], *ndcgs)))
    if new_items:
        told.append(new_items_table(new_items))
    if new_users:
        told += new_users_tables(new_users)
    told.append(str(verdict))
    others = {
        "verdict": asdict(verdict),
        "new_items": new_items,
        "new_users": new_users,
        "ranker_share": metrics.get("ranker_share"),
    }
    document = report.to_json() | {"bundle": loaded.version, "since": since} | others
    if not as_json:  # before anything can go wrong with files
        show(False, {}, *told)
    write_json(out, document)
    show(as_json, document, f"Wrote {quoted(out)}")
    if html and record:
        write_report(html, record, to_errors=as_json)
        keep_report(bundles, loaded.version, record)


def _new_items(
    lists_of: Callable[[NewItems, pl.DataFrame], dict[str, Any]],
    dataset: Dataset,
    judged: Dataset,
    heldout: Heldout,
    weights: EventWeights,
    announce: Callable[[str], None],
) -> dict[str, Any] | None:
    new = NewItems.of(judged, heldout, weights)
    if new is None:
        announce("no known user wanted an item that came later and has words: new items are not measured")
        return None
    announce(f"{len(new.items):,} new items, by their text alone")
    lists = lists_of(new, dataset.until(heldout.train.now).interactions)
    return new.to_json(lists | {"text alone, tf-idf": new.by_text(dataset.items)})


def _new_users(
    lists_of: Callable[[NewUsers], tuple[dict[str, Any], dict[str, Any]]],
    dataset: Dataset,
    heldout: Heldout,
    weights: EventWeights,
    announce: Callable[[str], None],
) -> dict[str, Any] | None:
    new = NewUsers.of(dataset, heldout.train, weights)
    if new is None:
        announce("nobody came for the first time and wanted a known item: new users are not measured")
        return None
    announce(f"{len(new):,} new users, by what else is known of them")
    unknown, begun = lists_of(new)
    popular = {
        "popularity, all time": new.popular(None),
        "popularity, last 14 days": new.popular(14),
    }
    return new.to_json(unknown | popular, begun | popular)


def _add_baselines(report: Report, heldout: Heldout, items: pl.DataFrame, announce: Callable[[str], None]) -> None:
    for name, fit in suite.baselines(heldout.train, items, announce).items():
        announce(name)
        report.add(name, suite.rank(fit(), heldout))
