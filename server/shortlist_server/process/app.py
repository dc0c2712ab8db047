"""The composition root: makes one server out of its parts, and shuts the server down in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import structlog
from grpc_health.v1 import health_pb2_grpc
from shortlist.v1.bundle_service_pb2_grpc import add_BundleServiceServicer_to_server
from shortlist.v1.catalog_service_pb2_grpc import add_CatalogServiceServicer_to_server
from shortlist.v1.event_service_pb2_grpc import add_EventServiceServicer_to_server
from shortlist.v1.placement_service_pb2_grpc import add_PlacementServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from shortlist.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server

from shortlist_core.addresses import split
from shortlist_server.base.background import keep
from shortlist_server.base.follower import Follower
from shortlist_server.base.lifecycle import Lifecycle
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.process.deployments import Deployment, deployments
from shortlist_server.process.listener import Listener
from shortlist_server.process.metrics import counted
from shortlist_server.process.tls import credentials
from shortlist_server.rpc.auth import Authority
from shortlist_server.rpc.bundles import BundleServicer
from shortlist_server.rpc.catalog import CatalogServicer
from shortlist_server.rpc.events import EventServicer
from shortlist_server.rpc.gate import Gate
from shortlist_server.rpc.grpc_server import grpc_server
from shortlist_server.rpc.health import HealthServicer
from shortlist_server.rpc.in_flight import InFlight
from shortlist_server.rpc.interceptors import Interceptor
from shortlist_server.rpc.messages import compile_loops
from shortlist_server.rpc.middleware import middleware
from shortlist_server.rpc.placements import PlacementServicer
from shortlist_server.rpc.recommendations import RecommendationServicer
from shortlist_server.rpc.reflection import add_reflection
from shortlist_server.rpc.tenants import ByTenant
from shortlist_server.rpc.token_file import POLL_SECONDS, TokenFile
from shortlist_server.rpc.users import UserServicer
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import Load, LoadedBundle, load_bundle
from shortlist_state import StateStore

if TYPE_CHECKING:
    from shortlist_server.observe.metrics_page import MetricsPage

SERVICES = tuple(
    f"shortlist.v1.{name}"
    for name in (
        "RecommendationService",
        "EventService",
        "CatalogService",
        "UserService",
        "BundleService",
        "PlacementService",
    )
)
HEALTH = "grpc.health.v1.Health"

_HOLD_SECONDS = 0.2  # longer than the pause of a refused client before its next try
_MOST_UNACCEPTED = 65_536
_LAST_SECONDS = 1.0  # for bytes on the wire and for streams of health and reflection, after the last call has ended

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Server:
    """A server that listens, or will once its bundles are loaded. Each tenant is answered as soon as its own is."""

    listener: Listener
    deployments: Mapping[str, Deployment]
    lifecycle: Lifecycle
    settings: Settings  # as they hold now: `reloading` puts others in their place
    background: asyncio.Future[Any]  # what runs until the server has drained
    metrics_page: MetricsPage | None  # None: no page is wanted, or the supervisor has it
    tokens: Follower | None  # of the token file; None where there is none

    @property
    def engine(self) -> Engine:
        """The engine of a server without tenants."""
        return self.deployments[""].engine

    async def begin(self) -> dict[str, LoadedBundle]:
        """Serve the bundles that the folders' labels name, and follow the folders. Returns each tenant's stable one.

        Where the settings say so, a tenant whose folder has no bundle is waited for, and the others are served. Raises
        what loading a stable bundle raises.
        """
        tasks = {each.tenant: asyncio.ensure_future(self._begin(each)) for each in self.deployments.values()}
        try:
            await asyncio.gather(*tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()  # those that still load when another has failed
        if self.settings.listen_when_loaded:
            await self.listener.start()
        return {tenant: task.result() for tenant, task in tasks.items()}

    async def _begin(self, deployment: Deployment) -> LoadedBundle:
        if self.settings.wait_for_bundle:
            await deployment.bundle_manager.published()
        bundle = await deployment.begin()
        self.lifecycle.loaded(deployment.tenant)
        return bundle

    async def activate(self, load: Callable[[], LoadedBundle]) -> LoadedBundle:
        """Load a bundle on a thread of its own and serve it, whatever the folder says. Returns the loaded bundle.

        Raises what `load` raises. For servers without tenants.
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
        for deployment in self.deployments.values():
            deployment.bundle_manager.close()
        await self._stop(_HOLD_SECONDS if delay else 0)
        self.background.cancel()
        await asyncio.gather(self.background, return_exceptions=True)
        for deployment in self.deployments.values():
            await asyncio.to_thread(deployment.engine.end_writing)
            deployment.engine.close()
            await asyncio.to_thread(deployment.following.close)
        if self.tokens:
            await asyncio.to_thread(self.tokens.close)
        if self.metrics_page:  # closed last, so that a scrape can follow the shutdown
            await asyncio.to_thread(self.metrics_page.close)

    def hangs(self) -> bool:
        """Whether the queries of a tenant are answered no longer, because one batch hangs."""
        return any(deployment.engine.hangs() for deployment in self.deployments.values())

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
    settings: Settings,
    stores: StateStore | Mapping[str, StateStore],
    authority: Authority | None = None,
    load: Load = load_bundle,
) -> tuple[Server, int]:
    """A server, and its port. The server owns the stores and closes them when it drains.

    It already listens, unless the settings say that it does once its bundles are loaded. `stores` is one store, or one
    by each tenant's name. Without an authority the token file says who may call; where there is none either, everybody
    may. `load` loads the bundles that the folders' labels name. Raises UnavailableError where an address cannot be
    listened on, DataError where certificates or the token file cannot be used.
    """
    secure = credentials(settings)
    metrics, page = counted(settings, (*SERVICES, HEALTH))
    tokens = None
    if authority is None and settings.token_file:
        authority, tokens = _follow_tokens(settings.token_file, settings.tenants, metrics)
    stores = {"": stores} if isinstance(stores, StateStore) else stores
    deployed = deployments(settings, stores, metrics, load)
    lifecycle = Lifecycle(deployed)
    if page:
        page.ask(lambda: lifecycle.obstacle)
    in_flight = InFlight(settings)
    compile_loops()
    around = middleware(lifecycle, authority, metrics, in_flight)
    # Where there are tenants, whose memory it is decides later.
    check_memory = in_flight.check if "" in deployed else lambda: None
    rooms = {tenant: deployment.engine for tenant, deployment in deployed.items()}
    gate = Gate(lifecycle, authority, metrics, check_memory, rooms)
    interceptor = Interceptor(around, metrics, in_flight, settings.max_message_bytes)

    def servicer(make: Callable[[Deployment], Any]) -> Any:
        """That of a server without tenants, or one that goes by the tenant of each call."""
        servicers = {tenant: make(deployment) for tenant, deployment in deployed.items()}
        return servicers.get("") or ByTenant(servicers)

    def make() -> grpc.aio.Server:
        server = grpc_server(interceptor, _options(settings), gate)
        add_RecommendationServiceServicer_to_server(
            servicer(lambda d: RecommendationServicer(d.engine, lifecycle, d.settings, d.placements)), server
        )
        add_EventServiceServicer_to_server(servicer(lambda d: EventServicer(d.engine)), server)
        add_CatalogServiceServicer_to_server(servicer(lambda d: CatalogServicer(d.engine)), server)
        add_UserServiceServicer_to_server(servicer(lambda d: UserServicer(d.engine)), server)
        add_BundleServiceServicer_to_server(
            servicer(lambda d: BundleServicer(d.bundle_manager, d.engine, settings.max_message_bytes)), server
        )
        add_PlacementServiceServicer_to_server(
            servicer(lambda d: PlacementServicer(d.placements, d.engine, d.settings)), server
        )
        health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(lifecycle, SERVICES), server)
        add_reflection(server, [*SERVICES, HEALTH])
        return server

    listener = Listener(make, settings.address, secure)
    port = split(settings.address)[1] if settings.listen_when_loaded else await listener.start()
    if page:
        page.start()
    if tokens:
        tokens.start()
    for deployment in deployed.values():
        deployment.following.start()
    parts = [("grpc_server", listener.keep), ("in_flight", in_flight.watch)]
    parts += [("bundle_manager", deployment.bundle_manager.follow) for deployment in deployed.values()]
    background = asyncio.gather(*(keep(part, work, metrics) for part, work in parts))
    return Server(listener, deployed, lifecycle, settings, background, page, tokens), port


def _follow_tokens(path: Path, tenants: Collection[str], metrics: Metrics) -> tuple[Authority, Follower]:
    """The authority of the token file, and the follower that keeps it up to date, which is not started yet."""
    file = TokenFile(path, tenants)

    def catch_up() -> None:
        file.catch_up()
        metrics.followed("tokens")

    return file.authority, Follower("token_file", catch_up, POLL_SECONDS)


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
