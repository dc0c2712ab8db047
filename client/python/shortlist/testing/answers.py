"""What the fake server answers where the test sets nothing: a made-up shop of five items, known to one bundle."""

from __future__ import annotations

import uuid
from collections.abc import Container, Iterable

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from shortlist.errors import NotFound
from shortlist.requests import HealthStatus
from shortlist.v1 import bundle_service_pb2 as bundles
from shortlist.v1 import catalog_service_pb2 as catalog
from shortlist.v1 import event_service_pb2 as events
from shortlist.v1 import placement_service_pb2 as placements
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as users

BUNDLE_VERSION = "20261122-154250-1f3a9c"
"""The bundle that every answer comes from, unless the answer that a test sets says another."""
PLACEMENT_VERSION = "5f3c9a0d7be1"
"""The version of placements that are set."""
SERVICES = [
    service
    for module in (api, events, catalog, users, bundles, placements)
    for service in module.DESCRIPTOR.services_by_name.values()
]
TITLES = {"i1": "Kettle", "i2": "Teapot", "i3": "Sencha", "i4": "Mug", "i5": "Honey"}
HYDRATE, RETRIEVE, FILTER, RANK, SELECT = (stage for stage in parts.Stage.values() if stage)


def complete(request: object, answer: Message) -> None:
    """Fills in what the server says in every answer: `request_id`, `bundle_version` and `attribution_token`."""
    request_id = getattr(request, "request_id", "") or uuid.uuid4().hex
    _default(answer, "request_id", request_id)
    if isinstance(answer, api.StreamRecommendResponse) and answer.HasField("error"):
        return
    _default(answer, "bundle_version", BUNDLE_VERSION)
    _default(answer, "attribution_token", f"{request_id}-0")
    if isinstance(answer, api.StreamRecommendResponse):
        _default(answer.recommendation, "attribution_token", f"{request_id}-0")
    if isinstance(answer, api.BatchRecommendResponse):
        for position, recommendation in enumerate(answer.recommendations):
            _default(recommendation, "attribution_token", f"{request_id}-{position}")


def _default(message: Message, field: str, value: str) -> None:
    if field in message.DESCRIPTOR.fields_by_name and not getattr(message, field):
        setattr(message, field, value)


def recommend(request: api.RecommendRequest) -> api.RecommendResponse:
    """The items of the shop but the excluded ones, at most `count`; filters are not looked at, here and below."""
    answer = _recommendation(request)
    return api.RecommendResponse(items=answer.items, trace=answer.trace)


def batch_recommend(request: api.BatchRecommendRequest) -> api.BatchRecommendResponse:
    """As `recommend`, for each query."""
    return api.BatchRecommendResponse(recommendations=map(_recommendation, request.queries))


def stream_recommend(request: api.StreamRecommendRequest) -> api.StreamRecommendResponse:
    """As `recommend`."""
    return api.StreamRecommendResponse(recommendation=_recommendation(request))


def retrieve(request: api.RetrieveRequest) -> api.RetrieveResponse:
    """As `recommend`, at most `candidate_count`."""
    items = _scored(_shop(request.excluded_item_ids, request.candidate_count or 400))
    trace = _trace(request.include_trace, len(items), HYDRATE, RETRIEVE, FILTER, SELECT)
    return api.RetrieveResponse(items=items, trace=trace)


def rank(request: api.RankRequest) -> api.RankResponse:
    """All candidates, in the order of the request; none is unknown."""
    items = _scored(dict.fromkeys(request.item_ids))
    return api.RankResponse(
        items=items, trace=_trace(request.include_trace, len(items), HYDRATE, RETRIEVE, RANK, SELECT)
    )


def similar_items(request: api.SimilarItemsRequest) -> api.SimilarItemsResponse:
    """As `recommend`, without the item itself."""
    return api.SimilarItemsResponse(
        items=_scored(_shop([request.item_id, *request.excluded_item_ids], request.count or 20))
    )


def write_events(request: events.WriteEventsRequest) -> events.WriteEventsResponse:
    """All are new."""
    return events.WriteEventsResponse(accepted_count=len(request.events))


def upsert_items(request: catalog.UpsertItemsRequest) -> catalog.UpsertItemsResponse:
    """All are new."""
    return catalog.UpsertItemsResponse(created_count=len(request.items), revision=1)


def delete_items(request: catalog.DeleteItemsRequest) -> catalog.DeleteItemsResponse:
    """All were there."""
    return catalog.DeleteItemsResponse(deleted_count=len(request.item_ids), revision=1)


def get_item(request: catalog.GetItemRequest) -> catalog.GetItemResponse:
    """The item that is asked for, whichever it is."""
    return catalog.GetItemResponse(item=_item(request.item_id))


def list_items(request: catalog.ListItemsRequest) -> catalog.ListItemsResponse:
    """The items of the shop, by pages."""
    begin = int(request.page_token or 0)
    end = begin + (request.page_size or len(TITLES))
    token = str(end) if end < len(TITLES) else ""
    return catalog.ListItemsResponse(items=map(_item, list(TITLES)[begin:end]), next_page_token=token)


def upsert_users(request: users.UpsertUsersRequest) -> users.UpsertUsersResponse:
    """All are written."""
    return users.UpsertUsersResponse(written_user_count=len(request.users))


