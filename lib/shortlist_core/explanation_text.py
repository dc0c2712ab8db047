"""Explanation texts: one sentence that tells the user why an item is shown."""

from __future__ import annotations

import unicodedata

from shortlist_core.events import EventType
from shortlist_core.explanations import Explanation

MAX_TITLE = 120
"""Most characters of a quoted title, so that the longest sentence has fewer than 256 characters."""

PLACES = ("country", "region", "state", "city")
"""Attributes whose values are places, so that "popular in" fits them."""

_DONE: dict[int, str] = {
    EventType.VIEW: "viewed",
    EventType.CLICK: "looked at",
    EventType.CART: "picked",
    EventType.PURCHASE: "bought",
    EventType.LIKE: "liked",
    EventType.RATING: "rated",
}
_CHOSEN = "chose"  # for an event without a type


def text(explanation: Explanation, title: str | None, done: int, shared: tuple[str, str] | None = None) -> str:
    """The explanation text: one sentence of at most 256 characters.

    `title` is the title of the history item that the reason names, None where it names none. `done` is the EventType
    of what the user did with that item. `shared` is the attribute (key, value) of the group that the reason names.
    """
    if title is not None and (quoted := _quoted(title)):
        return explanation.following.format(done=_DONE.get(done, _CHOSEN), title=quoted)
    if shared:
        key, value = shared
        if explanation.place and key.lower() in PLACES:
            return explanation.place.format(value=_quoted(value))
        if explanation.group:  # without the value, which may be private
            return explanation.group.format(key=_quoted(key))
    return explanation.alone


def _quoted(title: str) -> str:
    """A title on one line, cut to MAX_TITLE characters."""
    if not title.isprintable():
        title = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in title)
    line = " ".join(title.split())
    return line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…"
