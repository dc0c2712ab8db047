"""What the load generator sends: Recommend for users of the bundle, and events for WriteEvents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from shortlist.v1.filter_pb2 import Filter
from shortlist.v1.recommendation_service_pb2 import RecommendRequest

from shortlist_bundle.histories import Histories
from shortlist_bundle.items import ItemTable

COUNT, CANDIDATES = 50, 500
"""The work that performance is stated for: the best 50 of 500 candidates."""

USERS = 1_000


def users(histories: Histories, count: int = USERS) -> list[str]:
    """Some users, always the same ones of a bundle."""
    drawn = np.random.default_rng(0).choice(len(histories.ids), min(count, len(histories.ids)), replace=False)
    return histories.ids.take(drawn)


def write_recommends(path: Path, histories: Histories, filters: Sequence[Filter] = ()) -> Path:
    """One request per user, each after its length, as ghz reads them without turning text into messages each time.

    Each has its own of the `filters`, if there are any.
    """
    with path.open("wb") as file:
        for i, user in enumerate(users(histories)):
            filter = filters[i] if filters else None
            request = RecommendRequest(user_id=user, count=COUNT, candidate_count=CANDIDATES, filter=filter)
            message = request.SerializeToString()
            file.write(_varint(len(message)) + message)
    return path


def write_events(path: Path, histories: Histories, items: ItemTable) -> Path:
    """Batches of one event, each of an id of its own, which ghz fills in."""
    drawn = np.random.default_rng(1).integers(0, len(items), USERS).tolist()
    batches = [
        {"events": [{"eventId": "{{newUUID}}", "userId": user, "itemId": items.ids[row], "eventType": 1}]}
        for user, row in zip(users(histories), drawn, strict=False)
    ]
    path.write_text(json.dumps(batches))
    return path


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
