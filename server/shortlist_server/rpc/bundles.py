"""BundleService: which bundles there are, which of them serve, and changing that."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from shortlist.v1 import bundle_service_pb2 as api
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceServicer

from shortlist_core.errors import BundleRefusedError, NotFoundError
from shortlist_server.rpc import serving_state as convert
from shortlist_server.rpc import validate
from shortlist_server.serving.bundle_manager import BundleManager
from shortlist_server.serving.engine import Engine

Context = grpc.aio.ServicerContext[Any, Any]


class BundleServicer(BundleServiceServicer):
    """For operators: the folder of bundles, and what this process serves of it."""

    def __init__(self, manager: BundleManager, engine: Engine) -> None:
        self._manager = manager
        self._engine = engine

    async def ListBundles(self, request: api.ListBundlesRequest, context: Context) -> api.ListBundlesResponse:
        """See the service's definition, as for all methods here."""
        size, before = validate.list_bundles(request)
        return await asyncio.to_thread(self._page, size, before)

    async def GetServingBundle(
        self, request: api.GetServingBundleRequest, context: Context
    ) -> api.GetServingBundleResponse:
        """From memory alone."""
        return api.GetServingBundleResponse(serving=self._state())

    async def ActivateBundle(self, request: api.ActivateBundleRequest, context: Context) -> api.ActivateBundleResponse:
        """Beside what serves, then instead of it."""
        version, label, share = validate.activate_bundle(request)
        self._engine.ready()  # UnavailableError while the server still starts
        await self._manager.activate(version, label, share)
        return api.ActivateBundleResponse(serving=self._state())

    async def RollbackBundle(self, request: api.RollbackBundleRequest, context: Context) -> api.RollbackBundleResponse:
        """To what is still in memory, where it is."""
        label = validate.rollback_bundle(request)
        self._engine.ready()
        await self._manager.rollback(label)
        return api.RollbackBundleResponse(serving=self._state())

    def _state(self) -> api.ServingState:
        return convert.serving_state(self._engine.ready(), self._manager.labels.taken_off, self._manager.refusal)

    def _page(self, size: int, before: str) -> api.ListBundlesResponse:
        """Up to `size` bundles older than the version `before`."""
        store = self._manager.bundles
        versions = [version for version in reversed(store.versions()) if not before or version < before]
        current, labels = store.current(), store.labels()
        response = api.ListBundlesResponse()
        for version in versions[:size]:
            message = response.bundles.add(bundle_version=version)
            message.labels.extend(convert.labels(version, current, labels))
            try:
                convert.describe(message, store.manifest(version))
            except BundleRefusedError as error:
                message.damage = f"{error.metadata['file']}: {error.metadata['check']}"
            except NotFoundError:  # pruned since they were listed
                response.bundles.pop()
        if len(versions) > size:
            response.next_page_token = validate.page_token(versions[size - 1])
        return response
