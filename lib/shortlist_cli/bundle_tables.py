"""Tables of bundles for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from shortlist.v1.bundle_service_pb2 import ServingState, TrafficCounts

from shortlist_bundle import Label, Labels, Manifest
from shortlist_core.errors import BundleRefusedError
from shortlist_core.tables import Column, Facts, Table
from shortlist_core.types import SECOND


def bundles(manifests: Sequence[Manifest | BundleRefusedError], current: str | None, labels: Labels) -> Table:
    """One row per bundle: version, labels, when it was published, where its data ends, items, size; what is damaged."""
    damaged = any(isinstance(manifest, BundleRefusedError) for manifest in manifests)
    table = Table(
        Column("version", whole=True),
        Column("label", "labels", partial(in_words, labels)),
        "published",
        "data until",
        "items",
        Column("MB", "bytes", _megabytes),
        *(["damage"] if damaged else []),
    ).right(4, 5)
    for manifest in manifests:
        if isinstance(manifest, BundleRefusedError):
            version, damage = manifest.metadata["bundle"], f"{manifest.metadata['file']}: {manifest.metadata['check']}"
            table.row(version, labels_of(version, current, labels), None, None, None, None, damage)
            continue
        items = manifest.metrics.get("items")
        table.row(
            manifest.version,
            labels_of(manifest.version, current, labels),
            manifest.created_at,
            datetime.fromtimestamp(manifest.as_of_micros / SECOND, UTC),
            items if isinstance(items, int) else None,
            _bytes(manifest),
            *([None] if damaged else []),
        )
    return table


def made_from(manifest: Manifest, current: str | None, labels: Labels) -> Facts:
    """What a bundle was made from."""
    made = Facts(f"Bundle {manifest.version}", show_header=False)
    made.fact(
        "label", labels_of(manifest.version, current, labels), "labels", lambda of: in_words(labels, of) or "none"
    )
    made.fact("published", manifest.created_at)
    made.fact("data until", datetime.fromtimestamp(manifest.as_of_micros / SECOND, UTC))
    made.fact("seed", manifest.seed, show=str)
    made.fact("files", len(manifest.files))
    made.fact("MB", _bytes(manifest), "bytes", _megabytes)
    made.fact(
        "libraries", dict(manifest.libraries), show=lambda of: ", ".join(f"{name} {each}" for name, each in of.items())
    )
    return made


def metrics(values: Mapping[str, object], title: str | None = None) -> Table:
    """One row per metric of a bundle."""
    table = Table("metric", "value", title=title).right(1)
    for name, value in values.items():
        table.row(name, f"{value:.4f}" if isinstance(value, float) else value)
    return table


def labels_of(version: str, current: str | None, labels: Labels) -> list[Label]:
    """The labels of a version."""
    found: list[Label] = ["stable"] if version == current else []
    if labels.canary and labels.canary.version == version:
        found.append("canary")
    if labels.shadow and labels.shadow.version == version:
        found.append("shadow")
    return found


def in_words(labels: Labels, of_version: Sequence[Label]) -> str:
    """The labels of a version, and the canary's share of the users."""
    share = f" {labels.canary.share:.1%}" if labels.canary else ""
    return ", ".join(f"{name}{share}" if name == "canary" else name for name in of_version)


def serving(state: ServingState) -> Table:
    """What a process serves, one row per bundle."""
    table = Table("label", Column("version", whole=True), "state")
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


def _megabytes(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:,.1f}"
