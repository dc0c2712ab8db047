"""Python client of Shortlist, the two-stage recommender over gRPC.

    from shortlist import Client

    with Client("127.0.0.1:50051") as client:
        for item in client.recommend("u1", count=10).items:
            print(item.item_id, item.score, item.reason.text)

`AsyncClient` is the same for asyncio. Answers are the messages of the API, `shortlist.v1`; what the limits are is said
there, in the comment of each field.
"""

from importlib.metadata import version

from shortlist import conditions
from shortlist.aio import AsyncClient
from shortlist.client import Client
from shortlist.errors import (
    DeadlineExceeded,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ShortlistError,
    Unauthenticated,
    Unavailable,
)
from shortlist.options import Options, Tls
from shortlist.requests import HealthStatus
from shortlist.v1.action_pb2 import ActionProbability, ActionWeight
from shortlist.v1.bundle_service_pb2 import BundleLabel
from shortlist.v1.catalog_service_pb2 import Item, ItemAttribute, ItemInput
from shortlist.v1.context_attribute_pb2 import ContextAttribute
from shortlist.v1.event_pb2 import ContextEvent, Event, EventType
from shortlist.v1.filter_pb2 import Condition, Filter, SeenItemsPolicy
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.recommendation_service_pb2 import BatchRecommendQuery, StreamRecommendRequest
from shortlist.v1.user_attribute_pb2 import UserAttribute
from shortlist.v1.user_service_pb2 import UserInput

__all__ = [
    "ActionProbability",
    "ActionWeight",
    "AsyncClient",
    "BatchRecommendQuery",
    "BundleLabel",
    "Client",
    "Condition",
    "ContextAttribute",
    "ContextEvent",
    "DeadlineExceeded",
    "Event",
    "EventType",
    "FieldViolation",
    "Filter",
    "HealthStatus",
    "InvalidArgument",
    "Item",
    "ItemAttribute",
    "ItemInput",
    "NotFound",
    "Options",
    "PermissionDenied",
    "Placement",
    "ResourceExhausted",
    "SeenItemsPolicy",
    "ShortlistError",
    "StreamRecommendRequest",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "UserAttribute",
    "UserInput",
    "conditions",
]

__version__ = version("shortlist")
