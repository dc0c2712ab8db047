"""Reading: one look at a server's metrics, and rates and quantiles of what happened between two looks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

FAULTS = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})
"""Codes of calls that fail without the caller having asked for something wrong."""


@dataclass(frozen=True)
class Method:
    """Counters of one method since the server started."""

    calls: float
    errors: float
    buckets: Mapping[float, float]  # upper bound in seconds -> calls that took no longer


@dataclass(frozen=True)
class Reading:
    """The counters at one moment."""

    time: float
    methods: Mapping[str, Method]
    recommendations: float
    degraded: Mapping[str, float]  # by flag
    pending: Mapping[str, float]  # by kind
    store_available: bool
    bundles: tuple[tuple[str, str], ...]  # label and version

    @classmethod
    def of(cls, page: str, now: float) -> Reading:
        """The reading of a page in Prometheus' text format. Raises ValueError where it is none."""
        samples: dict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                samples[sample.name].append((sample.labels, sample.value))
        calls: dict[str, float] = defaultdict(float)
        errors: dict[str, float] = defaultdict(float)
        buckets: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
        for labels, value in samples["grpc_server_handled_total"]:
            calls[labels["grpc_method"]] += value
            errors[labels["grpc_method"]] += value if labels["grpc_code"] in FAULTS else 0
        for labels, value in samples["grpc_server_handling_seconds_bucket"]:
            buckets[labels["grpc_method"]][float(labels["le"])] += value
        return cls(
            now,
            {name: Method(number, errors[name], dict(buckets[name])) for name, number in calls.items()},
            sum(value for _, value in samples["shortlist_recommendations_total"]),
            _by(samples["shortlist_degraded_total"], "flag"),
            _by(samples["shortlist_requests_pending"], "kind"),
            min((value for _, value in samples["shortlist_store_available"]), default=1) > 0,
            tuple((labels["label"], labels["version"]) for labels, value in samples["shortlist_bundle_info"] if value),
        )


@dataclass(frozen=True)
class Rates:
    """What one method did between two readings."""

    calls: float  # a second
    errors: float  # share of the calls, 0 to 1
    p50: float | None  # seconds; None where there was no call
    p95: float | None
    p99: float | None

    @classmethod
    def between(cls, before: Reading, after: Reading, method: str) -> Rates:
        """The rates of a method. A server that began anew in between counts from 0."""
        new = after.methods.get(method) or Method(0, 0, {})
        old = before.methods.get(method) or Method(0, 0, {})
        if old.calls > new.calls:
            old = Method(0, 0, {})
        calls, seconds = new.calls - old.calls, max(after.time - before.time, 1e-9)
        between = {bound: count - old.buckets.get(bound, 0) for bound, count in new.buckets.items()}
        p50, p95, p99 = (quantile(between, share) for share in (0.5, 0.95, 0.99))
        return cls(calls / seconds, (new.errors - old.errors) / calls if calls else 0.0, p50, p95, p99)


def quantile(buckets: Mapping[float, float], share: float) -> float | None:
    """The quantile of a histogram, taken as even within a bucket; None where it is empty.

    In the last bucket, which has no end, it is where that begins.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0
    if total <= 0:
        return None
    wanted, start, below = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            if math.isinf(bound):
                return start
            return start + (bound - start) * (wanted - below) / max(buckets[bound] - below, 1e-9)
        start, below = bound, buckets[bound]
    return start


def _by(samples: list[tuple[Mapping[str, str], float]], label: str) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for labels, value in samples:
        found[labels[label]] += value
    return dict(found)
