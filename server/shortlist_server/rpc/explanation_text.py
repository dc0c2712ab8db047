"""Reasons in words for the person who gets the recommendation."""

from __future__ import annotations

import re
import unicodedata

from shortlist.v1.recommendation_pb2 import ReasonKind

from shortlist_core.types import EventType

MAX_TITLE = 120
"""Characters of a title that are quoted; with the longest sentence around it a reason stays below 256."""

PLACES = ("country", "region", "state", "city")
"""Attributes whose values are where somebody is: "popular in" can be said of them."""

_DONE: dict[int, str] = {
    EventType.VIEW: "viewed",
    EventType.CLICK: "looked at",
    EventType.CART: "picked",
    EventType.PURCHASE: "bought",
    EventType.LIKE: "liked",
    EventType.RATING: "rated",
}
_CHOSEN = "chose"  # for an event of no stated kind

# What is said of a source that names an item of the history; of those not listed, `_TOGETHER`.
_FOLLOWING = {
    "transitions": "Because you {done} {title}: often chosen next.",
    "text": "Similar to {title}, which you {done}.",
    "two_tower": "Similar to {title}, which you {done}.",
    "similar_users": "Because you {done} {title}: others who did chose this too.",
    "fresh": "New, and similar to {title}, which you {done}.",
}
_TOGETHER = "Because you {done} {title}: often chosen together."
# What is said of a source by itself; of those not listed, `_TASTE`.
_ALONE = {
    "text": "New and close to your taste.",
    "similar_users": "People with a taste like yours chose this.",
    "fresh": "New in the catalogue.",
    "demographic": "Popular with people like you.",
}
_TASTE = "It fits what you chose before."

_POPULAR = re.compile(r"popular(?:_(\d+)([dh]))?")  # `popular`, `popular_14d`, `popular_6h`
_UNITS = {"d": "day", "h": "hour"}


def kind(source: str, anchored: bool) -> ReasonKind.ValueType:
    """What kind of reason it is: that of a source, and whether it starts from a history item."""
    if not source:
        return ReasonKind.REASON_KIND_UNSPECIFIED
    if anchored:
        return ReasonKind.REASON_KIND_HISTORY_ITEM
    if source == "demographic" or _POPULAR.fullmatch(source):
        return ReasonKind.REASON_KIND_POPULAR
    return ReasonKind.REASON_KIND_NEW if source in ("text", "fresh") else ReasonKind.REASON_KIND_TASTE


def text(source: str, title: str | None, done: int, shared: tuple[str, str] | None = None) -> str:
    """One sentence of at most 256 characters; `title` is that of the reason's anchor, if it has one, `done` the
    EventType of what was done with it, `shared` is the attribute (key, value) of its group.
    """
    if title is not None and (quoted := _quoted(title)):
        sentence = _FOLLOWING.get(source, _TOGETHER)
        return sentence.format(done=_DONE.get(done, _CHOSEN), title=quoted)
    if popular := _POPULAR.fullmatch(source):
        return _popular(*popular.groups())
    if source == "demographic" and shared:
        return _popular_with(*shared)
    return _ALONE.get(source, _TASTE) if source else ""


def _popular(length: str | None, unit: str | None) -> str:
    if length is None or unit is None:
        return "Popular with many."
    plural = "" if length == "1" else "s"
    return f"Popular in the last {'' if length == '1' else length + ' '}{_UNITS[unit]}{plural}."


def _popular_with(key: str, value: str) -> str:
    """Other values than places are not repeated to the person: what they are is known, and may be private."""
    if key.lower() in PLACES:
        return f"Popular in {_quoted(value)}."
    return f"Popular with people of the same {_quoted(key)}."


def _quoted(title: str) -> str:
    """A title on one line and not too long."""
    if not title.isprintable():
        title = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in title)
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"
