"""`shortlist train`: one command from interactions to a published bundle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli import tables
from cli.progress import steps


def train(
    data: Annotated[Path, typer.Option(help="Folder that `shortlist data` wrote.")],
    bundles: Annotated[Path, typer.Option(help="Folder of bundles to publish into; made if absent.")],
    events: Annotated[
        list[str] | None,
        typer.Option(help="Store of live events and items to learn from as well, as `serve --state`; may be repeated."),
    ] = None,
    until: Annotated[str, typer.Option(help="Learn from what lies before this time alone.")] = "",
    config: Annotated[Path | None, typer.Option(help="Recipe settings as TOML; see docs/training.md.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same data: same metrics.")] = 1,
    activate: Annotated[
        bool, typer.Option(help="Whether it becomes the current bundle at once, which running servers change to.")
    ] = True,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="Also train rankers without text, LSTM and CF, for the report.")
    ] = False,
) -> None:
    """Train retrieval and ranker, and publish them as a bundle."""
    from data.dataset import Dataset
    from data.splits import parse_time
    from training.config import Recipe

    recipe = Recipe.read(config) if config else Recipe()
    as_of = parse_time(until) if until else None
    dataset = Dataset.read(data)
    contained: Mapping[str, int] = {}
    if events:
        from training.live_events import with_live_events

        merged = with_live_events(dataset, events)
        dataset, contained = merged.dataset, merged.catalog_sequences
        typer.echo(str(merged))
    with steps() as announce:
        announce("loading TensorFlow")
        from training.publish import publish
        from training.recipe import train as run_recipe
        from training.table import prepare

        announce("preparing the data")
        trained = run_recipe(prepare(dataset, as_of), recipe, seed, announce, ablations=ablations)
        announce("publishing")
        manifest = publish(trained, bundles, seed, activate, contained)
    table = Table(title=f"Bundle {manifest.version}")
    table.add_column("metric")
    table.add_column("value", justify="right")
    for name, value in manifest.metrics.items():
        table.add_row(name, f"{value:.4f}" if isinstance(value, float) else f"{value:,}")
    tables.output().print(table)
    if activate:
        typer.echo(
            f"Published {manifest.version} in {bundles}, now current. To serve: shortlist serve --bundles {bundles}"
        )
    else:
        typer.echo(
            f"Published {manifest.version} in {bundles}, not current."
            f" To serve it: shortlist bundle activate {manifest.version} --bundles {bundles}"
        )
