"""Arrange: fills the places of a list one after the other, each with the best candidate that the effects let in.

Where effects ask for what cannot be had together, they go in this order: pinned, capped, reserved, spaced, buried;
among equals the earlier one goes first. Caps are never loosened: a list ends rather than exceed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from shortlist_core.types import Bools, Float32s, Float64s, Int64s
from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_ranking.arrangement.effects import Boosted, Buried, Capped, Effect, Pinned, Reserved, Spaced
from shortlist_ranking.arrangement.room import Cap, Gap, Share
from shortlist_ranking.order import best_first, scaled

_BURIED = 1e6  # more than any two candidates differ by


@dataclass(frozen=True)
class Arrangement:
    """The candidates of a list, and what the effects had to do with it."""

    positions: Int64s  # [<= count] candidates, best first
    count: int  # places that the list could have
    pinned_by: dict[int, int]  # candidate -> the effect that pins it
    claimed_by: dict[int, int]  # place -> the effect that pins a candidate to it, even if the list ends before it
    forced_by: dict[int, int]  # place -> the reserving effect that took the choice
    spaced_by: dict[int, int]  # place -> the spacing effect for which a buried candidate had to be taken
    acted: dict[int, set[int]]  # effect -> the candidates that it put ahead of or behind others; empty if not asked for


def arrange(
    scores: Float32s,
    count: int,
    effects: Sequence[Effect] = (),
    diversity: Diversity = Diversity(),
    vectors: Float32s | None = None,
    *,
    explain: bool = False,
) -> Arrangement:
    """The arrangement of one request's candidates into a list of up to `count`.

    `scores` [n] that are not finite come last, in their order. With `diversity`, `vectors`, float32 [n, dim] of unit
    length, say which candidates are alike. With `explain`, `acted` is filled.
    """
    boosted = _boosted(scores, effects)
    order = best_first(boosted)
    if not effects and not (diversity and vectors is not None):
        return Arrangement(order[:count], count, {}, {}, {}, {}, {})
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    worth = diversity.worth(boosted[order], None if vectors is None else vectors[order], count)
    places = _Places(len(scores), count, [effect.reordered(order, ranks) for effect in effects], explain)
    while (candidate := places.next(worth.values)) is not None:
        places.put(candidate)
        worth.choose(candidate)
    return places.arrangement(order)


def _boosted(scores: Float32s, effects: Sequence[Effect]) -> Float32s:
    boosts = [effect for effect in effects if isinstance(effect, Boosted)]
    if not boosts:
        return scores
    factors = np.prod([np.where(boost.matching, boost.factor, 1) for boost in boosts], axis=0)
    return scaled(scores, factors.astype(np.float32))


@dataclass
class _Places:
    """The places of a list while they are filled. Candidates stand in the order of their scores."""

    candidates: int
    count: int
    effects: Sequence[Effect]
    explain: bool
    chosen: list[int] = field(default_factory=list)
    forced_by: dict[int, int] = field(default_factory=dict)
    spaced_by: dict[int, int] = field(default_factory=dict)
    acted: dict[int, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = self.candidates
        self._free: Bools = np.ones(n, np.bool_)  # neither chosen nor pinned
        self._buried: Bools = np.zeros(n, np.bool_)
        for effect in self.effects:
            if isinstance(effect, Buried):
                self._buried |= effect.matching
        self._pins, self._pinned_by = self._places_of_pins()
        self._claimed_by = {place: self._pinned_by[candidate] for place, candidate in self._pins.items()}
        self._free[list(self._pinned_by)] = False
        self._caps = [(e, Cap(effect, n)) for e, effect in enumerate(self.effects) if isinstance(effect, Capped)]
        self._gaps = [
            (e, Gap(effect, n, self._pins)) for e, effect in enumerate(self.effects) if isinstance(effect, Spaced)
        ]
        self._shares = [(e, Share(effect)) for e, effect in enumerate(self.effects) if isinstance(effect, Reserved)]
        self._open_places = self.count - len(self._pins)
        for candidate in self._pinned_by:  # their room is kept for them from the begin
            self._count(candidate)
        self._kept_for: dict[int, int] = {}  # candidate -> the reserving effect for which room is kept for it
        self._kept: Bools = np.zeros(n, np.bool_)
        self._keep_room()

    def next(self, values: Float64s) -> int | None:
        """The candidate for the next place; None where the list is full, or no candidate may have it."""
        place = len(self.chosen)
        if place >= self.count:
            return None
        if (pinned := self._pins.pop(place, None)) is not None:
            return pinned
        best = self._best(place, np.where(self._buried, values - _BURIED, values))
        if best is None and self._pins:  # those behind move up
            return self._pins.pop(min(self._pins))
        return best

    def put(self, candidate: int) -> None:
        """Give the next place to a candidate."""
        place = len(self.chosen)
        self.chosen.append(candidate)
        for _, gap in self._gaps:
            gap.put(candidate, place)
        if candidate in self._pinned_by:
            return
        self._free[candidate] = False
        self._open_places -= 1
        if self._kept[candidate]:
            self._kept[candidate] = False
        else:
            self._count(candidate)
            self._give_room_back()

    def arrangement(self, order: Int64s) -> Arrangement:
        """The arrangement, of candidates in the order in which they came."""
        acted = {effect: {int(order[c]) for c in candidates} for effect, candidates in self.acted.items()}
        pinned_by = {int(order[candidate]): effect for candidate, effect in self._pinned_by.items()}
        return Arrangement(
            order[self.chosen], self.count, pinned_by, self._claimed_by, self.forced_by, self.spaced_by, acted
        )

    def _places_of_pins(self) -> tuple[dict[int, int], dict[int, int]]:
        """The candidate that is pinned to each place, and the effect that pins each candidate."""
        pins, pinned_by = dict[int, int](), dict[int, int]()
        for e, effect in enumerate(self.effects):
            if not isinstance(effect, Pinned):
                continue
            place = effect.place
            for candidate in effect.candidates:
                while place in pins:
                    place += 1
                if place < self.count and candidate not in pinned_by:
                    pins[place], pinned_by[candidate] = candidate, e
        return pins, pinned_by

    def _count(self, candidate: int) -> None:
        for _, cap in self._caps:
            cap.put(candidate)
        for _, share in self._shares:
            share.put(candidate)

    def _keep_room(self) -> None:
        """Keep room for the best candidates of each minimum share that caps let in, so that nothing else takes it."""
        in_order = np.concatenate([np.flatnonzero(~self._buried), np.flatnonzero(self._buried)]).tolist()
        for e, share in self._shares:
            for candidate in in_order:
                if share.needed <= 0 or len(self._kept_for) >= self._open_places:
                    break
                fits = not any(cap.full[candidate] for _, cap in self._caps)
                if fits and self._free[candidate] and share.matching[candidate] and not self._kept[candidate]:
                    self._kept[candidate], self._kept_for[candidate] = True, e
                    self._count(candidate)

    def _give_room_back(self) -> None:
        """Keep no room any more for candidates that a minimum share has no need of by now."""
        for candidate in [c for c in reversed(self._kept_for) if self._kept[c]]:
            if all(share.needed < 0 for _, share in self._shares if share.matching[candidate]):
                self._kept[candidate] = False
                for _, cap in self._caps:
                    cap.take_back(candidate)
                for _, share in self._shares:
                    share.put(candidate, -1)

    def _best(self, place: int, values: Float64s) -> int | None:
        """The best candidate that may have the place. Spacing is given up first."""
        others, waits = self._free & ~self._kept, [(e, gap.near(place)) for e, gap in self._gaps]
        for _, cap in self._caps:
            others &= ~cap.full
        may = others | self._kept
        if not may.any():
            if self.explain:
                self._note_held(self._free, waits)
            return None
        near = np.logical_or.reduce([np.zeros(self.candidates, np.bool_), *(mask for _, mask in waits)])
        is_due = self._is_due()
        choices = [may & ~near, may]
        if is_due:
            fillers = [others & ~near] if self._open_places > np.count_nonzero(self._kept) else []
            choices = [self._kept & ~near, *fillers, self._kept]
        best = int(np.where(next(mask for mask in choices if mask.any()), values, -np.inf).argmax())
        if is_due and self._kept[best]:
            self.forced_by[place] = self._kept_for[best]
        elif self._buried[best]:
            waiting = may & ~self._buried
            if (by := next((e for e, mask in waits if (waiting & mask).any()), None)) is not None:
                self.spaced_by[place] = by
        if self.explain:
            self._explain(best, place, values, waits)
        return best

    def _is_due(self) -> bool:
        """Whether those for whom room is kept must have the places that are left, apart as spacing wants it."""
        kept = np.flatnonzero(self._kept).tolist()
        wanted = max([len(kept), *(gap.places_for(kept) for _, gap in self._gaps)])
        return bool(kept) and self._open_places <= wanted

    def _explain(self, best: int, place: int, values: Float64s, waits: Sequence[tuple[int, Bools]]) -> None:
        """Note which effects kept better candidates from the place."""
        better = self._free & (values > values[best])
        if not better.any():
            return
        if place in self.forced_by:
            self.acted.setdefault(self.forced_by[place], set()).add(best)
        self._note_held(better, waits)

    def _note_held(self, held: Bools, waits: Sequence[tuple[int, Bools]]) -> None:
        """Note which caps and spacing effects kept these candidates from the place; `waits` are those of spacing."""
        for effect, mask in [*((e, cap.full) for e, cap in self._caps), *waits]:
            if (candidates := np.flatnonzero(held & mask)).size:
                self.acted.setdefault(effect, set()).update(candidates.tolist())
                held = held & ~mask
