"""What is said of a recommended item to the person who gets it: data that sources declare and the server renders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReasonKind(StrEnum):
    """What kind of reason an item has; names agree with `shortlist.v1.ReasonKind`."""

    UNSPECIFIED = "UNSPECIFIED"
    TASTE = "TASTE"
    HISTORY_ITEM = "HISTORY_ITEM"
    POPULAR = "POPULAR"
    NEW = "NEW"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The sentences of one source. Each fits into 256 characters with 120 in the place of each `{...}`."""

    kind: ReasonKind = ReasonKind.TASTE
    """The kind of reason where no history item is named; where one is, it is HISTORY_ITEM."""

    alone: str = "It fits what you chose before."
    """Where nothing is named."""

    following: str = "Because you {done} {title}: often chosen together."
    """Where a history item is named: its title, and what the user did with it ("bought")."""

    place: str = ""
    """Where the user's group is a place: its `{value}` ("France"). Empty: `alone` is said."""

    group: str = ""
    """Where it is another group: the `{key}` of the attribute ("age group"). Empty: `alone` is said."""


SILENCE = Explanation(ReasonKind.UNSPECIFIED, alone="", following="")
"""Of an item of which there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Proposer:
    """What proposes items beside the sources: the name in answers and metrics, and what is said of its items."""

    name: str
    explanation: Explanation


NEW_ITEMS = Proposer(
    "fresh",
    Explanation(
        ReasonKind.NEW,
        alone="New in the catalogue.",
        following="New, and similar to {title}, which you {done}.",
    ),
)
"""Items that came after the bundle was published."""

TOGETHER_NOW = Proposer("together_now", Explanation())
"""Online co-visitation: what others chose today together with the user's newest items."""

BUY_AGAIN = Proposer("buy_again", Explanation(ReasonKind.HISTORY_ITEM, following="You {done} {title} before."))
"""What the user took before and is likely to take again."""
