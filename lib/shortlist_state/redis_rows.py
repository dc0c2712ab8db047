"""Rows of Redis: how an event and its time are written there, and read again."""

from __future__ import annotations

import json

from shortlist_core.types import Event, EventType

KINDS = "user:", "shown:"
"""Beginnings of the keys of what users did, and of what they were shown."""

TYPES = {int(type): type for type in EventType}
"""The event types that this version knows, by their number in a row."""


def kind_of(event: Event) -> str:
    """Which of the two an event is."""
    return KINDS[event.type == EventType.IMPRESSION]


def sortable(time: int) -> str:
    """An int64 as text of 16 characters that sort as the numbers do."""
    return f"{int(time) + 2**63:016x}"


def time_of(member: bytes) -> int | None:
    """The time that a member of a sorted set begins with; None for an empty one."""
    return int(member[:16], 16) - 2**63 if member else None


def to_json(event: Event) -> str:
    """The row of an event."""
    e = event
    fields = [e.event_id, e.user_id, e.item_id, int(e.time), int(e.type), float(e.value), e.session_id]
    return json.dumps([*fields, e.attribution_token], ensure_ascii=False, separators=(",", ":"))


def from_json(payload: bytes | None) -> Event | None:
    """The event of a row; None for a row that was lost, and for what only a newer version can read."""
    try:
        id, user, item, time, type, value, session, token = json.loads(payload or b"[]")[:8]
        return Event(id, user, item, time, TYPES[type], value, session, token)
    except (ValueError, TypeError, KeyError):
        return None
