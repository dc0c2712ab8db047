"""Room: what caps, spacing and minimum shares leave for further candidates while a list is filled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from shortlist_core.types import Bools, Int64s
from shortlist_ranking.arrangement.effects import Capped, Reserved, Spaced


class Cap:
    """How full the groups of a cap are."""

    def __init__(self, effect: Capped, candidates: int) -> None:
        self._groups, self._most = effect.groups, effect.most
        self._counts = [0] * len(self._groups.members)
        self.full: Bools = np.zeros(candidates, np.bool_)  # candidates that would be one too many

    def put(self, candidate: int) -> None:
        """Count a candidate that got a place."""
        for group in self._groups.of[candidate]:
            self._counts[group] += 1
            if self._counts[group] >= self._most:
                self.full[self._groups.members[group]] = True

    def take_back(self, candidate: int) -> None:
        """Count a candidate no longer."""
        for group in self._groups.of[candidate]:
            self._counts[group] -= 1
        self.full[:] = False
        for group, count in enumerate(self._counts):
            if count >= self._most:
                self.full[self._groups.members[group]] = True


class Gap:
    """Until which place the candidates of a spacing effect have to wait."""

    def __init__(self, effect: Spaced, candidates: int, pins: dict[int, int]) -> None:
        self._groups, self._distance = effect.groups, effect.distance
        self._until: Int64s = np.zeros(candidates, np.int64)
        self._pins = dict(pins)  # those that are still to come stand in the way as well

    def near(self, place: int) -> Bools:
        """The candidates that are alike to one too near to the place, bool [candidates]."""
        mask: Bools = self._until > place
        for pinned in range(place + 1, place + self._distance + 1):
            if (candidate := self._pins.get(pinned)) is not None:
                for group in self._groups.of[candidate]:
                    mask[self._groups.members[group]] = True
        return mask

    def places_for(self, candidates: Sequence[int]) -> int:
        """How many places in a row hold these candidates, if others stand between those that are alike."""
        counts = Counter(group for candidate in candidates for group in self._groups.of[candidate])
        most = max(counts.values(), default=0)
        return max(len(candidates), (most - 1) * (self._distance + 1) + 1 if most else 0)

    def put(self, candidate: int, place: int) -> None:
        """Let those that are alike to a candidate wait."""
        for group in self._groups.of[candidate]:
            self._until[self._groups.members[group]] = place + self._distance + 1


class Share:
    """How many of the candidates that a minimum share is about have a place, or one kept for them."""

    def __init__(self, effect: Reserved) -> None:
        self.matching, self._fewest, self._held = effect.matching, effect.fewest, 0

    @property
    def needed(self) -> int:
        """How many are missing; below 0 where there are more than needed."""
        return self._fewest - self._held

    def put(self, candidate: int, number: int = 1) -> None:
        """Count a candidate, or with -1 count it no longer."""
        self._held += number * int(self.matching[candidate])
