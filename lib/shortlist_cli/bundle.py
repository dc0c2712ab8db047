"""`shortlist bundle`: look at published bundles, and decide which of them serve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shortlist_bundle import BundleStore, Label, Manifest
from shortlist_cli import bundle_tables, remote_bundles, tables
from shortlist_core.errors import BundleRefusedError, InvalidArgumentError, Violation

app = typer.Typer(
    no_args_is_help=True,
    help="Look at published bundles, and decide which of them serve. Servers of the same folder follow by themselves.",
)

Bundles = Annotated[Path, typer.Option(help="Folder of published bundles.")]
Version = Annotated[str, typer.Argument(help="Version of a bundle, as `shortlist bundle list` shows it.")]
AsLabel = Annotated[Label, typer.Option("--label", help="stable: serve everybody; canary: a share; shadow: nobody.")]
Address = Annotated[
    str, typer.Option(help="Ask the server at host:port, and wait until it serves so. Left out: write into the folder.")
]

FOLDER, SHARE = Path("bundles"), 0.05


@app.command(name="list")
def list_bundles(bundles: Bundles = FOLDER) -> None:
    """All bundles, newest first. Their files are not hashed: `verify` does that."""
    store = BundleStore(bundles)
    found: list[Manifest | BundleRefusedError] = []
    for version in reversed(store.versions()):
        try:
            found.append(store.manifest(version))
        except BundleRefusedError as error:
            found.append(error)
    if not found:
        typer.echo(f"there is no bundle in {bundles} yet")
        return
    tables.output().print(bundle_tables.bundles(found, store.current(), store.labels()))


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Left out: the current one.")] = "",
    bundles: Bundles = FOLDER,
    address: Annotated[str, typer.Option(help="Show instead what the server at host:port serves, and how.")] = "",
) -> None:
    """What one bundle was made from, and its metrics; or what a server serves."""
    if address:
        remote_bundles.serving(address)
        return
    store = BundleStore(bundles)
    version = version or store.load().version
    console = tables.output()
    for table in bundle_tables.bundle(store.manifest(version), store.current(), store.labels()):
        console.print(table)


@app.command()
def activate(
    version: Version,
    bundles: Bundles = FOLDER,
    label: AsLabel = "stable",
    share: Annotated[float, typer.Option(help="With --label canary: share of the users, above 0 to 1.")] = 0.0,
    address: Address = "",
) -> None:
    """Serve a bundle: everybody, a share of the users, or in the shadow. It is verified first."""
    if share and label != "canary":
        raise InvalidArgumentError([Violation("--share", "goes with --label canary alone")])
    if label == "canary" and not 0 < (share := share or SHARE) <= 1:
        raise InvalidArgumentError([Violation("--share", f"must be above 0 to 1, not {share}")])
    if address:
        remote_bundles.activate(address, version, label, share)
        return
    store = BundleStore(bundles)
    if label == "canary":
        store.set_canary(version, share)
        typer.echo(f"{version} is the canary now, for {share:.1%} of the users")
    elif label == "shadow":
        store.set_shadow(version)
        typer.echo(f"{version} is the shadow now")
    else:
        store.activate(version)
        typer.echo(f"{version} is current now")


@app.command()
def rollback(bundles: Bundles = FOLDER, label: AsLabel = "stable", address: Address = "") -> None:
    """Go back to the bundle before the current one, or take the canary or the shadow off."""
    if address:
        remote_bundles.rollback(address, label)
        return
    store = BundleStore(bundles)
    if label == "canary":
        typer.echo(f"{store.remove_canary()} is no canary any more")
    elif label == "shadow":
        typer.echo(f"{store.remove_shadow()} is no shadow any more")
    else:
        typer.echo(f"{store.rollback()} is current again")


@app.command()
def verify(
    version: Annotated[list[str] | None, typer.Argument(help="Versions; left out: all.")] = None,
    bundles: Bundles = FOLDER,
) -> None:
    """Hash every file and compare with the manifest; exit code 2 if a bundle is damaged."""
    store = BundleStore(bundles)
    damaged = []
    for each in version or store.versions():
        try:
            manifest = store.verify(each)
            typer.echo(f"{each}: {len(manifest.files)} files, all as published")
        except BundleRefusedError as error:
            damaged.append(error)
            typer.echo(f"{each}: {error.metadata['file']}: {error.metadata['check']}")
    if damaged:
        raise damaged[0]


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, help="How many of the newest stay.")], bundles: Bundles = FOLDER
) -> None:
    """Remove old bundles. Current and the one before, labelled ones, and those that a process has loaded stay."""
    removed = BundleStore(bundles).prune(keep)
    for version in removed:
        typer.echo(f"removed {version}")
    typer.echo(f"{len(removed)} removed, {len(BundleStore(bundles).versions())} left")
