"""Words of the API for people: actions, stages, reasons and flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from shortlist import EventType, SeenItemsPolicy
from shortlist.v1 import recommendation_pb2 as parts

ACTIONS = {
    "view": "viewed",
    "click": "clicked",
    "cart": "put into the cart",
    "purchase": "bought",
    "like": "liked",
    "dislike": "disliked",
    "impression": "was shown",
    "rating": "rated",
    "": "took",
}
"""By the name of the action: what the user did."""

SOURCES: Mapping[str, str] = {
    "two_tower": "near the user in the space of the two-tower model",
    "sequence": "next, by the model of order",
    "item_item": "goes with what the user took",
    "item_item_recent": "goes with what the user took lately",
    "cosine": "is taken by the same users as the user's items",
    "transitions": "follows what the user did last",
    "similar_users": "taken by users of similar taste",
    "als": "suits the user's taste on the whole",
    "text": "reads like the user's items",
    "likeness": "its vector is like those of the user's items",
    "context": "popular in such moments",
    "hours": "popular at this time of the day or the week",
    "newcomers": "popular with users on their first day",
    "demographic": "popular with users who share an attribute",
}
"""What the sources of a bundle say by proposing an item."""

STAGES: Mapping[int, tuple[str, str]] = {
    parts.STAGE_HYDRATE: ("Hydrate", "events of the user that are known"),
    parts.STAGE_RETRIEVE: ("Retrieve", "items that the sources propose out of the catalogue"),
    parts.STAGE_FILTER: ("Filter", "those that request and history allow"),
    parts.STAGE_RANK: ("Rank", "those that the model scores"),
    parts.STAGE_SELECT: ("Select", "those that are answered"),
}

DROPS: Mapping[int, str] = {
    parts.DROP_REASON_SEEN: "seen before",
    parts.DROP_REASON_EXCLUDED: "excluded by the request",
    parts.DROP_REASON_FILTERED: "ruled out by the filter",
    parts.DROP_REASON_DELETED: "deleted from the catalogue",
    parts.DROP_REASON_DUPLICATE: "proposed several times",
    parts.DROP_REASON_BELOW_CUT: "scored less, or kept out by a rule",
    parts.DROP_REASON_UNKNOWN: "not known",
}

DEGRADED: Mapping[int, str] = {
    parts.DEGRADATION_RANKER_SKIPPED: "The ranker did not run: items stand in the order of retrieval.",
    parts.DEGRADATION_RANKER_LATE: "There was no time for the ranker: items stand in the order of retrieval.",
    parts.DEGRADATION_SOURCE_FAILED: "At least one source failed or ran late.",
    parts.DEGRADATION_STATE_UNAVAILABLE: "The store of live users cannot be read: live events are missing.",
    parts.DEGRADATION_POPULAR_FALLBACK: "Retrieval came back empty: these are the popular items.",
    parts.DEGRADATION_RULES_SKIPPED: "Variety and rules failed: items stand by score alone.",
}

OUTCOMES: Mapping[int, str] = {
    parts.RULE_OUTCOME_KEPT: "kept",
    parts.RULE_OUTCOME_NOT_NOW: "does not hold at this time",
    parts.RULE_OUTCOME_NOT_FOR_THIS_REQUEST: "does not hold for this request",
    parts.RULE_OUTCOME_YIELDED: "yielded to",
    parts.RULE_OUTCOME_TOO_FEW_ITEMS: "not kept as a whole: there were too few items for it",
}

SEEN_POLICIES = {
    "drop": SeenItemsPolicy.SEEN_ITEMS_POLICY_DROP,
    "keep": SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP,
    "repeats": SeenItemsPolicy.SEEN_ITEMS_POLICY_REPEATS,
}


def action_name(number: int) -> str:
    """The short name of an action, such as `purchase`; empty for one of no stated kind or a newer version's."""
    name = EventType.Name(number) if number in EventType.values() else ""  # type: ignore[arg-type]
    return name.removeprefix("EVENT_TYPE_").lower().replace("unspecified", "")


def did(number: int) -> str:
    """What the user did, such as `bought`."""
    return ACTIONS.get(action_name(number), "took")


def source(name: str) -> str:
    """What a source says by proposing an item; empty for one that this console does not know."""
    return "popular" if name.startswith("popular") else SOURCES.get(name, "")


def drop(number: int) -> str:
    """Why a stage let items go."""
    return DROPS.get(number, "for a reason that this console does not know")


def degraded(number: int) -> str:
    """In which way an answer is less than it should be."""
    return DEGRADED.get(number, "The answer is degraded in a way that this console does not know.")


def moment(time: Timestamp | None) -> str:
    """A time to the minute, in UTC; a dash where there is none."""
    if time is None or not (time.seconds or time.nanos):
        return "–"
    try:
        return datetime.fromtimestamp(time.seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "–"
