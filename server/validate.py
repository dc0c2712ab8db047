"""Requests to validated plans. Every violation is found, not only the first, and named by its path in the message.

The limits are those that the comments in `protos/shortlist/v1` promise.
"""

from __future__ import annotations

import base64
import math
import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1 import user_service_pb2 as user_api
from shortlist.v1.event_pb2 import ContextEvent
from shortlist.v1.event_pb2 import Event as EventMessage
from shortlist.v1.filter_pb2 import Filter as FilterMessage
from shortlist.v1.filter_pb2 import SeenItemsPolicy

from bundle import Label
from bundle.manifest import is_version
from core.errors import InvalidArgumentError, Violation
from core.types import DAY, SECOND, Event, EventType
from server.plans import DEFAULT_CANDIDATES, DEFAULT_COUNT, Filter, Plan

MAX_COUNT = 500
MAX_CANDIDATES = 2_000
MAX_CONTEXT_EVENTS = 500
MAX_EXCLUDED = 1_000
MAX_CATEGORIES = 100
MAX_QUERIES = 64
MAX_EVENTS = 1_000
MAX_TOKEN = 1_024
MAX_BUNDLES, DEFAULT_BUNDLES = 100, 50
MAX_EXPORTED = 1_000
DEFAULT_SHARE = 0.05

# 1 to 128 characters, none of them Cc, Zl or Zp, no white space at either end: the rule in event.proto.
_ID = re.compile(r"(?!\s)[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,128}(?<!\s)")
_ID_RULE = "must be 1 to 128 characters, none of them a control character, no white space at the ends"
_LABELS: dict[int, Label] = {0: "stable", 1: "stable", 2: "canary", 3: "shadow"}
_TYPES = {int(type): type for type in EventType}

ForUser = api.RecommendRequest | api.BatchRecommendQuery | api.StreamRecommendRequest | api.RetrieveRequest
T = TypeVar("T")


def recommend(request: api.RecommendRequest | api.StreamRecommendRequest) -> Plan:
    """The plan of Recommend, or of one message of StreamRecommend; InvalidArgumentError lists all violations."""
    return _checked(lambda check: _plan(check, request, check.request_id(request.request_id)))


def batch_recommend(request: api.BatchRecommendRequest) -> tuple[str, list[Plan]]:
    """The request's id and a plan for each query; all plans carry that id."""

    def read(check: _Check) -> tuple[str, list[Plan]]:
        request_id = check.request_id(request.request_id)
        check.length("queries", request.queries, MAX_QUERIES, least=1)
        queries = enumerate(request.queries[:MAX_QUERIES])
        return request_id, [_plan(check.below(f"queries[{i}]."), query, request_id) for i, query in queries]

    return _checked(read)


def retrieve(request: api.RetrieveRequest) -> Plan:
    """The plan of Retrieve."""
    return _checked(lambda check: _plan(check, request, check.request_id(request.request_id)))


def rank(request: api.RankRequest) -> Plan:
    """The plan of Rank: the caller's candidates without repeats, in the order of the request."""

    def read(check: _Check) -> Plan:
        return Plan(
            request_id=check.request_id(request.request_id),
            user_id=check.optional_id("user_id", request.user_id),
            context=check.context(request.context_events),
            count=len(request.item_ids),
            item_ids=tuple(dict.fromkeys(check.ids("item_ids", request.item_ids, MAX_CANDIDATES, least=1))),
            include_trace=request.include_trace,
        )

    return _checked(read)


def similar_items(request: api.SimilarItemsRequest) -> Plan:
    """The plan of SimilarItems."""

    def read(check: _Check) -> Plan:
        return Plan(
            request_id=check.request_id(request.request_id),
            item_ids=(check.id("item_id", request.item_id),),
            count=check.number("count", request.count, MAX_COUNT, DEFAULT_COUNT),
            excluded=check.ids("excluded_item_ids", request.excluded_item_ids, MAX_EXCLUDED),
            filter=check.filter(request.filter),
        )

    return _checked(read)


def write_events(request: event_api.WriteEventsRequest) -> list[Event]:
    """The events of WriteEvents, in the order sent."""

    def read(check: _Check) -> list[Event]:
        check.length("events", request.events, MAX_EVENTS, least=1)
        return [check.below(f"events[{i}].").event(event) for i, event in enumerate(request.events[:MAX_EVENTS])]

    return _checked(read)


