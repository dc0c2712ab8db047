"""`shortlist retrain`: train the next bundle and publish it if it is no worse than the current one; fit for cron."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shortlist_bundle import BundleStore
from shortlist_cli.folders import to_be_published_in, writable, writable_file
from shortlist_cli.html_report import Html, to_be_reported, write_report
from shortlist_cli.json_file import write_json
from shortlist_cli.progress import steps
from shortlist_cli.settings_file import SettingsFile
from shortlist_cli.settings_layers import Config
from shortlist_cli.showing import AsJson, show
from shortlist_cli.train import Events, On, planned, with_stores
from shortlist_core import terminal
from shortlist_core.allocator import keep_freed_memory
from shortlist_core.device import Device, choose
from shortlist_core.tables import Table
from shortlist_data.dataset import Dataset
from shortlist_training.config import WARM_SLICES, Recipe
from shortlist_training.demands import demand, least_bytes
from shortlist_training.plan import Plan, TwiceLeft

if TYPE_CHECKING:
    from shortlist_training.retrain import Outcome

REFUSED, TOO_LITTLE, BUSY = 3, 4, 5
"""Exit codes other than 0 (published) and 2 (a mistake)."""

SHOWN = {"ndcg@10": "NDCG@10", "hit@10": "Hit@10", "recall@100": "R@100", "recall@500": "R@500"}


def retrain(
    data: Annotated[Path, typer.Option(help="Folder that `shortlist data` wrote.")],
    bundles: Annotated[Path, typer.Option(help="Folder of bundles. The new bundle is compared with the current one.")],
    events: Events = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the current bundle's NDCG@10 that the new one may lack.")
    ] = 0.02,
    config: Config = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same data, same current bundle: same metrics.")] = 1,
    report: Annotated[Path | None, typer.Option(help="JSON file for the report.")] = None,
    html: Html = None,
    activate: Annotated[bool, typer.Option(help="Whether the published bundle becomes current.")] = True,
    cold: Annotated[bool, typer.Option("--cold", help="Do not start from the current bundle.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Publish whatever the comparison results in.")] = False,
    device: On = Device.AUTO,
    as_json: AsJson = False,
) -> None:
    """Train on all data, compare with the current bundle, and publish if the new one is no worse.

    Exit code 0: published; 3: worse, not published; 4: too little new data to compare; 5: another retraining runs.
    """
    choose(device)
    keep_freed_memory()
    recipe = SettingsFile.read(config).recipe
    to_be_published_in(bundles)
    if report:
        writable_file(report)
    to_be_reported(html, report)
    merged = with_stores(Dataset.read(data), events or [], bundles, as_json)
    writable(bundles, 2 * least_bytes(demand(merged.dataset)))  # the trial, and the bundle of everything
    compares = BundleStore(bundles).current() is not None
    plan = _plan(merged.dataset, recipe, compares, cold)
    twice = f"{plan}, for a trial; and about as long again for the bundle, if the trial is good enough"
    terminal.say(twice if compares else plan, error=True)
    if report:  # not before: a mistake would leave it saying so
        write_json(report, {"decision": "under way"})
    with steps(TwiceLeft(plan).after) as announce:
        announce("loading TensorFlow")
        # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
        from shortlist_layers.devices import confirm
        from shortlist_training.report_records import Source
        from shortlist_training.report_retrained import Observer
        from shortlist_training.retrain import BusyError, Retraining

        confirm(device)
        observer = Observer(Source(merged.dataset, data), announce)
        retraining = Retraining(recipe, seed, tolerance, force, activate, not cold, merged.catalog_sequences)
        if html:
            retraining = replace(retraining, compared=observer)
        try:
            outcome = retraining.run(merged.dataset, bundles, announce)
        except BusyError as error:
            terminal.say(f"error: {error}", error=True)
            raise typer.Exit(BUSY) from None
    if report:
        write_json(report, outcome.to_json())
    if outcome.published:
        merged.take()
    record = observer.record(outcome) if html else None
    verdict = [str(record.verdict)] if record else []
    document = outcome.to_json() | {"verdict": verdict[0] if verdict else None, "html": html and str(html)}
    show(as_json, document, *_told(outcome), *verdict)
    if html and record:
        write_report(html, record, to_errors=as_json)
    raise typer.Exit({"published": 0, "refused": REFUSED, "too little is new": TOO_LITTLE}[outcome.decision])


def _plan(dataset: Dataset, recipe: Recipe, compares: bool, cold: bool) -> Plan:
    """The plan of one training, of which there are two where there is a bundle to compare with."""
    slices = recipe.slices if cold or not compares else min(recipe.slices, WARM_SLICES)
    return planned(dataset, recipe.model_copy(update={"slices": slices}))


def _told(outcome: Outcome) -> Iterator[Table | str]:
    """What a person is told of the outcome."""
    if outcome.gate:
        facts, difference = outcome.gate["protocol"], outcome.gate["difference"]
        title = f"{facts['test_users']:,} test users since {facts['since']}"
        table = Table("system", *SHOWN.values(), title=title, left=True).right(*range(1, 1 + len(SHOWN)))
        for name, values in outcome.gate["systems"].items():
            table.row(name, *(f"{values[metric]:.4f}" for metric in SHOWN))
        yield table
        low, high = difference["ci95"]
        yield f"Difference in NDCG@10: {difference['mean']:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"
    begun = "warm" if outcome.warm else "cold"
    if outcome.published is None:
        yield f"Not published: {outcome.decision}. {outcome.reason}."
        return
    forced = " by --force" if outcome.forced else ""
    active = "now current" if outcome.active else "not current"
    yield (f"Published {outcome.published}{forced}, {begun} start, {active}: {outcome.reason}.")