def get_user(request: users.GetUserRequest) -> users.GetUserResponse:
    """Nothing is known of anybody."""
    return users.GetUserResponse(user_id=request.user_id)


def export_user(request: users.ExportUserRequest) -> users.ExportUserResponse:
    """Nobody has events."""
    return users.ExportUserResponse()


def delete_user(request: users.DeleteUserRequest) -> users.DeleteUserResponse:
    """Forgotten, without events."""
    return users.DeleteUserResponse(user_id=request.user_id)


def list_bundles(request: bundles.ListBundlesRequest) -> bundles.ListBundlesResponse:
    """The one bundle, which is stable."""
    published = Timestamp(seconds=1_795_362_170)
    bundle = bundles.Bundle(bundle_version=BUNDLE_VERSION, create_time=published, data_end_time=published, size_bytes=1)
    bundle.labels.append(bundles.BUNDLE_LABEL_STABLE)
    return bundles.ListBundlesResponse(bundles=[bundle])


def get_serving_bundle(request: bundles.GetServingBundleRequest) -> bundles.GetServingBundleResponse:
    """The one bundle."""
    return bundles.GetServingBundleResponse(serving=bundles.ServingState(stable_bundle_version=BUNDLE_VERSION))


def get_bundle_report(request: bundles.GetBundleReportRequest) -> bundles.GetBundleReportResponse:
    """A page without content."""
    return bundles.GetBundleReportResponse(html="<!doctype html><html lang='en'><title>Report</title></html>")


def activate_bundle(request: bundles.ActivateBundleRequest) -> bundles.ActivateBundleResponse:
    """The bundle that is asked for has the label, whichever it is; stays so for this answer alone."""
    serving, version = bundles.ServingState(stable_bundle_version=BUNDLE_VERSION), request.bundle_version
    if request.label == bundles.BUNDLE_LABEL_CANARY:
        serving.canary.bundle_version, serving.canary.user_share = version, request.user_share or 0.05
    elif request.label == bundles.BUNDLE_LABEL_SHADOW:
        serving.shadow.bundle_version = version
    else:
        serving.stable_bundle_version, serving.previous_bundle_version = version, BUNDLE_VERSION
    return bundles.ActivateBundleResponse(serving=serving)


def rollback_bundle(request: bundles.RollbackBundleRequest) -> bundles.RollbackBundleResponse:
    """The one bundle, without canary and shadow."""
    return bundles.RollbackBundleResponse(serving=bundles.ServingState(stable_bundle_version=BUNDLE_VERSION))


def list_placements(request: placements.ListPlacementsRequest) -> placements.ListPlacementsResponse:
    """There are none."""
    return placements.ListPlacementsResponse()


def set_placements(request: placements.SetPlacementsRequest) -> placements.SetPlacementsResponse:
    """They are set, for this answer alone."""
    return placements.SetPlacementsResponse(version=PLACEMENT_VERSION)


def preview_placement(request: placements.PreviewPlacementRequest) -> placements.PreviewPlacementResponse:
    """As a query of a batch is answered."""
    return placements.PreviewPlacementResponse(recommendation=_recommendation(request.query))


def health(service: str) -> HealthStatus:
    """SERVING, for the server and each of its services."""
    if service and service not in {each.full_name for each in SERVICES}:
        message, metadata = f"there is no service {service!r}", {"service": service}
        raise NotFound(grpc.StatusCode.NOT_FOUND, message, reason="SERVICE_NOT_FOUND", metadata=metadata)
    return HealthStatus.SERVING


def _recommendation(
    query: api.RecommendRequest | api.BatchRecommendQuery | api.StreamRecommendRequest,
) -> parts.Recommendation:
    reason = parts.Reason(kind=parts.REASON_KIND_POPULAR, text="Popular right now", source="popular", share=1)
    scored = _scored(_shop(query.excluded_item_ids, query.count or 20))
    items = [
        parts.RecommendedItem(
            item_id=each.item_id, title=each.title, score=each.score, sources=each.sources, reason=reason
        )
        for each in scored
    ]
    trace = _trace(query.include_trace, len(items), HYDRATE, RETRIEVE, FILTER, RANK, SELECT)
    return parts.Recommendation(items=items, trace=trace)


def _shop(excluded: Container[str], count: int) -> list[str]:
    return [item_id for item_id in TITLES if item_id not in excluded][:count]


def _scored(item_ids: Iterable[str]) -> list[parts.ScoredItem]:
    """Scores of 1/2, 1/3, 1/4, ..."""
    return [
        parts.ScoredItem(
            item_id=item_id,
            title=TITLES.get(item_id, item_id),
            score=1 / (1 + rank),
            sources=[parts.SourceHit(name="popular", rank=rank, score=1 / rank)],
        )
        for rank, item_id in enumerate(item_ids, start=1)
    ]


def _trace(wanted: bool, count: int, *stages: parts.Stage.ValueType) -> list[parts.StageTrace]:
    """Stages that drop nothing."""
    return [parts.StageTrace(stage=each, entered_count=count, left_count=count) for each in stages if wanted]


def _item(item_id: str) -> catalog.Item:
    return catalog.Item(item_id=item_id, title=TITLES.get(item_id, item_id), origin=catalog.ITEM_ORIGIN_BUNDLE)