def get_user(request: user_api.GetUserRequest) -> str:
    """The user of GetUser."""
    return _checked(lambda check: check.id("user_id", request.user_id))


def export_user(request: user_api.ExportUserRequest) -> tuple[str, int, str]:
    """The user of ExportUser, the size of the page, and the token, which is not looked into yet."""

    def read(check: _Check) -> tuple[str, int, str]:
        check.short("page_token", request.page_token)
        size = check.page_size(request.page_size, MAX_EXPORTED, MAX_EXPORTED)
        return check.id("user_id", request.user_id), size, request.page_token

    return _checked(read)


def delete_user(request: user_api.DeleteUserRequest) -> str:
    """The user of DeleteUser."""
    return _checked(lambda check: check.id("user_id", request.user_id))


def list_bundles(request: bundle_api.ListBundlesRequest) -> tuple[int, str]:
    """The size of a page, and the version after which it begins; empty for the first one."""

    def read(check: _Check) -> tuple[int, str]:
        size = check.page_size(request.page_size, MAX_BUNDLES, DEFAULT_BUNDLES)
        before = _version_of(request.page_token)
        if request.page_token and not before:
            check.refuse("page_token", "must be the next_page_token of the page before")
        return size, before

    return _checked(read)


def page_token(last: str) -> str:
    """What asks for the page after the version `last`."""
    return base64.urlsafe_b64encode(last.encode()).decode()


def activate_bundle(request: bundle_api.ActivateBundleRequest) -> tuple[str, Label, float]:
    """Version, label, and for a canary the share of users."""

    def read(check: _Check) -> tuple[str, Label, float]:
        if not is_version(request.bundle_version):
            check.refuse("bundle_version", "must be a version, such as 20261122-154250-1f3a9c")
        label, share = check.label("label", request.label), check.share("user_share", request.user_share)
        if share and label != "canary":
            check.refuse("user_share", "goes with the label canary alone")
        return request.bundle_version, label, share or DEFAULT_SHARE

    return _checked(read)


def rollback_bundle(request: bundle_api.RollbackBundleRequest) -> Label:
    """The label to take back."""
    return _checked(lambda check: check.label("label", request.label))


def _version_of(token: str) -> str:
    """What `page_token` made a token of; empty where it made none such."""
    try:
        version = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
    return version if is_version(version) else ""


def _plan(check: _Check, request: ForUser, request_id: str) -> Plan:
    """What the four messages that ask for a user's items have in common."""
    candidates = check.number("candidate_count", request.candidate_count, MAX_CANDIDATES, DEFAULT_CANDIDATES)
    if isinstance(request, api.RetrieveRequest):  # answers all candidates, and in one order
        count, diversity = candidates, 0.0
    else:
        count = check.number("count", request.count, MAX_COUNT, DEFAULT_COUNT)
        diversity = check.share("diversity", request.diversity)
    return Plan(
        request_id=request_id,
        user_id=check.optional_id("user_id", request.user_id),
        context=check.context(request.context_events),
        count=count,
        candidate_count=max(count, candidates),
        excluded=check.ids("excluded_item_ids", request.excluded_item_ids, MAX_EXCLUDED),
        filter=check.filter(request.filter),
        keep_seen=check.keep_seen(request.seen_items_policy),
        diversity=diversity,
        include_trace=request.include_trace,
    )


def _checked(read: Callable[[_Check], T]) -> T:
    check = _Check("", [], int(time.time() * SECOND))
    value = read(check)
    if check.violations:
        raise InvalidArgumentError(check.violations)
    return value


