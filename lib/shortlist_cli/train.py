"""`shortlist train`: one command from interactions to a published bundle."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shortlist_bundle import BundleStore
from shortlist_bundle.erasures import ERASED, Erasures
from shortlist_cli import bundle_tables
from shortlist_cli.folders import to_be_published_in, writable
from shortlist_cli.html_report import Html, to_be_reported, write_report
from shortlist_cli.progress import steps
from shortlist_cli.settings_file import SettingsFile
from shortlist_cli.settings_layers import Config, no_secret
from shortlist_cli.showing import AsJson, show
from shortlist_core import terminal
from shortlist_core.allocator import keep_freed_memory
from shortlist_core.device import Device, choose
from shortlist_core.terminal import quoted
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_training.ablation_names import Input, inputs_named
from shortlist_training.config import Recipe
from shortlist_training.demands import demand, least_bytes
from shortlist_training.live_events import Merged, with_live_events, without_erased
from shortlist_training.plan import Plan, TimeLeft

Events = Annotated[
    list[str] | None,
    typer.Option(
        callback=no_secret, help="Store of live events and items to include, as for `serve --state`; may be repeated."
    ),
]
On = Annotated[Device, typer.Option(help="Device that models compute on; auto: a GPU if there is one.")]


def train(
    data: Annotated[Path, typer.Option(help="Folder that `shortlist data` wrote.")],
    bundles: Annotated[Path, typer.Option(help="Folder of bundles to publish into; it is made if absent.")],
    events: Events = None,
    until: Annotated[str, typer.Option(help="Use only data before this time.")] = "",
    config: Config = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same data: same metrics.")] = 1,
    activate: Annotated[
        bool, typer.Option(help="Whether the bundle becomes current at once; running servers then change to it.")
    ] = True,
    ablations: Annotated[
        str,
        typer.Option(
            metavar="[INPUTS]",
            help="Also train rankers without one input each, for the report: without each of these, such as"
            f" `text,order`, or, where none is named, without each that the data has. Inputs: {', '.join(Input)}.",
        ),
    ] = "",
    html: Html = None,
    device: On = Device.AUTO,
    as_json: AsJson = False,
) -> None:
    """Train retrieval and ranker, and publish them as a bundle."""
    choose(device)
    keep_freed_memory()
    recipe = SettingsFile.read(config).recipe
    without = inputs_named(ablations) if ablations else ()
    as_of = parse_time(until) if until else None
    to_be_published_in(bundles)
    to_be_reported(html)
    dataset = Dataset.read(data)
    merged = with_stores(dataset, events or [], bundles, as_json)
    known = demand(merged.dataset, as_of)
    writable(bundles, least_bytes(known))
    plan = planned(known, recipe, len(without))
    terminal.say(plan, error=True)
    with steps(TimeLeft(plan).after) as announce:
        announce("loading TensorFlow")
        # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
        from shortlist_layers.devices import confirm
        from shortlist_training.publish import publish
        from shortlist_training.recipe import train as run_recipe
        from shortlist_training.table import prepare

        confirm(device)
        announce("preparing the data")
        trained = run_recipe(prepare(merged.dataset, as_of), recipe, seed, announce, without=without)
        announce("publishing")
        manifest = publish(trained, bundles, seed, activate, merged.catalog_sequences)
        if as_of is None:  # otherwise events were left out
            merged.take()
        record = None
        if html:
            announce("making the report")
            from shortlist_training.report_records import Source
            from shortlist_training.report_trained import trained_record

            known = merged.dataset if as_of is None else merged.dataset.until(as_of)
            record = trained_record(trained, BundleStore(bundles).load(manifest.version), Source(known, data))
    order, verdict = str(trained.scorer.blend), [str(record.verdict)] if record else []
    document = {"version": manifest.version, "current": activate, "metrics": manifest.metrics, "order": order}
    show(
        as_json,
        document | {"verdict": verdict[0] if verdict else None, "report": html and str(html)},
        bundle_tables.metrics(manifest.metrics, f"Bundle {manifest.version}"),
        order,
        _published(manifest.version, bundles, activate),
        *verdict,
    )
    if html and record:
        write_report(html, record, to_errors=as_json)


def _published(version: str, bundles: Path, activate: bool) -> str:
    """Where the bundle is, and how it is served."""
    where, typed = quoted(bundles), shlex.quote(str(bundles))
    if activate:
        return f"Published {version} in {where}, now current. To serve: shortlist serve --bundles {typed}"
    serve = f"shortlist bundle activate {version} --bundles {typed}"
    return f"Published {version} in {where}, not current. To serve it: {serve}"


def planned(dataset: Dataset, recipe: Recipe, ablations: int = 0) -> Plan:
    """The plan of a training with so many ablations on the data set, on the processors that this process may use."""
    events = dataset.interactions
    users, items = events["user_id"].n_unique(), events["item_id"].n_unique()
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pictured = float(dataset.items["image_pixels"].is_not_null().mean() or 0)  # type: ignore[arg-type]
    return Plan.of(len(events), users, items, recipe, processors, ablations, pictured)


def with_stores(dataset: Dataset, events: Sequence[str], bundles: Path, to_errors: bool = False) -> Merged:
    """The data set with the events and items of the stores, without users who were deleted.

    These are recorded in the stores and beside the bundles. Prints how many events and items were added, on standard
    error where that is asked for.
    """
    dataset, erased = without_erased(dataset, Erasures(bundles))
    if erased:
        terminal.say(f"{erased:,} users left out who were deleted, as {bundles / ERASED} says", error=to_errors)
    merged = with_live_events(dataset, events)
    if events:
        terminal.say(str(merged), error=to_errors)
    return merged
