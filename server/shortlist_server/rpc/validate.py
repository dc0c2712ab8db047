"""Validation: turns requests into queries, by the limits that the comments in `protos/shortlist/v1` promise.

All violations of a request are reported, not only the first, each by its path in the message.
"""

from __future__ import annotations

import base64
from dataclasses import replace

from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api

from shortlist_bundle import Label
from shortlist_bundle.manifest import is_version
from shortlist_core.catalog import Attribute, CatalogItem
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import Event
from shortlist_server.base.limits import DEFAULT_COUNT, MAX_CANDIDATES, MAX_COUNT
from shortlist_server.pipeline.query import Query
from shortlist_server.rpc.checks import Check, checked
from shortlist_server.rpc.conditions import filter_of
from shortlist_server.rpc.items import item_of
from shortlist_server.rpc.pages import page_of
from shortlist_server.rpc.placement_messages import placement_of, placements_of
from shortlist_server.rpc.user_query import MAX_EXCLUDED, user_query
from shortlist_server.system.placements.placement import NO_PLACEMENTS, Placement, Placements

MAX_QUERIES = 64
MAX_EVENTS = 1_000
MAX_BUNDLES, DEFAULT_BUNDLES = 100, 50
MAX_EXPORTED = 1_000
MAX_ITEMS = 1_000
MAX_USERS = 1_000
MAX_LISTED, DEFAULT_LISTED = 1_000, 100
DEFAULT_SHARE = 0.05


def recommend(
    request: api.RecommendRequest | api.StreamRecommendRequest, placements: Placements = NO_PLACEMENTS
) -> Query:
    """The query of Recommend, or of one message of StreamRecommend.

    InvalidArgumentError lists all violations. Without any, PageTokenExpiredError says that the token of a page is too
    old, and NotFoundError names a placement that does not exist.
    """

    def read(check: Check) -> Query:
        query = user_query(check, request, check.request_id(request.request_id), placements)
        if isinstance(request, api.StreamRecommendRequest):
            return query
        version = _version(check, request.bundle_version) if request.bundle_version else ""
        return replace(query, page=page_of(check, request), bundle_version=version)

    query = checked(read)
    placements.check([request.placement])
    return query


def batch_recommend(
    request: api.BatchRecommendRequest, placements: Placements = NO_PLACEMENTS
) -> tuple[str, list[Query]]:
    """The request's id, and its queries, which all carry that id. Raises as `recommend`."""

    def read(check: Check) -> tuple[str, list[Query]]:
        request_id = check.request_id(request.request_id)
        check.length("queries", request.queries, MAX_QUERIES, least=1)
        queries = enumerate(request.queries[:MAX_QUERIES])
        below = ((check.below(f"queries[{i}]."), query) for i, query in queries)
        return request_id, [user_query(each, query, request_id, placements) for each, query in below]

    answer = checked(read)
    placements.check([query.placement for query in request.queries])
    return answer


def retrieve(request: api.RetrieveRequest) -> Query:
    """The query of Retrieve."""
    return checked(lambda check: user_query(check, request, check.request_id(request.request_id)))


def rank(request: api.RankRequest) -> Query:
    """The query of Rank: the caller's candidates without repeats, in the order of the request."""

    def read(check: Check) -> Query:
        return Query(
            request_id=check.request_id(request.request_id),
            user_id=check.optional_id("user_id", request.user_id),
            context=check.context(request.context_events),
            attributes=check.attributes(request.user_attributes),
            context_attributes=check.context_attributes(request.context_attributes),
            seen_items=SeenItems.KEEP,  # a seen candidate is asked for, and has the probability that it is taken again
            count=len(request.item_ids),
            item_ids=tuple(dict.fromkeys(check.ids("item_ids", request.item_ids, MAX_CANDIDATES, least=1))),
            filter=filter_of(check.below("filter."), request.filter),
            action_weights=check.action_weights(request.action_weights),
            include_actions=request.include_action_probabilities,
            include_trace=request.include_trace,
        )

    return checked(read)


def similar_items(request: api.SimilarItemsRequest) -> Query:
    """The query of SimilarItems."""

    def read(check: Check) -> Query:
        return Query(
            request_id=check.request_id(request.request_id),
            item_ids=(check.id("item_id", request.item_id),),
            count=check.number("count", request.count, MAX_COUNT, DEFAULT_COUNT),
            excluded=check.ids("excluded_item_ids", request.excluded_item_ids, MAX_EXCLUDED),
            filter=filter_of(check.below("filter."), request.filter),
        )

    return checked(read)


def write_events(request: event_api.WriteEventsRequest) -> list[Event]:
    """The events of WriteEvents, in the order sent."""

    def read(check: Check) -> list[Event]:
        check.length("events", request.events, MAX_EVENTS, least=1)
        return [check.below(f"events[{i}].").event(event) for i, event in enumerate(request.events[:MAX_EVENTS])]

    return checked(read)


