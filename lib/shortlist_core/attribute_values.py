"""Values of attributes: an attribute's value as the parts of a list, as a number and as a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from shortlist_core.catalog import Attribute

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def split(attributes: Sequence[Attribute]) -> list[Attribute]:
    """The attributes, those that hold a list (parts between | or line ends) as one for each of its parts."""
    parts: list[Attribute] = []
    for key, value in attributes:
        lines = value.replace("|", "\n").split("\n") if "|" in value or "\n" in value else [value]
        parts += [(key, part.strip()) for part in lines if part.strip()]
    return parts


def number_in(value: str) -> float | None:
    """The finite number that a value is; None for other text."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def time_in(value: str) -> datetime | None:
    """The time that a value in ISO 8601 is, in UTC where it names no zone; None for other text."""
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def micros_of(time: datetime) -> int:
    """A time in microseconds since 1970, below 0 for earlier ones."""
    return (time - _EPOCH) // _MICROSECOND
