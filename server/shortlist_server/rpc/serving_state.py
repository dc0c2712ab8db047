"""Messages of BundleService: which bundles serve, how they fare, and what a manifest says."""

from __future__ import annotations

from shortlist.v1 import bundle_service_pb2 as api

from shortlist_bundle import Labels, Manifest
from shortlist_bundle.labels import TakenOff
from shortlist_server.serving.canary_counts import Counts
from shortlist_server.serving.routing import Canary, Serving
from shortlist_server.serving.shadow import Shadow


def serving_state(serving: Serving, taken_off: TakenOff | None, refusal: str) -> api.ServingState:
    """The state of a process: the bundles that it serves, the counts of canary and shadow, and the last refusal."""
    state = api.ServingState(stable_bundle_version=serving.stable.version, refusal=refusal)
    if serving.previous:
        state.previous_bundle_version = serving.previous.version
    if serving.canary:
        state.canary.CopyFrom(_canary(serving.canary))
    if serving.shadow:
        state.shadow.CopyFrom(_shadow(serving.shadow))
    if taken_off:
        state.canary_rollback.bundle_version = taken_off.version
        state.canary_rollback.rollback_time.FromDatetime(taken_off.time)
        state.canary_rollback.reason = taken_off.reason
    return state


def labels(version: str, current: str | None, labels: Labels) -> list[api.BundleLabel.ValueType]:
    """The labels of a version."""
    versions = {
        api.BUNDLE_LABEL_STABLE: current,
        api.BUNDLE_LABEL_CANARY: labels.canary and labels.canary.version,
        api.BUNDLE_LABEL_SHADOW: labels.shadow and labels.shadow.version,
    }
    return [label for label, labelled in versions.items() if labelled == version]


def describe(message: api.Bundle, manifest: Manifest) -> None:
    """Fill the message with what a manifest says of its bundle."""
    message.create_time.FromDatetime(manifest.created_at)
    message.data_end_time.FromMicroseconds(manifest.as_of_micros)
    message.size_bytes = sum(entry.bytes for entry in manifest.files.values())
    for name, value in manifest.metrics.items():
        if isinstance(value, int | float):
            message.metrics.add(name=name, value=value)


def _canary(canary: Canary) -> api.CanaryState:
    stable_counts, canary_counts = canary.watch.counts()
    return api.CanaryState(
        bundle_version=canary.bundle.version,
        user_share=canary.share,
        canary_counts=_counts(canary_counts),
        stable_counts=_counts(stable_counts),
        window_seconds=canary.watch.limits.window_seconds,
    )


def _counts(counts: Counts) -> api.TrafficCounts:
    return api.TrafficCounts(request_count=counts.requests, error_count=counts.errors, degraded_count=counts.degraded)


def _shadow(shadow: Shadow) -> api.ShadowState:
    sums = shadow.comparison()
    compared = max(sums.compared, 1)
    return api.ShadowState(
        bundle_version=shadow.bundle.version,
        compared_count=sums.compared,
        dropped_count=sums.dropped,
        failed_count=sums.failed,
        mean_overlap=sums.overlap / compared,
        mean_rank_correlation=sums.correlation / max(sums.correlated, 1),
        mean_score_difference=sums.score_difference / compared,
        mean_stable_micros=sums.stable_micros // compared,
        mean_shadow_micros=sums.shadow_micros // compared,
    )
