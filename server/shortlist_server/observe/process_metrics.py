"""What is counted of a process whoever it serves: its calls, its parts that fail, and how far it follows logs."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from prometheus_client import Counter, Gauge, Histogram

from shortlist_server.base.metrics import Log, Metrics
from shortlist_server.observe.families import Children, Families
from shortlist_server.rpc.status import CODES

CALL_SECONDS = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10)

_USUAL_CODES = sorted({code.name for code in (grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, *CODES.values())})


@dataclass(frozen=True, slots=True)
class Method:
    """The series of one gRPC method."""

    started: Counter
    handled: Children[Counter]
    seconds: Histogram


class ProcessMetrics(Metrics):
    """Calls, parts and logs, of one tenant or of nobody in particular. Subclasses say in which order they declare."""

    def __init__(self, families: Families, tenant: str = "") -> None:
        self._families, self._tenant = families, tenant
        self.registry = families.registry
        self._methods: dict[str, Method] = {}
        rpc = ("grpc_type", "grpc_service", "grpc_method")
        self._started = families.declare(  # before it is known whose call it is
            None, Counter, "grpc_server_started_total", "RPCs that have come in, by method.", rpc
        )
        self._handled = families.declare(
            tenant,
            Counter,
            "grpc_server_handled_total",
            "RPCs that have ended, by method and status code; a stream counts once, at its end.",
            (*rpc, "grpc_code"),
        )
        self._seconds = families.declare(
            tenant,
            Histogram,
            "grpc_server_handling_seconds",
            "Seconds from the start of an RPC to its end, by method.",
            rpc,
            buckets=CALL_SECONDS,
        )

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

    def restarted(self, part: str) -> None:
        """Count a part of the server that failed and begins again."""
        self._restarted.labels(part).inc()

    def followed(self, log: Log) -> None:
        """Set the time at which the log was last followed to its end."""
        self._followed[log].set_to_current_time()

    def _declare_parts(self) -> None:
        self._restarted = self._families.declare(
            None,
            Counter,
            "shortlist_parts_restarted_total",
            "Parts of the server that failed and began again; the log says why.",
            ("part",),
        )

    def _declare_logs(self, *at_start: Log) -> None:
        followed = self._families.declare(
            self._tenant,
            Gauge,
            "shortlist_followed_timestamp_seconds",
            "When a process last knew all of the store's log, or of the token file; of several workers, the furthest"
            " behind.",
            ("log",),
            multiprocess_mode="livemin",
        )
        self._followed = Children(followed, at_start=at_start)
        for log in self._followed.values():
            log.set_to_current_time()  # at the start, as 0 would look like a log that was never followed
