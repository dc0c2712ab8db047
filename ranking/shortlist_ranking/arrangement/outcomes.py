"""Outcomes: which effects a list keeps, and what those that it does not keep had to yield to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_core.types import Bools
from shortlist_ranking.arrangement.arrange import Arrangement
from shortlist_ranking.arrangement.effects import Buried, Capped, Effect, Pinned, Reserved, Spaced


@dataclass(frozen=True)
class Broken:
    """An effect that is not kept, or not as a whole."""

    by: int | None = None  # the effect that it yielded to; None: there are too few candidates for it


def broken(effects: Sequence[Effect], arrangement: Arrangement) -> dict[int, Broken]:
    """The effects that the list does not keep. It is looked at as it is, whatever led to it."""
    found = {e: _looked_at(e, effects, arrangement) for e in range(len(effects))}
    return {e: outcome for e, outcome in found.items() if outcome is not None}


def _looked_at(e: int, effects: Sequence[Effect], arrangement: Arrangement) -> Broken | None:
    match effect := effects[e]:
        case Pinned():
            return _pinned(e, effect, arrangement)
        case Capped():
            return _capped(effect, arrangement)
        case Reserved():
            return _reserved(e, effect, effects, arrangement)
        case Spaced():
            return _spaced(effect, arrangement)
        case Buried():
            return _buried(effect, effects, arrangement)
        case _:
            return None


def _pinned(e: int, effect: Pinned, arrangement: Arrangement) -> Broken | None:
    if effect.missing:
        return Broken()
    at = {candidate: place for place, candidate in enumerate(arrangement.positions.tolist())}
    for wanted, candidate in enumerate(effect.candidates, effect.place):
        by, place = arrangement.pinned_by.get(candidate), at.get(candidate)
        if wanted >= arrangement.count or place == wanted:
            continue
        if by is not None and by != e:
            return Broken(by)
        moved_up = place is not None and place < wanted
        others = [arrangement.claimed_by.get(wanted, e), *arrangement.claimed_by.values()]
        return Broken() if moved_up else Broken(next((other for other in others if other != e), None))
    return None


def _capped(effect: Capped, arrangement: Arrangement) -> Broken | None:
    """Only what is pinned can exceed a cap."""
    for members in _held(effect, arrangement).values():
        if len(members) > effect.most:
            return Broken(next(arrangement.pinned_by[c] for c in members if c in arrangement.pinned_by))
    return None


def _held(effect: Capped, arrangement: Arrangement) -> dict[int, list[int]]:
    """The candidates of each group that the list holds."""
    held: dict[int, list[int]] = {}
    for candidate in arrangement.positions.tolist():
        for group in effect.groups.of[candidate]:
            held.setdefault(group, []).append(candidate)
    return held


def _reserved(e: int, effect: Reserved, effects: Sequence[Effect], arrangement: Arrangement) -> Broken | None:
    """Too few stand in the list. Where there are others, a cap keeps them out, or what was pinned or forced before."""
    positions = arrangement.positions
    if np.count_nonzero(effect.matching[positions]) >= effect.fewest:
        return None
    left: Bools = effect.matching.copy()
    left[positions] = False
    if not left.any():
        return Broken()
    for o, other in enumerate(effects):
        if isinstance(other, Capped):
            full = {group for group, held in _held(other, arrangement).items() if len(held) >= other.most}
            if any(not full.isdisjoint(other.groups.of[candidate]) for candidate in np.flatnonzero(left).tolist()):
                return Broken(o)
    before = [o for o, other in enumerate(effects[:e]) if isinstance(other, Reserved)]
    others = [*arrangement.pinned_by.values(), *before, *arrangement.forced_by.values()]
    return Broken(next((o for o in others if o != e), None))


def _spaced(effect: Spaced, arrangement: Arrangement) -> Broken | None:
    last: dict[int, int] = {}
    for place, candidate in enumerate(arrangement.positions.tolist()):
        for group in effect.groups.of[candidate]:
            before = last.get(group)
            if before is not None and place - before <= effect.distance:
                other = int(arrangement.positions[before])
                pins = [arrangement.pinned_by.get(candidate), arrangement.pinned_by.get(other)]
                causes = [*pins, arrangement.forced_by.get(place), arrangement.forced_by.get(before)]
                return Broken(next((cause for cause in causes if cause is not None), None))
            last[group] = place
    return None


def _buried(effect: Buried, effects: Sequence[Effect], arrangement: Arrangement) -> Broken | None:
    positions = arrangement.positions
    others = np.logical_or.reduce([each.matching[positions] for each in effects if isinstance(each, Buried)])
    in_front = np.flatnonzero(~others)
    early = np.flatnonzero(effect.matching[positions][: in_front[-1]]) if len(in_front) else in_front
    for place in early.tolist():
        pinned = arrangement.pinned_by.get(int(positions[place]))
        for cause in (pinned, arrangement.forced_by.get(place), arrangement.spaced_by.get(place)):
            if cause is not None:
                return Broken(cause)
    return Broken(arrangement.pinned_by.get(int(positions[in_front[-1]]))) if len(early) else None
