"""`shortlist bundle`: show published bundles, and choose which of them serve."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from shortlist_bundle import BundleStore, Label, Manifest
from shortlist_cli import bundle_tables, remote_bundles
from shortlist_cli.folders import published_in
from shortlist_cli.showing import AsJson
from shortlist_cli.showing import show as show_result
from shortlist_core import terminal
from shortlist_core.errors import BundleRefusedError, InvalidArgumentError, Violation
from shortlist_core.terminal import quoted
from shortlist_data.progress import byte_bar

app = typer.Typer(
    no_args_is_help=True,
    help="Show published bundles, and choose which of them serve. Servers of the same folder follow automatically.",
)

Bundles = Annotated[Path, typer.Option(help="Folder of published bundles.")]
Version = Annotated[str, typer.Argument(help="Version of a bundle, as `shortlist bundle list` shows it.")]
AsLabel = Annotated[
    Label,
    typer.Option("--label", help="stable: serve all users; canary: serve a share; shadow: rank along, serve nobody."),
]
Address = Annotated[
    str, typer.Option(help="Ask the server at host:port and wait until it has changed. Left out: change the folder.")
]

FOLDER, SHARE = Path("bundles"), 0.05


@app.command(name="list")
def list_bundles(bundles: Bundles = FOLDER, as_json: AsJson = False) -> None:
    """List all bundles, newest first. Their files are not checked; `verify` does that."""
    store = published_in(bundles)
    manifests: list[Manifest | BundleRefusedError] = []
    for version in reversed(store.versions()):
        try:
            manifests.append(store.manifest(version))
        except BundleRefusedError as error:
            manifests.append(error)
    labels = store.labels()
    table = bundle_tables.bundles(manifests, store.current(), labels)
    document = {
        "bundles": [{"damage": None} | record for record in table.records()],
        "canary_user_share": labels.canary.share if labels.canary else None,
    }
    show_result(as_json, document, table if manifests else f"there is no bundle in {quoted(bundles)} yet")


@app.command()
def show(
    version: Annotated[str, typer.Argument(help="Left out: the current bundle.")] = "",
    bundles: Bundles = FOLDER,
    address: Annotated[str, typer.Option(help="Show what the server at host:port serves instead.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show what a bundle was made from and its metrics, or what a server serves."""
    if address:
        remote_bundles.serving(address, as_json)
        return
    store = published_in(bundles)
    version = version or store.load().version
    manifest = store.manifest(version)
    made = bundle_tables.made_from(manifest, store.current(), store.labels())
    document = {"version": version} | made.record() | {"metrics": manifest.metrics}
    show_result(as_json, document, made, bundle_tables.metrics(manifest.metrics))


@app.command()
def activate(
    version: Version,
    bundles: Bundles = FOLDER,
    label: AsLabel = "stable",
    share: Annotated[float, typer.Option(help="With --label canary: share of the users, above 0 to 1.")] = 0.0,
    address: Address = "",
    as_json: AsJson = False,
) -> None:
    """Verify a bundle and serve it: to all users, to a share of them, or as a shadow."""
    if share and label != "canary":
        raise InvalidArgumentError([Violation("--share", "needs --label canary")])
    if label == "canary" and not 0 < (share := share or SHARE) <= 1:
        raise InvalidArgumentError([Violation("--share", f"must be above 0 to 1, not {share}")])
    if address:
        remote_bundles.activate(address, version, label, share, as_json)
        return
    store = published_in(bundles)
    with _verifying(store, version) as advance:
        if label == "canary":
            store.set_canary(version, share, advance)
            done = f"{version} is the canary now, for {share:.1%} of the users"
        elif label == "shadow":
            store.set_shadow(version, advance)
            done = f"{version} is the shadow now"
        else:
            store.activate(version, advance)
            done = f"{version} is current now"
    show_result(as_json, {"version": version, "label": label}, done)


@app.command()
def rollback(
    bundles: Bundles = FOLDER, label: AsLabel = "stable", address: Address = "", as_json: AsJson = False
) -> None:
    """Make the previous bundle current again, or remove the canary or the shadow."""
    if address:
        remote_bundles.rollback(address, label, as_json)
        return
    store = published_in(bundles)
    if label == "canary":
        version, done = store.remove_canary(), "is no canary any more"
    elif label == "shadow":
        version, done = store.remove_shadow(), "is no shadow any more"
    else:
        with _verifying(store, store.rollback_target()) as advance:
            version, done = store.rollback(advance), "is current again"
    show_result(as_json, {"version": version, "label": label}, f"{version} {done}")


@app.command()
def verify(
    version: Annotated[list[str] | None, typer.Argument(help="Versions; left out: all.")] = None,
    bundles: Bundles = FOLDER,
) -> None:
    """Compare the checksum of every file with the manifest; exit code 2 if a bundle is damaged."""
    store = published_in(bundles)
    damaged = []
    for checked in version or store.versions():
        try:
            with _verifying(store, checked) as advance:
                manifest = store.verify(checked, advance)
            terminal.say(f"{checked}: {len(manifest.files)} files, all as published")
        except BundleRefusedError as error:
            damaged.append(error)
            terminal.say(f"{checked}: {error.metadata['file']}: {error.metadata['check']}")
    if damaged:
        raise damaged[0]


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, help="How many of the newest bundles to keep.")], bundles: Bundles = FOLDER
) -> None:
    """Remove old bundles. The current and the previous bundle, labelled and loaded bundles are kept."""
    store = published_in(bundles)
    removed = store.prune(keep)
    for version in removed:
        terminal.say(f"removed {version}")
    terminal.say(f"{len(removed)} removed, {len(store.versions())} left")


def _verifying(store: BundleStore, version: str) -> AbstractContextManager[Callable[[int], None]]:
    """A bar over the bytes of a bundle that are compared with its manifest."""
    total = sum(file.bytes for file in store.manifest(version).files.values())
    return byte_bar(f"verifying {version}", total)
