"""The newest events of a user, where impressions take no place from what the user did."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_core.types import Event, EventType


def newest(events: Sequence[Event], limit: int) -> list[Event]:
    """The newest `limit` events, and of those that are no impressions `limit` in any case; both oldest first.

    A server that counts impressions writes many of them for each thing that a user does.
    """
    beyond = max(len(events) - limit, 0)
    older = [event for event in events[:beyond] if event.type != EventType.IMPRESSION]
    found = sum(event.type != EventType.IMPRESSION for event in events[beyond:])
    return [*older[max(len(older) - (limit - found), 0) :], *events[beyond:]]
