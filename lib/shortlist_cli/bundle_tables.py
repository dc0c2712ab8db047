"""Tables of bundles for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from shortlist.v1.bundle_service_pb2 import ServingState, TrafficCounts

from shortlist_bundle import Labels, Manifest
from shortlist_core.errors import BundleRefusedError
from shortlist_core.terminal import Table
from shortlist_core.types import SECOND


def bundles(manifests: Iterable[Manifest | BundleRefusedError], current: str | None, labels: Labels) -> Table:
    """One row per bundle: version, label, when it was published, where its data ends, items, size."""
    table = Table("version", "label", "published", "data until", "items", "MB").right(4, 5)
    table.columns[0].no_wrap = True
    for manifest in manifests:
        if isinstance(manifest, BundleRefusedError):
            damage = f"damaged: {manifest.metadata['file']}: {manifest.metadata['check']}"
            version = manifest.metadata["bundle"]
            table.row(version, label(version, current, labels), damage, "", "", "")
        else:
            items = manifest.metrics.get("items")
            table.row(
                manifest.version,
                label(manifest.version, current, labels),
                _time(manifest.created_at),
                _time(datetime.fromtimestamp(manifest.as_of_micros / SECOND, UTC)),
                f"{items:,}" if isinstance(items, int) else "",
                f"{_bytes(manifest) / 1e6:,.1f}",
            )
    return table


def bundle(manifest: Manifest, current: str | None, labels: Labels) -> list[Table]:
    """Two tables of a bundle: what it was made from, and its metrics."""
    made = Table("", "", title=f"Bundle {manifest.version}", show_header=False)
    made.row("label", label(manifest.version, current, labels) or "none")
    made.row("published", _time(manifest.created_at))
    made.row("data until", _time(datetime.fromtimestamp(manifest.as_of_micros / SECOND, UTC)))
    made.row("seed", str(manifest.seed))
    made.row("files", f"{len(manifest.files)}, {_bytes(manifest) / 1e6:,.1f} MB")
    made.row("libraries", ", ".join(f"{name} {version}" for name, version in manifest.libraries.items()))
    metrics = Table("metric", "value").right(1)
    for name, value in manifest.metrics.items():
        metrics.row(name, f"{value:.4f}" if isinstance(value, float) else str(value))
    return [made, metrics]


def label(version: str, current: str | None, labels: Labels) -> str:
    """The labels of a version in words; empty without any."""
    names = ["stable"] if version == current else []
    if labels.canary and labels.canary.version == version:
        names.append(f"canary {labels.canary.share:.1%}")
    if labels.shadow and labels.shadow.version == version:
        names.append("shadow")
    return ", ".join(names)


def serving(state: ServingState) -> Table:
    """What a process serves, one row per bundle."""
    table = Table("label", "version", "state")
    table.columns[1].no_wrap = True
    table.row("stable", state.stable_bundle_version, "")
    if state.HasField("canary"):
        counts = f"{state.canary.user_share:.1%} of the users: {_counts(state.canary.canary_counts)}"
        counts += f"; stable: {_counts(state.canary.stable_counts)}, in {state.canary.window_seconds} s"
        table.row("canary", state.canary.bundle_version, counts)
    if state.HasField("shadow"):
        shadow = state.shadow
        counts = (
            f"{shadow.compared_count:,} compared, {shadow.dropped_count:,} dropped, {shadow.failed_count:,} failed; "
            f"overlap {shadow.mean_overlap:.3f}, rank correlation {shadow.mean_rank_correlation:.3f}, "
            f"score difference {shadow.mean_score_difference:.4f}; "
            f"{shadow.mean_stable_micros / 1000:.1f} ms on stable, {shadow.mean_shadow_micros / 1000:.1f} ms on shadow"
        )
        table.row("shadow", shadow.bundle_version, counts)
    if state.previous_bundle_version:
        table.row("previous", state.previous_bundle_version, "in memory, for a rollback")
    if state.HasField("canary_rollback"):
        table.row("taken off", state.canary_rollback.bundle_version, state.canary_rollback.reason)
    if state.refusal:
        table.row("refused", "", state.refusal)
    return table


def _counts(counts: TrafficCounts) -> str:
    return f"{counts.request_count:,} requests, {counts.error_count:,} errors, {counts.degraded_count:,} degraded"


def _bytes(manifest: Manifest) -> int:
    return sum(entry.bytes for entry in manifest.files.values())


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
