"""Conditions of a filter, written as calls.

    from shortlist import Filter, conditions as c

    cheap = Filter(condition=c.all_of(c.price(at_most=20), c.available(), c.none_of(c.attribute("colour", "red"))))
    client.recommend("u1", filter=cheap)

What each means, and its limits, is said in the comments of `shortlist.v1.Condition`, which all of these return.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from shortlist.v1.filter_pb2 import (
    AgeRange,
    AttributeCondition,
    CategoryCondition,
    Condition,
    ConditionList,
    NumberCondition,
    NumberRange,
    TimeCondition,
)


def all_of(*conditions: Condition) -> Condition:
    """The item meets all of the conditions."""
    return Condition(all_of=ConditionList(conditions=conditions))


def any_of(*conditions: Condition) -> Condition:
    """The item meets at least one of the conditions."""
    return Condition(any_of=ConditionList(conditions=conditions))


def none_of(*conditions: Condition) -> Condition:
    """The item meets none of the conditions."""
    return Condition(none_of=ConditionList(conditions=conditions))


def category(*names: str) -> Condition:
    """The item belongs to one of the categories."""
    return Condition(category=CategoryCondition(any_of=names))


def attribute(key: str, *values: str) -> Condition:
    """The item has one of the values of an attribute; without values: any."""
    return Condition(attribute=AttributeCondition(key=key, any_of=values))


def number(
    key: str,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> Condition:
    """An attribute of the item is a number within the bounds."""
    return Condition(number=NumberCondition(key=key, range=_range(at_least, above, at_most, below)))


def price(
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
) -> Condition:
    """The item's price lies within the bounds."""
    return Condition(price=_range(at_least, above, at_most, below))


def time(key: str, *, since: datetime | None = None, before: datetime | None = None) -> Condition:
    """An attribute of the item is a time from `since` on, and before `before`; times without a zone are UTC."""
    return Condition(time=TimeCondition(key=key, since=_timestamp(since), before=_timestamp(before)))


def available(wanted: bool = True) -> Condition:
    """The item can be had, or with False: cannot."""
    return Condition(available=wanted)


def age(*, at_least: timedelta | None = None, at_most: timedelta | None = None) -> Condition:
    """The item came out so long ago, in whole seconds."""
    least, most = (None if each is None else each // timedelta(seconds=1) for each in (at_least, at_most))
    return Condition(age=AgeRange(at_least_seconds=least, at_most_seconds=most))


def _range(at_least: float | None, above: float | None, at_most: float | None, below: float | None) -> NumberRange:
    """The range of these bounds. Raises ValueError where one end has two."""
    if at_least is not None and above is not None:
        raise ValueError("a range begins with at_least or with above, not with both")
    if at_most is not None and below is not None:
        raise ValueError("a range ends with at_most or with below, not with both")
    given = {"at_least": at_least, "above": above, "at_most": at_most, "below": below}
    return NumberRange(**{name: bound for name, bound in given.items() if bound is not None})


def _timestamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(time if time.tzinfo else time.replace(tzinfo=UTC))
    return timestamp
