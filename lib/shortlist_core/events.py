"""What users do with items: kinds of events, how much each says of what a user wants, and one event as stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

SECOND = 1_000_000
DAY = 86_400 * SECOND
"""Microseconds."""


class EventType(IntEnum):
    """What a user did with an item; the numbers are those of `shortlist.v1.EventType`."""

    INTERACTION = 0  # of unknown kind
    VIEW = 1
    CLICK = 2
    CART = 3
    PURCHASE = 4
    LIKE = 5
    DISLIKE = 6
    IMPRESSION = 7
    RATING = 8


EVENT_WEIGHTS: dict[EventType, float] = {
    EventType.INTERACTION: 1.0,
    EventType.VIEW: 1.0,
    EventType.CLICK: 1.0,
    EventType.CART: 1.5,
    EventType.PURCHASE: 2.0,
    EventType.LIKE: 2.0,
    EventType.DISLIKE: 0.0,
    EventType.IMPRESSION: 0.0,
    EventType.RATING: 1.0,
}
"""How strongly an event says that the user wants such items, for reasons, which name the strongest; 0: it does not.

What events count is told by `shortlist_core.event_weights`.
"""


ACTIONS = tuple(kind for kind in EventType if kind not in (EventType.INTERACTION, EventType.IMPRESSION))
"""What callers may give weights as actions: not an interaction of unknown kind, nor that something was shown."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one user, as callers write it and stores keep it."""

    event_id: str
    user_id: str
    item_id: str
    time: int  # microseconds since the epoch, UTC
    type: EventType = EventType.INTERACTION
    value: float = 1.0  # quantity, rating or seconds, depending on the event type
    session_id: str = ""
    attribution_token: str = ""
