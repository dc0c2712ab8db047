"""Checks of request fields, by the rules that the comments in `protos/shortlist/v1` promise."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist.v1.action_pb2 import ActionWeight
from shortlist.v1.catalog_service_pb2 import ItemAttribute
from shortlist.v1.context_attribute_pb2 import ContextAttribute
from shortlist.v1.event_pb2 import ContextEvent
from shortlist.v1.event_pb2 import Event as EventMessage
from shortlist.v1.filter_pb2 import SeenItemsPolicy
from shortlist.v1.user_attribute_pb2 import UserAttribute
from shortlist.v1.user_service_pb2 import UserInput

from shortlist_bundle import Label
from shortlist_core.catalog import Attribute
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.events import ACTIONS
from shortlist_core.seen_items import SeenItems
from shortlist_core.types import DAY, SECOND, Event, EventType
from shortlist_core.values import (
    ID_RULE,
    is_id,
    is_time,
)

MAX_CONTEXT_EVENTS = 500
MAX_ATTRIBUTES = 20
MAX_TOKEN = 1_024
MAX_ACTION_WEIGHTS = 7
MAX_WEIGHT = 1_000

_LABELS: dict[int, Label] = {0: "stable", 1: "stable", 2: "canary", 3: "shadow"}
_POLICIES = {1: SeenItems.DROP, 2: SeenItems.KEEP, 3: SeenItems.REPEATS}
_TYPES = {int(type): type for type in EventType}
T = TypeVar("T")


def checked(read: Callable[[Check], T]) -> T:
    """The value that `read` makes of a request. Raises InvalidArgumentError with all violations that it notes."""
    check = Check("", [], int(time.time() * SECOND))
    value = read(check)
    if check.violations:
        raise InvalidArgumentError(check.violations)
    return value


class Check:
    """Reads the fields of one message and collects violations. The value returned for a broken field is never used."""

    def __init__(self, prefix: str, violations: list[Violation], now: int) -> None:
        self.prefix, self.violations, self.now = prefix, violations, now

    def below(self, path: str) -> Check:
        """The check of a nested message. Its violations are collected with those of this one."""
        return Check(self.prefix + path, self.violations, self.now)

    def refuse(self, field: str, description: str) -> None:
        """Note that a field of this message breaks its rule."""
        self.violations.append(Violation(self.prefix + field, description))

    def refuse_whole(self, description: str) -> None:
        """Note that this message as a whole breaks a rule."""
        self.violations.append(Violation(self.prefix.removesuffix("."), description))

    def id(self, field: str, value: str) -> str:
        """The value, if it follows the rule for ids."""
        if not is_id(value):
            self.refuse(field, ID_RULE)
        return value

    def optional_id(self, field: str, value: str) -> str:
        """The value, if it is empty or follows the rule for ids."""
        return self.id(field, value) if value else ""

    def request_id(self, value: str) -> str:
        """The caller's request id, or a new one where there is none."""
        return self.optional_id("request_id", value) or str(uuid.uuid4())

    def ids(self, field: str, values: Sequence[str], most: int, least: int = 0) -> tuple[str, ...]:
        """The values, if they are `least` to `most` ids."""
        self.length(field, values, most, least)
        return tuple(self.id(f"{field}[{i}]", value) for i, value in enumerate(values[:most]))

    def length(self, field: str, values: Sequence[Any], most: int, least: int = 0) -> None:
        """Check that a repeated field holds `least` to `most` entries."""
        if not least <= len(values) <= most:
            self.refuse(field, f"must hold {least} to {most:,} entries, not {len(values):,}")

    def number(self, field: str, value: int, most: int, default: int) -> int:
        """The value, if it is 1 to `most`, or the default for 0."""
        if not 0 <= value <= most:
            self.refuse(field, f"must be 1 to {most:,}, or 0 for {default}, not {value}")
        return value or default

    def page_size(self, value: int, most: int, default: int) -> int:
        """The size of a page, at most `most`; the default for 0. A larger value is allowed and means `most`."""
        if value < 0:
            self.refuse("page_size", f"must be 1 to {most:,}, or 0 for {default:,}, not {value}")
        return min(value, most) or default

    def short(self, field: str, value: str, most: int = MAX_TOKEN) -> str:
        """The text, if it has at most `most` characters."""
        if len(value) > most:
            self.refuse(field, f"must have at most {most:,} characters")
        return value

    def different(self, field: str, values: Sequence[str], part: str = "") -> None:
        """Check that each value of a repeated field, or of one `part` of its messages, occurs once."""
        first: dict[str, int] = {}
        for position, value in enumerate(values):
            if (earlier := first.setdefault(value, position)) != position:
                where = f"{field}[{position}]{part and '.'}{part}"
                self.refuse(where, f"must not be that of {field}[{earlier}] again")

    def share(self, field: str, value: float) -> float:
        """The value, if it is 0 to 1."""
        if not 0 <= value <= 1:
            self.refuse(field, f"must be 0 to 1, not {value}")
        return value

    def finite(self, field: str, value: float) -> float:
        """The value, if it is neither NaN nor infinite."""
        if not math.isfinite(value):
            self.refuse(field, f"must be a finite number, not {value}")
        return value

    def label(self, field: str, value: int) -> Label:
        """The label of the enum's value; stable where none is given."""
        if value not in _LABELS:
            self.refuse(field, f"{value} is no BundleLabel")
        return _LABELS.get(value, "stable")

    def seen_items(self, value: int) -> SeenItems | None:
        """The policy of the enum's value; None where none is given."""
        if value not in SeenItemsPolicy.values():
            self.refuse("seen_items_policy", f"{value} is no SeenItemsPolicy")
        return _POLICIES.get(value)

    def type(self, field: str, value: int) -> EventType:
        """The event type of the enum's value, if there is one."""
        if value not in _TYPES:
            self.refuse(field, f"{value} is no EventType")
        return _TYPES.get(value, EventType.INTERACTION)

    def time(self, field: str, value: Timestamp) -> int:
        """The time in microseconds since 1970, rounded down, if it is no more than a day from now."""
        micros = value.seconds * SECOND + value.nanos // 1_000
        if micros > self.now + DAY:  # of two clocks one is wrong, so the refusal tells this one
            clock = datetime.fromtimestamp(self.now // SECOND, UTC).isoformat().replace("+00:00", "Z")
            self.refuse(field, f"must be at most one day from now; this server's clock says {clock}")
        elif not 0 <= value.nanos < 1_000_000_000 or not is_time(micros, self.now):
            self.refuse(field, "must be from 1970-01-01T00:00:00Z to one day from now")
        return micros

    def context(self, messages: Sequence[ContextEvent]) -> tuple[Event, ...]:
        """The context events of a request, without ids of event and user, as they are not stored."""
        self.length("context_events", messages, MAX_CONTEXT_EVENTS)
        sent = enumerate(messages[:MAX_CONTEXT_EVENTS])
        return tuple(self.below(f"context_events[{i}].").fields(event, "", "") for i, event in sent)

    def attributes(self, messages: Sequence[UserAttribute]) -> tuple[Attribute, ...]:
        """Keys and values of the user's attributes."""
        return self.pairs("user_attributes", messages, MAX_ATTRIBUTES, Check.id)

    def context_attributes(self, messages: Sequence[ContextAttribute]) -> tuple[Attribute, ...]:
        """Keys and values of the moment of the request."""
        return self.pairs("context_attributes", messages, MAX_ATTRIBUTES, Check.id)

    def action_weights(self, messages: Sequence[ActionWeight]) -> tuple[tuple[EventType, float], ...]:
        """Each action with its weight, in the order of the actions, as their order in the request means nothing."""
        field = "action_weights"
        self.length(field, messages, MAX_ACTION_WEIGHTS)
        sent = messages[:MAX_ACTION_WEIGHTS]
        self.different(field, [str(message.action) for message in sent], "action")
        return tuple(sorted(self.below(f"{field}[{i}].").action_weight(message) for i, message in enumerate(sent)))

    def action_weight(self, message: ActionWeight) -> tuple[EventType, float]:
        """One action with its weight."""
        action = self.type("action", message.action)
        if message.action in _TYPES and action not in ACTIONS:
            self.refuse("action", "must be what a user does with an item, which UNSPECIFIED and IMPRESSION are not")
        if not abs(message.weight) <= MAX_WEIGHT:
            self.refuse("weight", f"must be -{MAX_WEIGHT:,} to {MAX_WEIGHT:,}, not {message.weight}")
        return action, message.weight

    def user(self, message: UserInput) -> tuple[str, tuple[Attribute, ...]]:
        """A user to write, with the attributes without repeated ones."""
        attributes = self.attributes(message.user_attributes)
        return self.id("user_id", message.user_id), tuple(dict.fromkeys(attributes))

    def pairs(
        self,
        field: str,
        messages: Sequence[UserAttribute | ItemAttribute | ContextAttribute],
        most: int,
        value: Callable[[Check, str, str], str],
    ) -> tuple[Attribute, ...]:
        """Keys and values of at most `most` attributes, whose values `value` checks."""
        self.length(field, messages, most)
        sent = [(self.below(f"{field}[{i}]."), message) for i, message in enumerate(messages[:most])]
        return tuple((check.id("key", message.key), value(check, "value", message.value)) for check, message in sent)

    def event(self, message: EventMessage) -> Event:
        """An event to write."""
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
        """An event of the fields that both kinds of message have."""
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
