"""The client for programs that block: one method per method of the API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class Client:
    """A connection to Shortlist, shared by any number of threads; close it, or use it in a `with` statement.

    `address` is anything that gRPC resolves: `host:port`, or `dns:///name:port` to spread calls over all its hosts.
    Every method takes `timeout` in seconds (default: what `options` says) and raises `ShortlistError`, or the subclass
    for the code. Connecting happens with the first call.
    """

    def __init__(self, address: str = "127.0.0.1:50051", options: Options = Options()) -> None:
        self.address, self.options = address, options
        credentials, arguments = options.credentials(address), options.channel_arguments()
        if credentials is None:
            self._channel = grpc.insecure_channel(address, arguments)
        else:
            self._channel = grpc.secure_channel(address, credentials, arguments)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; calls under way fail with CANCELLED."""
        self._channel.close()

    def recommend(
        self,
        user_id: str = "",
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RecommendOptions],
    ) -> api.RecommendResponse:
        """The best items for one user, with score, sources and reason; `options` are fields of RecommendRequest."""
        request = api.RecommendRequest(user_id=user_id, count=count, **options)
        return self._call(self._recommendations.Recommend, request, timeout, self.options.timeout)

    def recommend_pages(
        self,
        user_id: str = "",
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RecommendOptions],
    ) -> Iterator[api.RecommendResponse]:
        """The pages of a user's list, each asked for as the iteration comes to it: no item comes twice, none is lost.

        Ends when nothing is left. `timeout` is that of a page, and `options` are as those of `recommend`; `page_token`
        goes on with a list that was left. A page that is asked for two days after the one before raises
        ShortlistError of the reason PAGE_TOKEN_EXPIRED.
        """
        request = api.RecommendRequest(user_id=user_id, count=count, **options)
        while True:
            page = self._call(self._recommendations.Recommend, request, timeout, self.options.timeout)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def batch_recommend(
        self, queries: Iterable[api.BatchRecommendQuery], *, request_id: str = "", timeout: float | None = None
    ) -> api.BatchRecommendResponse:
        """One answer per query, in order, all from one bundle; 1 to 64 queries."""
        request = api.BatchRecommendRequest(request_id=request_id, queries=queries)
        return self._call(self._recommendations.BatchRecommend, request, timeout, self.options.batch_timeout)

    def stream_recommend(
        self, messages: Iterable[api.StreamRecommendRequest], *, timeout: float | None = None
    ) -> Iterator[api.StreamRecommendResponse]:
        """One answer per message, in order, as they come; messages are read as the server takes them.

        An answer with an error (`answer.HasField("error")`) does not end the stream; `errors.from_status(answer.error)`
        makes an exception of it. Leaving the iteration early cancels the stream.
        """
        call = self._recommendations.StreamRecommend(iter(messages), **self.options.call_arguments(timeout, None))
        try:
            yield from call
        except grpc.RpcError as error:
            raise errors.from_rpc(error) from error
        finally:
            call.cancel()

    def retrieve(
        self,
        user_id: str = "",
        candidate_count: int = 400,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RetrieveOptions],
    ) -> api.RetrieveResponse:
        """Stage one alone: the candidates before ranking; `options` are fields of RetrieveRequest."""
        request = api.RetrieveRequest(user_id=user_id, candidate_count=candidate_count, **options)
        return self._call(self._recommendations.Retrieve, request, timeout, self.options.timeout)

    def rank(
        self,
        user_id: str,
        item_ids: Iterable[str],
        *,
        timeout: float | None = None,
        **options: Unpack[requests.RankOptions],
    ) -> api.RankResponse:
        """Stage two alone: `item_ids` (1 to 2,000) in this user's order; `options` are fields of RankRequest."""
        request = api.RankRequest(user_id=user_id, item_ids=item_ids, **options)
        return self._call(self._recommendations.Rank, request, timeout, self.options.timeout)

    def similar_items(
        self,
        item_id: str,
        count: int = 20,
        *,
        timeout: float | None = None,
        **options: Unpack[requests.SimilarItemsOptions],
    ) -> api.SimilarItemsResponse:
        """The items most like one; `options` are fields of SimilarItemsRequest. NotFound if nobody knows the item."""
        request = api.SimilarItemsRequest(item_id=item_id, count=count, **options)
        return self._call(self._recommendations.SimilarItems, request, timeout, self.options.timeout)

    def write_events(self, events: Iterable[Event], *, timeout: float | None = None) -> event_api.WriteEventsResponse:
        """Writes 1 to 1,000 events, all or none, and returns once they are durable.

        An event without an id is given one in place: passing the same events again writes nothing twice.
        """
        return self._call(self._events.WriteEvents, requests.write_events(events), timeout, self.options.batch_timeout)

    def upsert_items(
        self, items: Iterable[ItemInput], *, timeout: float | None = None
    ) -> catalog_api.UpsertItemsResponse:
        """Writes 1 to 1,000 items, all or none, each of them wholly, and returns once they are durable."""
        request = catalog_api.UpsertItemsRequest(items=items)
        return self._call(self._catalog.UpsertItems, request, timeout, self.options.batch_timeout)

    def delete_items(self, item_ids: Iterable[str], *, timeout: float | None = None) -> catalog_api.DeleteItemsResponse:
        """Takes 1 to 1,000 items out of the catalogue, all or none; one that nobody knows is no error."""
        request = catalog_api.DeleteItemsRequest(item_ids=item_ids)
        return self._call(self._catalog.DeleteItems, request, timeout, self.options.batch_timeout)

    def get_item(self, item_id: str, *, timeout: float | None = None) -> catalog_api.GetItemResponse:
        """One item as it is now. NotFound where there is none."""
        request = catalog_api.GetItemRequest(item_id=item_id)
        return self._call(self._catalog.GetItem, request, timeout, self.options.batch_timeout)

    def list_items(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> catalog_api.ListItemsResponse:
        """One page of all items; the next one is asked for with its `next_page_token`, until that is empty."""
        request = catalog_api.ListItemsRequest(page_size=page_size, page_token=page_token)
        return self._call(self._catalog.ListItems, request, timeout, self.options.batch_timeout)

    def upsert_users(self, users: Iterable[UserInput], *, timeout: float | None = None) -> user_api.UpsertUsersResponse:
        """Writes what is known of 1 to 1,000 users besides events, all or none, and returns once it is durable."""
        request = user_api.UpsertUsersRequest(users=users)
        return self._call(self._users.UpsertUsers, request, timeout, self.options.batch_timeout)

    def get_user(self, user_id: str, *, timeout: float | None = None) -> user_api.GetUserResponse:
        """What is known of a user, in numbers; a user that nobody knows is no error."""
        request = user_api.GetUserRequest(user_id=user_id)
        return self._call(self._users.GetUser, request, timeout, self.options.batch_timeout)

    def export_user(
        self, user_id: str, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> user_api.ExportUserResponse:
        """One page of a user's events; the next one is asked for with its `next_page_token`, until that is empty."""
        request = user_api.ExportUserRequest(user_id=user_id, page_size=page_size, page_token=page_token)
        return self._call(self._users.ExportUser, request, timeout, self.options.batch_timeout)

    def delete_user(self, user_id: str, *, timeout: float | None = None) -> user_api.DeleteUserResponse:
        """Forgets a user: events, history, and whatever bundles know. Allow a large store more than the default."""
        request = user_api.DeleteUserRequest(user_id=user_id)
        return self._call(self._users.DeleteUser, request, timeout, self.options.batch_timeout)

    def list_bundles(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> bundle_api.ListBundlesResponse:
        """One page of all bundles, newest first; the next one is asked for with its `next_page_token`."""
        request = bundle_api.ListBundlesRequest(page_size=page_size, page_token=page_token)
        return self._call(self._bundles.ListBundles, request, timeout, self.options.batch_timeout)

    def get_serving_bundle(self, *, timeout: float | None = None) -> bundle_api.GetServingBundleResponse:
        """What the process that answers serves, and how its canary and its shadow fare."""
        request = bundle_api.GetServingBundleRequest()
        return self._call(self._bundles.GetServingBundle, request, timeout, self.options.batch_timeout)

    def get_bundle_report(
        self, bundle_version: str, *, timeout: float | None = None
    ) -> bundle_api.GetBundleReportResponse:
        """The report of a bundle: an HTML page. NotFound where it has none."""
        request = bundle_api.GetBundleReportRequest(bundle_version=bundle_version)
        return self._call(self._bundles.GetBundleReport, request, timeout, self.options.batch_timeout)

    def activate_bundle(
        self,
        bundle_version: str,
        label: BundleLabel.ValueType = BundleLabel.BUNDLE_LABEL_STABLE,
        user_share: float = 0.0,
        *,
        timeout: float | None = None,
    ) -> bundle_api.ActivateBundleResponse:
        """Gives a bundle a label, and returns once it serves. NotFound if there is no such bundle."""
        request = bundle_api.ActivateBundleRequest(bundle_version=bundle_version, label=label, user_share=user_share)
        return self._call(self._bundles.ActivateBundle, request, timeout, self.options.bundle_timeout)

    def rollback_bundle(
        self,
        label: BundleLabel.ValueType = BundleLabel.BUNDLE_LABEL_STABLE,
        *,
        timeout: float | None = None,
    ) -> bundle_api.RollbackBundleResponse:
        """Takes a label back. Never tried again by itself: each time goes one bundle further back."""
        request = bundle_api.RollbackBundleRequest(label=label)
        return self._call(self._bundles.RollbackBundle, request, timeout, self.options.bundle_timeout)

    def list_placements(self, *, timeout: float | None = None) -> placement_api.ListPlacementsResponse:
        """The placements in force, and what is wrong with their file."""
        request = placement_api.ListPlacementsRequest()
        return self._call(self._placements.ListPlacements, request, timeout, self.options.batch_timeout)

    def set_placements(
        self,
        placements: Iterable[Placement],
        *,
        expected_version: str = "",
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> placement_api.SetPlacementsResponse:
        """Sets all placements at once. InvalidArgument lists every mistake in them."""
        request = placement_api.SetPlacementsRequest(
            placements=placements, expected_version=expected_version, validate_only=validate_only
        )
        return self._call(self._placements.SetPlacements, request, timeout, self.options.batch_timeout)

    def preview_placement(
        self,
        placement: Placement,
        query: api.BatchRecommendQuery | None = None,
        *,
        request_id: str = "",
        timeout: float | None = None,
    ) -> placement_api.PreviewPlacementResponse:
        """What a query would be answered if a placement were like this one."""
        request = placement_api.PreviewPlacementRequest(request_id=request_id, placement=placement, query=query)
        return self._call(self._placements.PreviewPlacement, request, timeout, self.options.timeout)

    def health(self, service: str = "", *, timeout: float | None = None) -> requests.HealthStatus:
        """Whether the server, or one of its services by full name, takes calls. NotFound if it has no such service."""
        return self._call(self._health, service, timeout, self.options.timeout)

    def _call(
        self,
        method: grpc.UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        timeout: float | None,
        default: float,
    ) -> Response:
        try:
            return method(request, **self.options.call_arguments(timeout, default))
        except grpc.RpcError as error:
            raise errors.from_rpc(error) from error
