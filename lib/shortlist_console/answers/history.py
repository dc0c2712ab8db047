"""History of a user: what the server knows that the user did, an entry for each item, the latest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist import AsyncClient, PermissionDenied, UserAttribute
from shortlist.v1.user_service_pb2 import USER_EVENT_ORIGIN_LIVE, GetUserResponse, UserEvent

from shortlist_console import words

MOST_PAGES = 10
"""Pages of a thousand events that are read."""


@dataclass
class Entry:
    """All that a user did with one item."""

    item_id: str
    actions: Counter[str] = field(default_factory=Counter)  # what was done, how often
    last: Timestamp | None = None
    is_live: bool = False  # whether the latest event was written to the running server

    @property
    def said(self) -> str:
        """Such as `bought, viewed 3 times`."""
        return ", ".join(did if times == 1 else f"{did} {times} times" for did, times in self.actions.most_common())


@dataclass(frozen=True)
class History:
    """What is known of a user."""

    known: GetUserResponse
    entries: list[Entry]
    attributes: list[tuple[UserAttribute, str]]  # and where each is known from
    is_whole: bool = True


async def history_of(client: AsyncClient, user_id: str) -> History | None:
    """The history of a user; None where the token does not allow to see it."""
    try:
        known = await client.get_user(user_id)
        events: list[UserEvent] = []
        attributes: list[tuple[UserAttribute, str]] = []
        token = ""
        for _ in range(MOST_PAGES):
            page = await client.export_user(user_id, page_token=token)
            attributes += [(each, "bundle") for each in page.user_attributes]
            attributes += [(each, "written") for each in page.live_user_attributes]
            events += page.events
            token = page.next_page_token
            if not token:
                break
    except PermissionDenied:
        return None
    return History(known, entries_of(events), attributes, is_whole=not token)


def entries_of(events: Iterable[UserEvent]) -> list[Entry]:
    """The events by item, the item with the latest event first."""
    entries: dict[str, Entry] = {}
    for event in sorted(events, key=lambda event: (event.event_time.seconds, event.event_time.nanos)):
        entry = entries.pop(event.item_id, None) or Entry(event.item_id)
        entry.actions[words.did(event.event_type)] += 1
        entry.last, entry.is_live = event.event_time, event.origin == USER_EVENT_ORIGIN_LIVE
        entries[event.item_id] = entry
    return list(reversed(entries.values()))
