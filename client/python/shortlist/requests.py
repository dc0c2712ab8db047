"""What both clients share of making a request: the options of each method by type, event ids, the health check."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from enum import IntEnum
from typing import TypedDict

from google.protobuf import wrappers_pb2

from shortlist.v1.action_pb2 import ActionWeight
from shortlist.v1.context_attribute_pb2 import ContextAttribute
from shortlist.v1.event_pb2 import ContextEvent, Event
from shortlist.v1.event_service_pb2 import WriteEventsRequest
from shortlist.v1.filter_pb2 import Filter, SeenItemsPolicy
from shortlist.v1.user_attribute_pb2 import UserAttribute


class SimilarItemsOptions(TypedDict, total=False):
    """What `similar_items` takes beside the item and the count; named and limited as in SimilarItemsRequest."""

    request_id: str
    excluded_item_ids: Iterable[str]
    filter: Filter | None


class UserOptions(TypedDict, total=False):
    """What every method for a user takes."""

    request_id: str
    context_events: Iterable[ContextEvent]
    user_attributes: Iterable[UserAttribute]
    context_attributes: Iterable[ContextAttribute]
    include_trace: bool


class ActionOptions(TypedDict, total=False):
    """What the methods that rank take about actions."""

    action_weights: Iterable[ActionWeight]
    include_action_probabilities: bool


class RankOptions(UserOptions, ActionOptions, total=False):
    """What `rank` takes beside user and items; named and limited as in RankRequest."""

    filter: Filter | None


class RetrieveOptions(SimilarItemsOptions, UserOptions, total=False):
    """What `retrieve` takes beside user and count; named and limited as in RetrieveRequest."""

    seen_items_policy: SeenItemsPolicy.ValueType


class RecommendOptions(RetrieveOptions, ActionOptions, total=False):
    """What `recommend` takes beside user and count; named and limited as in RecommendRequest."""

    candidate_count: int
    diversity: float
    bundle_version: str
    placement: str
    page_token: str


def write_events(events: Iterable[Event]) -> WriteEventsRequest:
    """The request that writes `events`, after giving each that has no id a new one, in place.

    The ids are fixed before the first attempt, so that neither gRPC's retries nor a caller who passes the same events
    again after an error writes anything twice.
    """
    events = list(events)
    for event in events:
        if not event.event_id:
            event.event_id = str(uuid.uuid4())
    return WriteEventsRequest(events=events)


class HealthStatus(IntEnum):
    """What grpc.health.v1 says of a service."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


HEALTH_CHECK = "/grpc.health.v1.Health/Check"


def health_request(service: str) -> bytes:
    """A HealthCheckRequest: one string, number 1, and so a StringValue on the wire; no further stubs are needed."""
    return wrappers_pb2.StringValue(value=service).SerializeToString()


def health_response(data: bytes) -> HealthStatus:
    """The status in a HealthCheckResponse, whose one enum, number 1, is an Int32Value on the wire."""
    return HealthStatus(wrappers_pb2.Int32Value.FromString(data).value)
