"""A request of every method that reads or writes, of users and items that the fakes have."""

from __future__ import annotations

import server_fakes as fakes
from google.protobuf.message import Message
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import catalog_service_pb2 as catalog_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.event_pb2 import Event
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.rule_pb2 import Pin, Rule

RECOMMEND = api.RecommendRequest(user_id="ann", count=fakes.ITEMS)
RANK = api.RankRequest(user_id="ann", item_ids=[f"i{i}" for i in range(fakes.ITEMS)])
READS: dict[str, Message] = {
    "RecommendationService/Recommend": RECOMMEND,
    "RecommendationService/BatchRecommend": api.BatchRecommendRequest(
        queries=[api.BatchRecommendQuery(user_id=user, count=fakes.ITEMS) for user in ("ann", "bob")]
    ),
    "RecommendationService/StreamRecommend": api.StreamRecommendRequest(user_id="ann", count=fakes.ITEMS),
    "RecommendationService/Retrieve": api.RetrieveRequest(user_id="ann", candidate_count=fakes.ITEMS),
    "RecommendationService/Rank": RANK,
    "RecommendationService/SimilarItems": api.SimilarItemsRequest(item_id="i20", count=fakes.ITEMS),
    "CatalogService/GetItem": catalog_api.GetItemRequest(item_id="i30"),
    "CatalogService/ListItems": catalog_api.ListItemsRequest(page_size=100),
    "UserService/GetUser": user_api.GetUserRequest(user_id="ann"),
    "UserService/ExportUser": user_api.ExportUserRequest(user_id="ann"),
}
OF_BUNDLES: dict[str, Message] = {
    "BundleService/ListBundles": bundle_api.ListBundlesRequest(),
    "BundleService/GetServingBundle": bundle_api.GetServingBundleRequest(),
}
PLACEMENT = placement_api.PreviewPlacementRequest(
    placement=Placement(name="home", rules=[Rule(name="top", pin=Pin(item_ids=["i3"]))]),
    query=api.BatchRecommendQuery(user_id="ann", count=fakes.ITEMS),
)
OF_PLACEMENTS: dict[str, Message] = {
    "PlacementService/ListPlacements": placement_api.ListPlacementsRequest(),
    "PlacementService/PreviewPlacement": PLACEMENT,
}
ITEM = catalog_api.ItemInput(item_id="i30", title="Acme's own words", categories=["secret"], price=7)
EVENTS = event_api.WriteEventsRequest(events=[Event(event_id="e1", user_id="ann", item_id="i39")])
UPSERT = catalog_api.UpsertItemsRequest(items=[ITEM, catalog_api.ItemInput(item_id="new", title="New")])
DELETE = catalog_api.DeleteItemsRequest(item_ids=["i21"])
DESCRIBE = user_api.UpsertUsersRequest(users=[user_api.UserInput(user_id="ann")])
ERASE = user_api.DeleteUserRequest(user_id="bob")
WRITES: dict[str, Message] = {
    "EventService/WriteEvents": EVENTS,
    "CatalogService/UpsertItems": UPSERT,
    "CatalogService/DeleteItems": DELETE,
    "UserService/UpsertUsers": DESCRIBE,
    "UserService/DeleteUser": ERASE,
}
CHANGES = {
    "BundleService/ActivateBundle",
    "BundleService/RollbackBundle",
    "BundleService/GetBundleReport",
    "PlacementService/SetPlacements",
}
