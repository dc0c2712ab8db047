"""Prometheus metrics: their names, labels and buckets, and how they are counted. No label holds what a caller sends.

Import this module late. prometheus_client decides when it is imported, by the environment that `worker.prepare` sets,
whether it counts for one process or in files for a supervisor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc
import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from shortlist.v1.recommendation_pb2 import Degradation

from shortlist_core.explanations import NEW_ITEMS
from shortlist_core.types import Ranked
from shortlist_server.base.metrics import Log, Metrics, Pending, ServingBundle
from shortlist_server.rpc.status import CODES
from shortlist_state import AppendResult

CALL_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10)
STAGE_SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
BATCH_SIZES = (1, 2, 4, 8, 16, 32)
STAGES = ("hydrate", "retrieve", "filter", "rank", "select")
BUNDLE_GAUGES = ("shortlist_bundle_info", "shortlist_bundle_items")

_USUAL_CODES = sorted({code.name for code in (grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, *CODES.values())})
_FLAGS = [name.removeprefix("DEGRADATION_").lower() for name, number in Degradation.items() if number]

C = TypeVar("C", bound=MetricWrapperBase)


class Children(dict[str, C]):
    """The children of one metric by its last label. Each is looked up once: `labels` takes longer than counting.

    Children named at the start exist as 0 before anything happens, so that rates can be computed.
    """

    def __init__(self, parent: C, first: Sequence[str] = (), at_start: Iterable[str] = ()) -> None:
        self._parent, self._first = parent, first
        self.begin(at_start)

    def begin(self, labels: Iterable[str]) -> None:
        """Make the children of these labels, as 0 where they are new."""
        for label in labels:
            self[label] = self._parent.labels(*self._first, label)

    def __missing__(self, last: str) -> C:
        child = self[last] = self._parent.labels(*self._first, last)
        return child


@dataclass(frozen=True, slots=True)
class Method:
    """The series of one gRPC method."""

    started: Counter
    handled: Children[Counter]
    seconds: Histogram


class PrometheusMetrics(Metrics):
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # they double the number of series, and nobody needs them
        self.registry = registry = CollectorRegistry()
        rpc = ("grpc_type", "grpc_service", "grpc_method")
        self._methods: dict[str, Method] = {}
        self._started = Counter(
            "grpc_server_started_total", "RPCs that have come in, by method.", rpc, registry=registry
        )
        self._handled = Counter(
            "grpc_server_handled_total",
            "RPCs that have ended, by method and status code; a stream counts once, at its end.",
            (*rpc, "grpc_code"),
            registry=registry,
        )
        self._seconds = Histogram(
            "grpc_server_handling_seconds",
            "Seconds from the start of an RPC to its end, by method.",
            rpc,
            registry=registry,
            buckets=CALL_SECONDS,
        )
        pending = Gauge(
            "shortlist_requests_pending",
            "Recommendations (a batch counts its queries) and calls that ask the store, in work or waiting.",
            ("kind",),
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._pending = Children(pending, at_start=("recommendations", "writes", "reads"))
        self._batch = Histogram(
            "shortlist_batch_size",
            "Requests that went through the stages together.",
            registry=registry,
            buckets=BATCH_SIZES,
        )
        stage = Histogram(
            "shortlist_stage_seconds",
            "Seconds that a stage took for one batch of requests; not per request: those of a batch wait together.",
            ("stage",),
            registry=registry,
            buckets=STAGE_SECONDS,
        )
        self._stages = Children(stage, at_start=STAGES)
        recommendations = Counter(
            "shortlist_recommendations_total",
            "Answers of RecommendationService; a batch counts its queries, a stream its messages.",
            ("made",),
            registry=registry,
        )
        self._computed, self._reused = recommendations.labels("computed"), recommendations.labels("reused")
        degraded = Counter(
            "shortlist_degraded_total",
            "Those of shortlist_recommendations_total that carry a flag; one with two flags counts under both.",
            ("flag",),
            registry=registry,
        )
        self._degraded = Children(degraded, at_start=_FLAGS)
        shown = Counter(
            "shortlist_shown_items_total",
            "Items in recommendations, by the retrieval source that the reason names; those without are not counted.",
            ("source",),
            registry=registry,
        )
        self._shown = Children(shown)
        self._restarted = Counter(
            "shortlist_parts_restarted_total",
            "Parts of the server that failed and began again; the log says why.",
            ("part",),
            registry=registry,
        )
        written = Counter(
            "shortlist_events_written_total",
            "Events of WriteEvents: stored, or known already.",
            ("result",),
            registry=registry,
        )
        self._accepted, self._duplicates = written.labels("accepted"), written.labels("duplicate")
        followed = Gauge(
            "shortlist_followed_timestamp_seconds",
            "When a process last knew all that the store's log had; of several workers, the one furthest behind.",
            ("log",),
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._followed = Children(followed, at_start=("events", "catalog"))
        for log in self._followed.values():
            log.set_to_current_time()  # at the start, as 0 would look like a log that was never followed
        self._info = Gauge(
            "shortlist_bundle_info",
            "1 for each bundle that serves under a label, in any worker.",
            ("version", "label"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._items = Gauge(
            "shortlist_bundle_items",
            "Items in that bundle as it was published.",
            ("version", "label"),
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._labelled: set[tuple[str, str]] = set()

    def serves(self, method: str, request_streaming: bool, response_streaming: bool) -> None:
        """Begin the series of a method with 0."""
        requests, responses = ("client" if request_streaming else ""), ("server" if response_streaming else "")
        kind = {"": "unary", "clientserver": "bidi_stream"}.get(requests + responses, f"{requests}{responses}_stream")
        service, _, name = method.removeprefix("/").rpartition("/")
        rpc = kind, service, name
        self._methods[method] = Method(
            self._started.labels(*rpc), Children(self._handled, rpc, _USUAL_CODES), self._seconds.labels(*rpc)
        )

    def started(self, method: str) -> None:
        """Count an RPC that has started."""
        self._methods[method].started.inc()

    def handled(self, method: str, code: str, seconds: float) -> None:
        """Count an RPC that has ended, and how long it took."""
        series = self._methods[method]
        series.handled[code].inc()
        series.seconds.observe(seconds)

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

    def written(self, result: AppendResult) -> None:
        """Count the events that were stored and those that were duplicates."""
        self._accepted.inc(result.accepted)
        self._duplicates.inc(result.duplicates)

    def restarted(self, part: str) -> None:
        """Count a part of the server that failed and begins again."""
        self._restarted.labels(part).inc()

    def followed(self, log: Log) -> None:
        """Set the time at which the log was last followed to its end."""
        self._followed[log].set_to_current_time()

    def serving(self, bundles: Sequence[ServingBundle]) -> None:
        """Set 1 for these bundles, and 0 for those that served before, which `WithoutZeros` then leaves out."""
        labelled = {(bundle.version, str(bundle.label)): bundle for bundle in bundles}
        for labels in self._labelled - labelled.keys():
            self._info.labels(*labels).set(0)
            self._items.labels(*labels).set(0)
        for labels, bundle in labelled.items():
            self._info.labels(*labels).set(1)
            self._items.labels(*labels).set(bundle.items)
            self._shown.begin((*bundle.sources, NEW_ITEMS.name))
        self._labelled = set(labelled)


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