class _Check:
    """Reads fields and collects what is wrong with them; what it returns for a broken field is never used."""

    def __init__(self, prefix: str, violations: list[Violation], now: int) -> None:
        self.prefix, self.violations, self.now = prefix, violations, now

    def below(self, path: str) -> _Check:
        """The check of a message further down; its violations are collected here too."""
        return _Check(self.prefix + path, self.violations, self.now)

    def refuse(self, field: str, description: str) -> None:
        self.violations.append(Violation(self.prefix + field, description))

    def id(self, field: str, value: str) -> str:
        if not _ID.fullmatch(value):
            self.refuse(field, _ID_RULE)
        return value

    def optional_id(self, field: str, value: str) -> str:
        return self.id(field, value) if value else ""

    def request_id(self, value: str) -> str:
        return self.optional_id("request_id", value) or str(uuid.uuid4())

    def ids(self, field: str, values: Sequence[str], most: int, least: int = 0) -> tuple[str, ...]:
        self.length(field, values, most, least)
        return tuple(self.id(f"{field}[{i}]", value) for i, value in enumerate(values[:most]))

    def length(self, field: str, values: Sequence[Any], most: int, least: int = 0) -> None:
        if not least <= len(values) <= most:
            self.refuse(field, f"must hold {least} to {most:,} entries, not {len(values):,}")

    def number(self, field: str, value: int, most: int, default: int) -> int:
        if not 0 <= value <= most:
            self.refuse(field, f"must be 1 to {most:,}, or 0 for {default}, not {value}")
        return value or default

    def page_size(self, value: int, most: int, default: int) -> int:
        """More than `most` is no mistake: the caller asked for as many as there may be."""
        if value < 0:
            self.refuse("page_size", f"must be 1 to {most:,}, or 0 for {default:,}, not {value}")
        return min(value, most) or default

    def short(self, field: str, value: str) -> None:
        if len(value) > MAX_TOKEN:
            self.refuse(field, f"must have at most {MAX_TOKEN:,} characters")

    def share(self, field: str, value: float) -> float:
        if not 0 <= value <= 1:
            self.refuse(field, f"must be 0 to 1, not {value}")
        return value

    def finite(self, field: str, value: float) -> float:
        if not math.isfinite(value):
            self.refuse(field, f"must be a finite number, not {value}")
        return value

    def label(self, field: str, value: int) -> Label:
        if value not in _LABELS:
            self.refuse(field, f"{value} is no BundleLabel")
        return _LABELS.get(value, "stable")

    def keep_seen(self, value: int) -> bool:
        if value not in SeenItemsPolicy.values():
            self.refuse("seen_items_policy", f"{value} is no SeenItemsPolicy")
        return value == SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP

    def type(self, field: str, value: int) -> EventType:
        if value not in _TYPES:
            self.refuse(field, f"{value} is no EventType")
        return _TYPES.get(value, EventType.INTERACTION)

    def time(self, field: str, value: Timestamp) -> int:
        """Microseconds, cut to the microsecond below."""
        micros = value.seconds * SECOND + value.nanos // 1_000
        if not 0 <= value.nanos < 1_000_000_000 or not 0 <= micros <= self.now + DAY:
            self.refuse(field, "must be from 1970-01-01T00:00:00Z to one day from now")
        return micros

    def filter(self, message: FilterMessage) -> Filter:
        below = self.below("filter.")
        included = below.ids("included_categories", message.included_categories, MAX_CATEGORIES)
        excluded = below.ids("excluded_categories", message.excluded_categories, MAX_CATEGORIES)
        return Filter(tuple(sorted(set(included))), tuple(sorted(set(excluded))))

    def context(self, messages: Sequence[ContextEvent]) -> tuple[Event, ...]:
        self.length("context_events", messages, MAX_CONTEXT_EVENTS)
        sent = enumerate(messages[:MAX_CONTEXT_EVENTS])
        return tuple(self.below(f"context_events[{i}].").fields(event, "", "") for i, event in sent)

    def event(self, message: EventMessage) -> Event:
        self.short("attribution_token", message.attribution_token)
        return self.fields(
            message,
            self.id("event_id", message.event_id),
            self.id("user_id", message.user_id),
            self.optional_id("session_id", message.session_id),
            message.attribution_token,
        )

    def fields(
        self, message: EventMessage | ContextEvent, event_id: str, user_id: str, session_id: str = "", token: str = ""
    ) -> Event:
        """An event out of what both kinds of message have."""
        return Event(
            event_id=event_id,
            user_id=user_id,
            item_id=self.id("item_id", message.item_id),
            time=self.time("event_time", message.event_time) if message.HasField("event_time") else self.now,
            type=self.type("event_type", message.event_type),
            value=self.finite("value", message.value) if message.HasField("value") else 1.0,
            session_id=session_id,
            attribution_token=token,
        )
