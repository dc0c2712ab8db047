"""Lines of a form: pairs, weights and events, one a line, and what is wrong with those that are none."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from shortlist import ActionWeight, ContextEvent, EventType

T = TypeVar("T")

ACTIONS = ("view", "click", "cart", "purchase", "like", "dislike", "rating")
"""Actions that may be tried or weighed, as a person types them."""


class MistakeError(ValueError):
    """What was typed is not what the field takes; the message says so to the person who typed it."""


def lines(text: str, read: Callable[[str], T]) -> list[T]:
    """What each line that is not blank says. Raises MistakeError for the first that says nothing."""
    return [read(line.strip()) for line in text.splitlines() if line.strip()]


def pair(line: str) -> tuple[str, str]:
    """The key and the value of `key=value`."""
    key, equals, value = line.partition("=")
    if not (equals and key.strip() and value.strip()):
        raise MistakeError(f"takes lines such as country=France, not {line!r}")
    return key.strip(), value.strip()


def weight(line: str) -> ActionWeight:
    """The weight of `purchase=1`."""
    name, value = pair(line)
    return ActionWeight(action=_action(name), weight=number(value))


def event(line: str) -> ContextEvent:
    """The event of `purchase i000123`."""
    name, _, item_id = line.partition(" ")
    if not item_id.strip():
        raise MistakeError(f"takes lines such as: purchase ITEM, not {line!r}")
    return ContextEvent(item_id=item_id.strip(), event_type=_action(name))


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text.strip())
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise MistakeError(f"takes a number, not {text!r}")
    return value


def whole(text: str) -> int:
    """A whole number that a field of 32 bits holds."""
    value = number(text)
    if value != int(value) or abs(value) >= 2**31:
        raise MistakeError(f"takes a whole number, not {text!r}")
    return int(value)


def _action(name: str) -> EventType.ValueType:
    if name.lower() not in ACTIONS:
        raise MistakeError(f"knows the actions {', '.join(ACTIONS)}, not {name!r}")
    return EventType.Value(f"EVENT_TYPE_{name.upper()}")
