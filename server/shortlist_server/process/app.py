"""The composition root: makes one server out of its parts, and shuts the server down in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2_grpc
from shortlist.v1.bundle_service_pb2_grpc import add_BundleServiceServicer_to_server
from shortlist.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from shortlist.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from shortlist.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server

from shortlist_server.base.background import keep
from shortlist_server.base.follower import Follower
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.process.listener import Listener
from shortlist_server.process.tls import credentials
from shortlist_server.rpc import item_messages
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.bundles import BundleServicer
from shortlist_server.rpc.catalog import CatalogServicer
from shortlist_server.rpc.events import EventServicer
from shortlist_server.rpc.gate import Gate
from shortlist_server.rpc.grpc_server import grpc_server
from shortlist_server.rpc.health import HealthServicer
from shortlist_server.rpc.in_flight import InFlight
from shortlist_server.rpc.interceptors import Interceptor
from shortlist_server.rpc.middleware import middleware
from shortlist_server.rpc.recommendations import RecommendationServicer
from shortlist_server.rpc.reflection import add_reflection
from shortlist_server.rpc.token_file import POLL_SECONDS, TokenFile
from shortlist_server.rpc.users import UserServicer
from shortlist_server.serving.bundle_manager import BundleManager
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import Load, LoadedBundle, load_bundle
from shortlist_state import StateStore

if TYPE_CHECKING:
    from shortlist_server.observe.metrics_page import MetricsPage

SERVICES = tuple(
    f"shortlist.v1.{name}"
    for name in ("RecommendationService", "EventService", "CatalogService", "UserService", "BundleService")
)
HEALTH = "grpc.health.v1.Health"

_HOLD_SECONDS = 0.2  # longer than the pause of a refused client before its next try
_MOST_UNACCEPTED = 65_536
_LAST_SECONDS = 1.0  # for bytes on the wire and for streams of health and reflection, after the last call has ended

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Server:
    """A listening server. It answers as soon as a bundle is loaded."""

    listener: Listener
    engine: Engine
    lifecycle: Lifecycle
    bundle_manager: BundleManager
    settings: Settings
    background: asyncio.Future[Any]  # what runs until the server has drained
    metrics_page: MetricsPage | None  # None: no page is wanted, or the supervisor has it
    tokens: Follower | None  # of the token file; None where there is none

    async def begin(self) -> LoadedBundle:
        """Serve the bundles that the folder's labels name, and follow the folder. Returns the stable bundle.

        Raises what loading the stable bundle raises.
        """
        bundle = await self.bundle_manager.start()
        self.lifecycle.loaded()
        return bundle

    async def activate(self, load: Callable[[], LoadedBundle]) -> LoadedBundle:
        """Load a bundle on a thread of its own and serve it, whatever the folder says. Returns the loaded bundle.

        Raises what `load` raises.
        """
        bundle = await self.engine.activate(load)
        self.lifecycle.loaded()
        return bundle

    async def drain(self) -> None:
        """Say NOT_SERVING, refuse new calls, finish accepted calls within the grace period, then stop."""
        settings, delay = self.settings, self.settings.drain_delay_seconds if self.lifecycle.serving else 0
        self.lifecycle.drain()
        log.info("draining", grace_seconds=settings.grace_seconds)
        try:
            async with asyncio.timeout(settings.grace_seconds):
                await asyncio.sleep(min(delay, settings.grace_seconds / 2))
                await self.lifecycle.idle()
        except TimeoutError:
            log.warning("grace_is_over")  # calls that are still under way are cancelled
        self.bundle_manager.close()
        await self._stop(_HOLD_SECONDS if delay else 0)
        self.background.cancel()
        await asyncio.gather(self.background, return_exceptions=True)
        self.engine.close()
        if self.tokens:
            await asyncio.to_thread(self.tokens.close)
        if self.metrics_page:  # closed last, so that a scrape can follow the shutdown
            await asyncio.to_thread(self.metrics_page.close)

    async def _stop(self, hold_seconds: float) -> None:
        """End the connections.

        gRPC ends a call as CANCELLED if it arrives before its client knows that the connection ends, and clients do
        not retry CANCELLED. So calls of the last moment are held until all clients know, and are then refused.
        """
        self.lifecycle.hold()
        await asyncio.sleep(hold_seconds)
        stopping = asyncio.ensure_future(self.listener.stop(_LAST_SECONDS))
        await asyncio.sleep(hold_seconds)
        self.lifecycle.release()
        await stopping


async def create_server(
    settings: Settings, store: StateStore, authority: Authority | None = None, load: Load = load_bundle
) -> tuple[Server, int]:
    """A server that already listens, and its port. The server owns the store and closes it when it drains.

    Without an authority the token file says who may call; where there is none either, everybody may. `load` loads the
    bundles that the folder's labels name. Raises UnavailableError where an address cannot be listened on, DataError
    where certificates or the token file cannot be used.
    """
    secure = credentials(settings)
    metrics, page = _metrics(settings)
    tokens = None
    if authority is None and settings.token_file:
        authority, tokens = _follow_tokens(settings.token_file, metrics)
    lifecycle = Lifecycle()
    if page:
        page.ask(lambda: lifecycle.obstacle)
    engine = Engine(settings, store, metrics)
    bundle_manager = BundleManager(settings, engine, load, prepare=lambda bundle: item_messages.warm(bundle.items))
    in_flight = InFlight(settings)
    around = middleware(lifecycle, authority, metrics, in_flight)
    gate = Gate(lifecycle, authority, metrics, in_flight.check, engine.is_busy, engine.enter)
    interceptor = Interceptor(around, metrics, in_flight, settings.max_message_bytes)

    def make() -> grpc.aio.Server:
        server = grpc_server(interceptor, _options(settings), gate)
        add_RecommendationServiceServicer_to_server(RecommendationServicer(engine, lifecycle, settings), server)
        add_EventServiceServicer_to_server(EventServicer(engine), server)
        add_CatalogServiceServicer_to_server(CatalogServicer(engine), server)
        add_UserServiceServicer_to_server(UserServicer(engine), server)
        add_BundleServiceServicer_to_server(BundleServicer(bundle_manager, engine), server)
        health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(lifecycle, SERVICES), server)
        add_reflection(server, [*SERVICES, HEALTH])
        return server

    listener = Listener(make, settings.address, secure)
    port = await listener.start()
    if page:
        page.start()
    if tokens:
        tokens.start()
    parts = {
        "grpc_server": listener.keep,
        "in_flight": in_flight.watch,
        "bundle_manager": bundle_manager.follow,
    }
    background = asyncio.gather(*(keep(part, work, metrics) for part, work in parts.items()))
    return Server(listener, engine, lifecycle, bundle_manager, settings, background, page, tokens), port


def _follow_tokens(path: Path, metrics: Metrics) -> tuple[Authority, Follower]:
    """The authority of the token file, and the follower that keeps it up to date, which is not started yet."""
    file = TokenFile(path)

    def catch_up() -> None:
        file.catch_up()
        metrics.followed("tokens")

    return file.authority, Follower("token_file", catch_up, POLL_SECONDS)


def _metrics(settings: Settings) -> tuple[Metrics, MetricsPage | None]:
    """The metrics of this process, and the page that shows them; None where there is no page in this process."""
    if settings.metrics_address is None:
        return Metrics(), None
    # Late import: prometheus_client decides on import where it counts, and `worker.prepare` has to settle that first.
    from shortlist_server.observe.metrics_page import MetricsPage
    from shortlist_server.observe.prometheus import PrometheusMetrics

    metrics = PrometheusMetrics()
    for service in map(descriptor_pool.Default().FindServiceByName, (*SERVICES, HEALTH)):
        for method in service.methods:
            metrics.serves(f"/{service.full_name}/{method.name}", method.client_streaming, method.server_streaming)
    page = None if settings.metrics_folder else MetricsPage(settings.metrics_address, metrics.registry)
    return metrics, page


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", int(settings.share_port)),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", settings.max_message_bytes),
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.max_connection_idle_ms", int(settings.max_connection_idle_seconds * 1000)),
        # A connection has so long for TLS and for its first frame.
        ("grpc.server_handshake_timeout_ms", int(settings.receive_seconds * 1000)),
        ("grpc.max_concurrent_streams", settings.max_streams_per_connection),
        # Calls that are not accepted yet. Further ones end as CANCELLED, which nobody tries again.
        ("grpc.server.max_pending_requests", _MOST_UNACCEPTED),
        ("grpc.server.max_pending_requests_hard_limit", _MOST_UNACCEPTED),
        ("grpc.max_connection_age_ms", int(settings.max_connection_age_seconds * 1000)),  # gRPC adds jitter itself
        # The server finds dead clients, and accepts pings every ten seconds or slower, also on idle connections.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]
