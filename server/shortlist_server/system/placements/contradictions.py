"""Contradictions: pairs of rules of one placement that cannot both be kept, whatever the catalogue holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from shortlist_server.system.placements.rule import Boost, Bury, Cap, Effect, MinimumShare, Pin, Rule


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule that cannot be kept together with one that stands before it."""

    earlier: int  # position in the placement
    later: int
    reason: str


def contradictions(rules: tuple[Rule, ...], count: int) -> list[Contradiction]:
    """The contradictions among the rules of lists of `count` items. Each pair is named once.

    Rules that never hold at the same time, or for the same request, do not contradict each other. Requests may send
    several values under one key, so rules for different values can hold together.
    """
    found = []
    for (i, earlier), (j, later) in combinations(enumerate(rules), 2):
        if _can_hold_together(earlier, later) and (reason := _reason(earlier.effect, later.effect, count)):
            found.append(Contradiction(i, j, reason))
    return found


def _can_hold_together(a: Rule, b: Rule) -> bool:
    """Whether there are a time and a request for which both hold."""
    at_some_time = max(a.since, b.since) < min(a.before, b.before)
    return at_some_time and {a.when.has_history, b.when.has_history} != {True, False}


def _reason(a: Effect, b: Effect, count: int) -> str:
    """Why the two cannot both be kept; empty where they can."""
    match a, b:
        case Pin(), Pin():
            return _pins(a, b)
        case (MinimumShare() as share, Cap() as cap) | (Cap() as cap, MinimumShare() as share):
            fewest = share.fewest(count)
            if cap.of == share.items and fewest > cap.most:
                return (
                    f"of the same items one wants {fewest} at least in a list of {count}, the other {cap.most} at most"
                )
        case (Bury() as bury, (Boost() | MinimumShare()) as lift) | (
            (Boost() | MinimumShare()) as lift,
            Bury() as bury,
        ):
            lifts = not isinstance(lift, Boost) or lift.factor > 1
            if lifts and bury.items == lift.items:
                return "one buries the items that the other puts forward"
        case Boost(), Boost():
            if a.items == b.items and (a.factor - 1) * (b.factor - 1) < 0:
                return "one raises the items that the other lowers"
    return ""


def _pins(a: Pin, b: Pin) -> str:
    if twice := [item_id for item_id in a.item_ids if item_id in b.item_ids]:
        return f"both pin {twice[0]}"
    places = set(_places(a)) & set(_places(b))
    return f"both pin an item to place {min(places)}" if places else ""


def _places(pin: Pin) -> range:
    return range(pin.position, pin.position + len(pin.item_ids))
