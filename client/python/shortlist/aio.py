"""The client for asyncio: `Client` with `await`."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from types import TracebackType
from typing import Self, TypeVar, Unpack

import grpc

from shortlist import errors, requests
from shortlist.options import Options
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.bundle_service_pb2 import BundleLabel
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceStub
from shortlist.v1.catalog_service_pb2 import ItemInput
from shortlist.v1.catalog_service_pb2_grpc import CatalogServiceStub
from shortlist.v1.event_pb2 import Event
from shortlist.v1.event_service_pb2_grpc import EventServiceStub
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.placement_service_pb2_grpc import PlacementServiceStub
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from shortlist.v1.user_service_pb2 import UserInput
from shortlist.v1.user_service_pb2_grpc import UserServiceStub

Request = TypeVar("Request")
Response = TypeVar("Response")


class AsyncClient:
    """As `Client`, for one event loop: make it inside the loop, close it, or use it in an `async with` statement."""

    def __init__(self, address: str = "127.0.0.1:50051", options: Options = Options()) -> None:
        self.address, self.options = address, options
        credentials, arguments = options.credentials(address), options.channel_arguments()
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(address, arguments)
        else:
            self._channel = grpc.aio.secure_channel(address, credentials, arguments)
        self._recommendations = RecommendationServiceStub(self._channel)
        self._events = EventServiceStub(self._channel)
        self._catalog = CatalogServiceStub(self._channel)
        self._users = UserServiceStub(self._channel)
        self._bundles = BundleServiceStub(self._channel)
        self._placements = PlacementServiceStub(self._channel)
        self._health = self._channel.unary_unary(
            requests.HEALTH_CHECK,
            request_serializer=requests.health_request,
            response_deserializer=requests.health_response,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """As Client.close."""
        await self._channel.close()

    async def recommend(
        self,
        user_id: str = "",
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RecommendOptions],
    ) -> api.RecommendResponse:
        """As Client.recommend."""
        request = api.RecommendRequest(user_id=user_id, count=count, **options)
        return await self._call(self._recommendations.Recommend, request, timeout, self.options.timeout)

    async def recommend_pages(
        self,
        user_id: str = "",
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RecommendOptions],
    ) -> AsyncIterator[api.RecommendResponse]:
        """As Client.recommend_pages."""
        request = api.RecommendRequest(user_id=user_id, count=count, **options)
        while True:
            page = await self._call(self._recommendations.Recommend, request, timeout, self.options.timeout)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def batch_recommend(
        self, queries: Iterable[api.BatchRecommendQuery], *, request_id: str = "", timeout: float | None = None
    ) -> api.BatchRecommendResponse:
        """As Client.batch_recommend."""
        request = api.BatchRecommendRequest(request_id=request_id, queries=queries)
        return await self._call(self._recommendations.BatchRecommend, request, timeout, self.options.batch_timeout)

    async def stream_recommend(
        self,
        messages: Iterable[api.StreamRecommendRequest] | AsyncIterable[api.StreamRecommendRequest],
        *,
        timeout: float | None = None,
    ) -> AsyncIterator[api.StreamRecommendResponse]:
        """As Client.stream_recommend; takes an asynchronous iterable of messages too."""
        source = aiter(messages) if isinstance(messages, AsyncIterable) else iter(messages)
        call = self._recommendations.StreamRecommend(source, **self.options.call_arguments(timeout, None))
        try:
            async for answer in call:
                yield answer
        except grpc.RpcError as error:
            raise errors.from_rpc(error) from error
        finally:
            call.cancel()

    async def retrieve(
        self,
        user_id: str = "",
        candidate_count: int = 400,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RetrieveOptions],
    ) -> api.RetrieveResponse:
        """As Client.retrieve."""
        request = api.RetrieveRequest(user_id=user_id, candidate_count=candidate_count, **options)
        return await self._call(self._recommendations.Retrieve, request, timeout, self.options.timeout)

    async def rank(
        self,
        user_id: str,
        item_ids: Iterable[str],
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RankOptions],
    ) -> api.RankResponse:
        """As Client.rank."""
        request = api.RankRequest(user_id=user_id, item_ids=item_ids, **options)
        return await self._call(self._recommendations.Rank, request, timeout, self.options.timeout)

    async def similar_items(
        self,
        item_id: str,
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.SimilarItemsOptions],
    ) -> api.SimilarItemsResponse:
        """As Client.similar_items."""
        request = api.SimilarItemsRequest(item_id=item_id, count=count, **options)
        return await self._call(self._recommendations.SimilarItems, request, timeout, self.options.timeout)

    async def write_events(
        self, events: Iterable[Event], *, timeout: float | None = None
    ) -> event_api.WriteEventsResponse:
        """As Client.write_events."""
        return await self._call(
            self._events.WriteEvents, requests.write_events(events), timeout, self.options.batch_timeout
        )

    async def upsert_items(
        self, items: Iterable[ItemInput], *, timeout: float | None = None
    ) -> catalog_api.UpsertItemsResponse:
        """As Client.upsert_items."""
        request = catalog_api.UpsertItemsRequest(items=items)
        return await self._call(self._catalog.UpsertItems, request, timeout, self.options.batch_timeout)

    async def delete_items(
        self, item_ids: Iterable[str], *, timeout: float | None = None
    ) -> catalog_api.DeleteItemsResponse:
        """As Client.delete_items."""
        request = catalog_api.DeleteItemsRequest(item_ids=item_ids)
        return await self._call(self._catalog.DeleteItems, request, timeout, self.options.batch_timeout)

    async def get_item(self, item_id: str, *, timeout: float | None = None) -> catalog_api.GetItemResponse:
        """As Client.get_item."""
        request = catalog_api.GetItemRequest(item_id=item_id)
        return await self._call(self._catalog.GetItem, request, timeout, self.options.batch_timeout)

    async def list_items(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> catalog_api.ListItemsResponse:
        """As Client.list_items."""
        request = catalog_api.ListItemsRequest(page_size=page_size, page_token=page_token)
        return await self._call(self._catalog.ListItems, request, timeout, self.options.batch_timeout)

    async def upsert_users(
        self, users: Iterable[UserInput], *, timeout: float | None = None
    ) -> user_api.UpsertUsersResponse:
        """As Client.upsert_users."""
        request = user_api.UpsertUsersRequest(users=users)
        return await self._call(self._users.UpsertUsers, request, timeout, self.options.batch_timeout)

    async def get_user(self, user_id: str, *, timeout: float | None = None) -> user_api.GetUserResponse:
        """As Client.get_user."""
        request = user_api.GetUserRequest(user_id=user_id)
        return await self._call(self._users.GetUser, request, timeout, self.options.batch_timeout)

    async def export_user(
        self, user_id: str, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> user_api.ExportUserResponse:
        """As Client.export_user."""
        request = user_api.ExportUserRequest(user_id=user_id, page_size=page_size, page_token=page_token)
        return await self._call(self._users.ExportUser, request, timeout, self.options.batch_timeout)

    async def delete_user(self, user_id: str, *, timeout: float | None = None) -> user_api.DeleteUserResponse:
        """As Client.delete_user."""
        request = user_api.DeleteUserRequest(user_id=user_id)
        return await self._call(self._users.DeleteUser, request, timeout, self.options.batch_timeout)

    async def list_bundles(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> bundle_api.ListBundlesResponse:
        """As Client.list_bundles."""
        request = bundle_api.ListBundlesRequest(page_size=page_size, page_token=page_token)
        return await self._call(self._bundles.ListBundles, request, timeout, self.options.batch_timeout)

    async def get_serving_bundle(self, *, timeout: float | None = None) -> bundle_api.GetServingBundleResponse:
        """As Client.get_serving_bundle."""
        request = bundle_api.GetServingBundleRequest()
        return await self._call(self._bundles.GetServingBundle, request, timeout, self.options.batch_timeout)

    async def get_bundle_report(
        self, bundle_version: str, *, timeout: float | None = None
    ) -> bundle_api.GetBundleReportResponse:
        """As Client.get_bundle_report."""
        request = bundle_api.GetBundleReportRequest(bundle_version=bundle_version)
        return await self._call(self._bundles.GetBundleReport, request, timeout, self.options.batch_timeout)

    async def activate_bundle(
        self,
        bundle_version: str,
        label: BundleLabel.ValueType = BundleLabel.BUNDLE_LABEL_STABLE,
        user_share: float = 0.0,
        *,
        timeout: float | None = None,
    ) -> bundle_api.ActivateBundleResponse:
        """As Client.activate_bundle."""
        request = bundle_api.ActivateBundleRequest(bundle_version=bundle_version, label=label, user_share=user_share)
        return await self._call(self._bundles.ActivateBundle, request, timeout, self.options.bundle_timeout)

    async def rollback_bundle(
        self,
        label: BundleLabel.ValueType = BundleLabel.BUNDLE_LABEL_STABLE,
        *,
        timeout: float | None = None,
    ) -> bundle_api.RollbackBundleResponse:
        """As Client.rollback_bundle."""
        request = bundle_api.RollbackBundleRequest(label=label)
        return await self._call(self._bundles.RollbackBundle, request, timeout, self.options.bundle_timeout)

    async def list_placements(self, *, timeout: float | None = None) -> placement_api.ListPlacementsResponse:
        """As Client.list_placements."""
        request = placement_api.ListPlacementsRequest()
        return await self._call(self._placements.ListPlacements, request, timeout, self.options.batch_timeout)

    async def set_placements(
        self,
        placements: Iterable[Placement],
        *,
        expected_version: str = "",
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> placement_api.SetPlacementsResponse:
        """As Client.set_placements."""
        request = placement_api.SetPlacementsRequest(
            placements=placements, expected_version=expected_version, validate_only=validate_only
        )
        return await self._call(self._placements.SetPlacements, request, timeout, self.options.batch_timeout)

    async def preview_placement(
        self,
        placement: Placement,
        query: api.BatchRecommendQuery | None = None,
        *,
        request_id: str = "",
        timeout: float | None = None,
    ) -> placement_api.PreviewPlacementResponse:
        """As Client.preview_placement."""
        request = placement_api.PreviewPlacementRequest(request_id=request_id, placement=placement, query=query)
        return await self._call(self._placements.PreviewPlacement, request, timeout, self.options.timeout)

    async def health(self, service: str = "", *, timeout: float | None = None) -> requests.HealthStatus:
        """As Client.health."""
        return await self._call(self._health, service, timeout, self.options.timeout)

    async def _call(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        timeout: float | None,
        default: float,
    ) -> Response:
        try:
            return await method(request, **self.options.call_arguments(timeout, default))
        except grpc.RpcError as error:
            raise errors.from_rpc(error) from error