def upsert_items(request: catalog_api.UpsertItemsRequest, vector_dim: int = 0) -> list[CatalogItem]:
    """The items of UpsertItems, in the order sent. Embeddings hold `vector_dim` numbers, or any if that is 0."""

    def read(check: Check) -> list[CatalogItem]:
        check.length("items", request.items, MAX_ITEMS, least=1)
        sent = request.items[:MAX_ITEMS]
        check.different("items", [item.item_id for item in sent], "item_id")
        return [item_of(check.below(f"items[{i}]."), item, vector_dim) for i, item in enumerate(sent)]

    return checked(read)


def delete_items(request: catalog_api.DeleteItemsRequest) -> list[str]:
    """The items of DeleteItems, each of them once."""
    return checked(lambda check: list(dict.fromkeys(check.ids("item_ids", request.item_ids, MAX_ITEMS, least=1))))


def get_item(request: catalog_api.GetItemRequest) -> str:
    """The item of GetItem."""
    return checked(lambda check: check.id("item_id", request.item_id))


def list_items(request: catalog_api.ListItemsRequest) -> tuple[int, str]:
    """The size of a page of ListItems, and its token, of which only the length is checked."""

    def read(check: Check) -> tuple[int, str]:
        check.short("page_token", request.page_token)
        return check.page_size(request.page_size, MAX_LISTED, DEFAULT_LISTED), request.page_token

    return checked(read)


def upsert_users(request: user_api.UpsertUsersRequest) -> dict[str, tuple[Attribute, ...]]:
    """The attributes of UpsertUsers by user id, in the order sent."""

    def read(check: Check) -> dict[str, tuple[Attribute, ...]]:
        check.length("users", request.users, MAX_USERS, least=1)
        sent = request.users[:MAX_USERS]
        check.different("users", [user.user_id for user in sent], "user_id")
        return dict(check.below(f"users[{i}].").user(user) for i, user in enumerate(sent))

    return checked(read)


def get_user(request: user_api.GetUserRequest) -> str:
    """The user of GetUser."""
    return checked(lambda check: check.id("user_id", request.user_id))


def export_user(request: user_api.ExportUserRequest) -> tuple[str, int, str]:
    """The user of ExportUser, the size of the page, and its token, of which only the length is checked."""

    def read(check: Check) -> tuple[str, int, str]:
        check.short("page_token", request.page_token)
        size = check.page_size(request.page_size, MAX_EXPORTED, MAX_EXPORTED)
        return check.id("user_id", request.user_id), size, request.page_token

    return checked(read)


def delete_user(request: user_api.DeleteUserRequest) -> str:
    """The user of DeleteUser."""
    return checked(lambda check: check.id("user_id", request.user_id))


def list_bundles(request: bundle_api.ListBundlesRequest) -> tuple[int, str]:
    """The size of a page, and the version after which the page begins; empty for the first page."""

    def read(check: Check) -> tuple[int, str]:
        size = check.page_size(request.page_size, MAX_BUNDLES, DEFAULT_BUNDLES)
        before = _version_of(request.page_token)
        if request.page_token and not before:
            check.refuse("page_token", "must be the next_page_token of the page before")
        return size, before

    return checked(read)


def page_token(last: str) -> str:
    """The token of the page that begins after the version `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def activate_bundle(request: bundle_api.ActivateBundleRequest) -> tuple[str, Label, float]:
    """The version, the label, and the share of users for a canary."""

    def read(check: Check) -> tuple[str, Label, float]:
        version = _version(check, request.bundle_version)
        label, share = check.label("label", request.label), check.share("user_share", request.user_share)
        if share and label != "canary":
            check.refuse("user_share", "goes with the label canary alone")
        return version, label, share or DEFAULT_SHARE

    return checked(read)


def get_bundle_report(request: bundle_api.GetBundleReportRequest) -> str:
    """The version of the bundle."""
    return checked(lambda check: _version(check, request.bundle_version))


def rollback_bundle(request: bundle_api.RollbackBundleRequest) -> Label:
    """The label to take back."""
    return checked(lambda check: check.label("label", request.label))


def set_placements(request: placement_api.SetPlacementsRequest) -> list[Placement]:
    """The placements of SetPlacements, in the order sent."""
    return checked(lambda check: placements_of(check, request.placements))


def preview_placement(request: placement_api.PreviewPlacementRequest) -> Query:
    """The query of PreviewPlacement by its placement."""

    def read(check: Check) -> Query:
        if not request.HasField("placement"):
            check.refuse("placement", "must be set")
            return Query()
        placement = placement_of(check.below("placement."), request.placement)
        by_name = {request.query.placement: placement}
        request_id = check.request_id(request.request_id)
        return user_query(check.below("query."), request.query, request_id, Placements(by_name))

    return checked(read)


def _version(check: Check, version: str) -> str:
    if not is_version(version):
        check.refuse("bundle_version", "must be a version, such as 20261122-154250-1f3a9c")
    return version


def _version_of(token: str) -> str:
    """The version in a token that `page_token` made; empty for any other token."""
    try:
        version = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
    return version if is_version(version) else ""
