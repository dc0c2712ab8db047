"""BundleService: lists the bundles, says which of them serve, and changes that."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from shortlist.v1 import bundle_service_pb2 as api
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceServicer

from shortlist_bundle.reports import read_report
from shortlist_core.errors import AnswerTooLargeError, BundleRefusedError, NotFoundError
from shortlist_server.rpc import serving_state as convert
from shortlist_server.rpc import validate
from shortlist_server.serving.bundle_manager import BundleManager
from shortlist_server.serving.engine import Engine

Context = grpc.aio.ServicerContext[Any, Any]


class BundleServicer(BundleServiceServicer):
    """The folder of bundles and what this process serves of it, for operators."""

    def __init__(self, manager: BundleManager, engine: Engine, most_bytes: int) -> None:
        self._manager = manager
        self._engine = engine
        self._most = most_bytes

    async def ListBundles(self, request: api.ListBundlesRequest, context: Context) -> api.ListBundlesResponse:
        """See the service's definition, as for all methods here."""
        size, before = validate.list_bundles(request)
        return await asyncio.to_thread(self._page, size, before)

    async def GetServingBundle(
        self, request: api.GetServingBundleRequest, context: Context
    ) -> api.GetServingBundleResponse:
        """Answered from memory, without reading the folder."""
        return api.GetServingBundleResponse(serving=self._state())

    async def ActivateBundle(self, request: api.ActivateBundleRequest, context: Context) -> api.ActivateBundleResponse:
        """The bundle is loaded while the others serve, and then serves under its label."""
        version, label, share = validate.activate_bundle(request)
        self._engine.ready()  # UnavailableError while the server still starts
        await self._manager.activate(version, label, share)
        return api.ActivateBundleResponse(serving=self._state())

    async def RollbackBundle(self, request: api.RollbackBundleRequest, context: Context) -> api.RollbackBundleResponse:
        """A bundle that is still in memory is not loaded again."""
        label = validate.rollback_bundle(request)
        self._engine.ready()
        await self._manager.rollback(label)
        return api.RollbackBundleResponse(serving=self._state())

    async def GetBundleReport(
        self, request: api.GetBundleReportRequest, context: Context
    ) -> api.GetBundleReportResponse:
        """The page as training or evaluation left it."""
        version = validate.get_bundle_report(request)
        page = await asyncio.to_thread(read_report, self._manager.bundles.directory, version)
        response = api.GetBundleReportResponse(html=page.decode(errors="replace"))
        if response.ByteSize() > self._most:
            raise AnswerTooLargeError(response.ByteSize(), self._most)
        return response

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
            except NotFoundError:  # the version was pruned since the versions were listed
                response.bundles.pop()
        if len(versions) > size:
            response.next_page_token = validate.page_token(versions[size - 1])
        return response
