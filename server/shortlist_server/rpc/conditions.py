"""Conditions of a request's filter: reads the messages, by the limits that the comments in `filter.proto` promise.

A new condition is one function here, one line in `READERS`, and its class below `system/conditions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist.v1 import filter_pb2 as api

from shortlist_bundle.item_facts import MAX_COMPARED
from shortlist_core.spans import Span
from shortlist_core.types import SECOND
from shortlist_server.rpc.checks import Check
from shortlist_server.system.conditions.attribute import HasAttribute, NumberWithin, TimeWithin
from shortlist_server.system.conditions.condition import Condition
from shortlist_server.system.conditions.excluded_categories import ExcludedCategories
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.conditions.lists import AllOf, AnyOf, ConditionList, NoneOf
from shortlist_server.system.conditions.offer import AgeWithin, Available, PriceWithin
from shortlist_server.system.filters import Filter

MAX_NAMES = 100  # of one condition
MAX_CONDITIONS, MAX_DEPTH = 100, 4
MAX_LISTS = (MAX_DEPTH - 1) * MAX_CONDITIONS  # a filter with more has empty ones among them, which are refused
MAX_AGE = 10_000_000_000  # seconds

_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799  # seconds: the years 1 to 9999, which a Timestamp can hold
_LISTS: dict[str, type[ConditionList]] = {"all_of": AllOf, "any_of": AnyOf, "none_of": NoneOf}
_EMPTY = "must hold something between its bounds"


def filter_of(check: Check, message: api.Filter) -> Filter:
    """The filter of a request. Names and lists are sorted, so that their order in the request means nothing."""
    conditions: list[Condition] = []
    if names := _names(check, "included_categories", message.included_categories):
        conditions.append(IncludedCategories(names))
    if names := _names(check, "excluded_categories", message.excluded_categories):
        conditions.append(ExcludedCategories(names))
    if message.HasField("condition"):
        conditions += [found] if (found := condition_of(check.below("condition."), message.condition)) else []
    return Filter(tuple(conditions))


def condition_of(check: Check, message: api.Condition) -> Condition | None:
    """The condition of a message; None where it breaks a rule."""
    counter = _Counter()
    condition = counter.read(check, message, 0)
    if counter.seen > MAX_CONDITIONS:
        check.refuse_whole(f"must hold at most {MAX_CONDITIONS} conditions")
    return condition


def attribute_of(check: Check, message: api.AttributeCondition) -> tuple[str, tuple[str, ...]]:
    """The key of an attribute, and the values of which it must have one, sorted; any where there are none."""
    key = check.id("key", message.key)
    check.length("any_of", message.any_of, MAX_NAMES)
    for i, value in enumerate(message.any_of[:MAX_NAMES]):
        if not 1 <= len(value) <= MAX_COMPARED:
            check.refuse(f"any_of[{i}]", f"must have 1 to {MAX_COMPARED} characters")
    return key, tuple(sorted(set(message.any_of[:MAX_NAMES])))


def moment(check: Check, field: str, time: Timestamp) -> int:
    """The time in microseconds since 1970, rounded up, so that what lies before it stays before it."""
    if not (_EARLIEST <= time.seconds <= _LATEST and 0 <= time.nanos < 1_000_000_000):
        check.refuse(field, "must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z")
    return time.seconds * SECOND + -(-time.nanos // 1_000)


class _Counter:
    """Reads a condition and those in it, and counts them. Beyond what a filter may hold it reads no further."""

    def __init__(self) -> None:
        self.seen = 0  # conditions that are no lists
        self._lists = 0

    def read(self, check: Check, message: api.Condition, above: int) -> Condition | None:
        """The condition of a message with so many lists above it; None where it breaks a rule."""
        if self.seen > MAX_CONDITIONS or self._lists > MAX_LISTS:
            return None
        kind = message.WhichOneof("condition")
        if kind is None:
            check.refuse_whole("must have one of its fields set")
            return None
        if kind not in _LISTS:
            self.seen += 1
            return READERS[kind](check.below(f"{kind}."), getattr(message, kind))
        if above >= MAX_DEPTH:
            check.refuse(kind, f"must stand in at most {MAX_DEPTH - 1} lists")
            return None
        self._lists += 1
        below, sent = check.below(f"{kind}."), getattr(message, kind).conditions
        below.length("conditions", sent, MAX_CONDITIONS, least=1)
        some = enumerate(sent[:MAX_CONDITIONS])
        read = [self.read(below.below(f"conditions[{i}]."), each, above + 1) for i, each in some]
        distinct = {condition for condition in read if condition is not None}
        return _LISTS[kind](tuple(sorted(distinct, key=repr))) if distinct else None


def _category(check: Check, message: api.CategoryCondition) -> Condition:
    return IncludedCategories(_names(check, "any_of", message.any_of, least=1))


def _attribute(check: Check, message: api.AttributeCondition) -> Condition:
    return HasAttribute(*attribute_of(check, message))


def _number(check: Check, message: api.NumberCondition) -> Condition:
    key = check.id("key", message.key)
    if not message.HasField("range"):
        check.refuse("range", "must be set")
        return NumberWithin(key, Span())
    return NumberWithin(key, _span(check.below("range."), message.range))


def _time(check: Check, message: api.TimeCondition) -> Condition:
    since = moment(check, "since", message.since) if message.HasField("since") else -math.inf
    before = moment(check, "before", message.before) if message.HasField("before") else math.inf
    span = Span(since, before, with_upper=False)
    if math.isinf(since) and math.isinf(before):
        check.refuse_whole("must have a bound, since or before")
    elif not span:
        check.refuse("before", _EMPTY)
    return TimeWithin(check.id("key", message.key), span)


def _price(check: Check, message: api.NumberRange) -> Condition:
    return PriceWithin(_span(check, message))


def _available(check: Check, wanted: bool) -> Condition:
    return Available(wanted)


def _age(check: Check, message: api.AgeRange) -> Condition:
    youngest = message.at_least_seconds if message.HasField("at_least_seconds") else -math.inf
    oldest = message.at_most_seconds if message.HasField("at_most_seconds") else math.inf
    span = Span(youngest, oldest)
    bounds = {"at_least_seconds": youngest, "at_most_seconds": oldest}
    beyond = {name: bound for name, bound in bounds.items() if math.isfinite(bound) and not 0 <= bound <= MAX_AGE}
    for name, bound in beyond.items():
        check.refuse(name, f"must be 0 to {MAX_AGE:,}, not {bound:,}")
    if span == Span():
        check.refuse_whole("must have a bound, at_least_seconds or at_most_seconds")
    elif not span and not beyond:
        check.refuse("at_most_seconds", _EMPTY)
    return AgeWithin(span)


READERS: Mapping[str, Callable[[Check, Any], Condition]] = {
    "category": _category,
    "attribute": _attribute,
    "number": _number,
    "time": _time,
    "price": _price,
    "available": _available,
    "age": _age,
}
"""What reads each kind of condition that is no list, by its field in `shortlist.v1.Condition`."""


def _names(check: Check, field: str, names: Any, least: int = 0) -> tuple[str, ...]:
    return tuple(sorted(set(check.ids(field, names, MAX_NAMES, least))))


def _span(check: Check, message: api.NumberRange) -> Span:
    """The span of a range."""
    lower, upper = message.WhichOneof("lower"), message.WhichOneof("upper")
    if lower is None and upper is None:
        check.refuse_whole("must have a bound: at_least or above, at_most or below")
        return Span()
    span = Span(
        -math.inf if lower is None else check.finite(lower, getattr(message, lower)),
        math.inf if upper is None else check.finite(upper, getattr(message, upper)),
        lower != "above",
        upper != "below",
    )
    if lower and upper and not span and math.isfinite(span.lower) and math.isfinite(span.upper):
        check.refuse(upper, _EMPTY)
    return span
