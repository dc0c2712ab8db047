"""Deployments: what answers one tenant's calls. A server without tenants has one deployment, which has no name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from shortlist_bundle import Bundle
from shortlist_core.errors import DataError, ShortlistError, UnavailableError
from shortlist_server.base.follower import Follower
from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings
from shortlist_server.rpc import item_messages
from shortlist_server.rpc.placement_file import POLL_SECONDS, PlacementFile
from shortlist_server.serving.bundle_manager import BundleManager
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import Load, LoadedBundle
from shortlist_state import StateStore


@dataclass(frozen=True, eq=False)
class Deployment:
    """One tenant's part of a process: its queues, threads, store, bundles and response cache."""

    tenant: str
    settings: Settings  # of the tenant
    engine: Engine
    bundle_manager: BundleManager
    placements: PlacementFile
    following: Follower  # of the placements

    async def begin(self) -> LoadedBundle:
        """Serve the bundles that the folder's labels name. Returns the stable one. Raises what loading it raises."""
        with named(self.tenant):
            return await self.bundle_manager.start()


def open_stores(settings: Settings, open_store: Callable[[str], StateStore]) -> dict[str, StateStore]:
    """The store of each tenant, or of a server without tenants under an empty name.

    Raises what opening raises, and DataError where two tenants would share a store, by whatever name.
    """
    stores: dict[str, StateStore] = {}
    owners: dict[str, str] = {}  # identity -> tenant
    try:
        for tenant, own in settings.of_each().items():
            with named(tenant):
                stores[tenant] = open_store(own.state)
            owner = owners.setdefault(stores[tenant].catalog.identity, tenant)
            if owner != tenant:
                raise DataError(f"the state of the tenant {tenant} is that of {owner}, or a copy of it")
    except ShortlistError:
        for store in stores.values():
            store.close()
        raise
    return stores


def deployments(
    settings: Settings, stores: Mapping[str, StateStore], metrics: Metrics, load: Load
) -> dict[str, Deployment]:
    """A deployment for each tenant by its name; without tenants one, under an empty name."""
    made: dict[str, Deployment] = {}
    load = _one_at_a_time(load)
    for tenant, own in settings.of_each().items():
        with named(tenant):  # an engine reads its store
            engine = Engine(own, stores[tenant], metrics.of(tenant))
        bundle_manager = BundleManager(own, engine, load, prepare=lambda bundle: item_messages.warm(bundle.items))
        placements = PlacementFile(own.bundles)
        following = Follower("placements", placements.catch_up, POLL_SECONDS)
        made[tenant] = Deployment(tenant, own, engine, bundle_manager, placements, following)
    return made


@contextmanager
def named(tenant: str) -> Iterator[None]:
    """Have an error of ours say whose it is, as an UnavailableError. Without tenants it stays what it is."""
    try:
        yield
    except ShortlistError as error:
        if not tenant:
            raise
        raise UnavailableError("TENANT", f"tenant {tenant}: {error}") from error


def _one_at_a_time(load: Load) -> Load:
    """Loads one bundle after the other, whosever they are, so that loading never takes more than one core."""
    turn = threading.Lock()

    def loading(bundle: Bundle, settings: Settings) -> LoadedBundle:
        with turn:
            return load(bundle, settings)

    return loading
