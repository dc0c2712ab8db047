"""Prometheus metrics: their names, labels and buckets, and how they are counted. No label holds what a caller sends.

Import this module late. prometheus_client decides when it is imported, by the environment that `worker.prepare` sets,
whether it counts for one process or in files for a supervisor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from shortlist.v1.recommendation_pb2 import Degradation

from shortlist_core.explanations import BUY_AGAIN, NEW_ITEMS
from shortlist_core.types import Ranked
from shortlist_server.base.metrics import Metrics, Pending, ServingBundle
from shortlist_server.observe.families import C, Children, Families
from shortlist_server.observe.process_metrics import ProcessMetrics
from shortlist_state import AppendResult

STAGE_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
STAGES = ("hydrate", "retrieve", "filter", "rank", "select")
BUNDLE_GAUGES = ("shortlist_bundle_info", "shortlist_bundle_items")

_FLAGS = [name.removeprefix("DEGRADATION_").lower() for name, number in Degradation.items() if number]


class PrometheusMetrics(ProcessMetrics):
    """The metrics of a server without tenants, or of one tenant, in the registry of the families."""

    def __init__(self, families: Families | None = None, tenant: str = "") -> None:
        super().__init__(families or Families(), tenant)
        pending = self._declare(
            Gauge,
            "shortlist_requests_pending",
            "Recommendations (a batch counts its queries) and calls that ask the store, in work or waiting.",
            ("kind",),
            multiprocess_mode="livesum",
        )
        self._pending = Children(pending, at_start=("recommendations", "writes", "reads"))
        self._batch = self._declare(
            Histogram,
            "shortlist_batch_size",
            "Requests that went through the stages together.",
            buckets=BATCH_SIZES,
        )
        stage = self._declare(
            Histogram,
            "shortlist_stage_seconds",
            "Seconds that a stage took for one batch of requests; not per request: those of a batch wait together.",
            ("stage",),
            buckets=STAGE_SECONDS,
        )
        self._stages = Children(stage, at_start=STAGES)
        recommendations = self._declare(
            Counter,
            "shortlist_recommendations_total",
            "Answers of RecommendationService; a batch counts its queries, a stream its messages.",
            ("made",),
        )
        self._computed, self._reused = recommendations.labels("computed"), recommendations.labels("reused")
        degraded = self._declare(
            Counter,
            "shortlist_degraded_total",
            "Those of shortlist_recommendations_total that carry a flag; one with two flags counts under both.",
            ("flag",),
        )
        self._degraded = Children(degraded, at_start=_FLAGS)
        shown = self._declare(
            Counter,
            "shortlist_shown_items_total",
            "Items in recommendations, by the retrieval source that the reason names; those without are not counted.",
            ("source",),
        )
        self._shown = Children(shown)
        self._declare_parts()
        written = self._declare(
            Counter,
            "shortlist_events_written_total",
            "Events of WriteEvents: stored, or known already.",
            ("result",),
        )
        self._accepted, self._duplicates = written.labels("accepted"), written.labels("duplicate")
        self._unknown_items = self._declare(
            Counter,
            "shortlist_events_of_unknown_items_total",
            "Events of WriteEvents about items that neither the bundle nor the catalogue of live items has.",
        )
        impressions = self._declare(
            Counter,
            "shortlist_impressions_counted_total",
            "Impressions that the server counted where a placement says so: stored, known already, or dropped.",
            ("result",),
        )
        results = "stored", "duplicate", "dropped"
        self._impressions = [impressions.labels(result) for result in results]
        self._expired = self._declare(
            Counter,
            "shortlist_events_expired_total",
            "Live events that were deleted by --keep-events and --max-user-events.",
        )
        self._unknown_users = self._declare(
            Counter,
            "shortlist_requests_of_unknown_users_total",
            "Requests that name a user of whom bundle and store have no event and the bundle no attribute.",
        )
        self._declare_logs("events", "catalog")
        self._available = self._declare(
            Gauge,
            "shortlist_store_available",
            "1 while the store of live users and items can be used, else 0; 0 of several workers if any cannot use it.",
            multiprocess_mode="livemin",
        )
        self._available.set(1)
        self._info = self._declare(
            Gauge,
            "shortlist_bundle_info",
            "1 for each bundle that serves under a label, in any worker.",
            ("version", "label"),
            multiprocess_mode="livemax",
        )
        self._items = self._declare(
            Gauge,
            "shortlist_bundle_items",
            "Items in that bundle as it was published.",
            ("version", "label"),
            multiprocess_mode="livemax",
        )
        self._labelled: set[tuple[str, str]] = set()

    def pending(self, kind: Pending, count: int) -> None:
        """Set the number of pending requests of a kind."""
        self._pending[kind].set(count)

    def batch(self, size: int, stage_seconds: Sequence[tuple[str, float]], answers: Sequence[Ranked]) -> None:
        """Count a batch: its size, the seconds of its stages, and its answers' flags and sources."""
        self._batch.observe(size)
        for stage, seconds in stage_seconds:
            self._stages[stage].observe(seconds)
        reused = sum(answer.reused for answer in answers)
        self._computed.inc(len(answers) - reused)
        self._reused.inc(reused)
        shown: dict[str, int] = {}
        for answer in answers:
            for flag in answer.degraded:
                self._degraded[flag].inc()
            for speaker in answer.reasons.speakers.tolist():
                if source := answer.reasons.sources[speaker]:
                    shown[source] = shown.get(source, 0) + 1
        for source, items in shown.items():
            self._shown[source].inc(items)

    def written(self, result: AppendResult, unknown_items: int) -> None:
        """Count the events that were stored, those that were duplicates, and those about unknown items."""
        self._accepted.inc(result.accepted)
        self._duplicates.inc(result.duplicates)
        self._unknown_items.inc(unknown_items)

    def impressions(self, stored: int = 0, duplicates: int = 0, dropped: int = 0) -> None:
        """Count impressions by what became of them."""
        for counter, count in zip(self._impressions, (stored, duplicates, dropped), strict=True):
            counter.inc(count)

    def unknown_users(self, requests: int) -> None:
        """Count requests of unknown users."""
        self._unknown_users.inc(requests)

    def expired(self, events: int) -> None:
        """Count expired events."""
        self._expired.inc(events)

    def store_available(self, available: bool) -> None:
        """Set 1 or 0."""
        self._available.set(int(available))

    def serving(self, bundles: Sequence[ServingBundle]) -> None:
        """Set 1 for these bundles, and 0 for those that served before, which `WithoutZeros` then leaves out."""
        labelled = {(bundle.version, str(bundle.label)): bundle for bundle in bundles}
        for labels in self._labelled - labelled.keys():
            self._info.labels(*labels).set(0)
            self._items.labels(*labels).set(0)
        for labels, bundle in labelled.items():
            self._info.labels(*labels).set(1)
            self._items.labels(*labels).set(bundle.items)
            self._shown.begin((*bundle.sources, NEW_ITEMS.name, BUY_AGAIN.name))
        self._labelled = set(labelled)

    def _declare(self, kind: type[C], name: str, about: str, labels: Sequence[str] = (), **more: Any) -> C:
        return self._families.declare(self._tenant, kind, name, about, labels, **more)


class OfTenants(ProcessMetrics):
    """The metrics of a server with tenants. Its own series, of an empty tenant, are those that belong to none."""

    def __init__(self, tenants: Iterable[str]) -> None:
        super().__init__(Families(of_tenants=True))
        self._of = {tenant: PrometheusMetrics(self._families, tenant) for tenant in tenants}
        self._declare_parts()
        self._declare_logs()

    def of(self, tenant: str) -> Metrics:
        """The metrics of a tenant; of none, these."""
        return self._of.get(tenant, self)

    def serves(self, method: str, request_streaming: bool, response_streaming: bool) -> None:
        """Begin the series of a method with 0, for each tenant too."""
        super().serves(method, request_streaming, response_streaming)
        for metrics in self._of.values():
            metrics.serves(method, request_streaming, response_streaming)


class WithoutZeros(Collector):
    """Another collector's metrics without bundles that no longer serve, because a worker's files keep every series."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        for metric in self._collector.collect():
            if metric.name in BUNDLE_GAUGES:
                metric.samples = [sample for sample in metric.samples if sample.value]
            yield metric
