"""Reasons in words for the person who gets the recommendation."""

from __future__ import annotations

import unicodedata

from shortlist.v1 import recommendation_pb2 as api

from shortlist_core.explanations import Explanation, ReasonKind
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


def kind(said: Explanation, anchored: bool) -> api.ReasonKind.ValueType:
    """The kind of a reason by what its source says; `anchored` is whether it starts from a history item."""
    return api.ReasonKind.Value(f"REASON_KIND_{ReasonKind.HISTORY_ITEM if anchored else said.kind}")


def text(said: Explanation, title: str | None, done: int, shared: tuple[str, str] | None = None) -> str:
    """One sentence of at most 256 characters; `title` is that of the reason's anchor, if it has one, `done` the
    EventType of what was done with it, `shared` is the attribute (key, value) of its group.
    """
    if title is not None and (quoted := _quoted(title)):
        return said.following.format(done=_DONE.get(done, _CHOSEN), title=quoted)
    if shared:
        key, value = shared
        if said.place and key.lower() in PLACES:
            return said.place.format(value=_quoted(value))
        if said.group:  # not the value: the person knows it, and it may be private
            return said.group.format(key=_quoted(key))
    return said.alone


def _quoted(title: str) -> str:
    """A title on one line and not too long."""
    if not title.isprintable():
        title = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in title)
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"
