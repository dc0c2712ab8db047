"""Effects: what rules ask of one list, in terms of its candidates, which are counted from 0."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.types import Bools, Int64s


@dataclass(frozen=True)
class Groups:
    """Groups of candidates that are alike. A candidate may belong to several, or to none."""

    members: tuple[Int64s, ...]  # the candidates of each group
    of: tuple[tuple[int, ...], ...]  # the groups of each candidate

    @classmethod
    def by_value(cls, values: Sequence[Collection[str]]) -> Groups:
        """The groups of candidates that share a value; `values[i]` are those of candidate i."""
        numbers: dict[str, int] = {}
        of = tuple(tuple({numbers.setdefault(value, len(numbers)) for value in own}) for own in values)
        members: list[list[int]] = [[] for _ in numbers]
        for candidate, own in enumerate(of):
            for group in own:
                members[group].append(candidate)
        return cls(tuple(np.array(each, np.int64) for each in members), of)

    @classmethod
    def one(cls, matching: Bools) -> Groups:
        """One group: the candidates that match."""
        return cls((np.flatnonzero(matching),), tuple((0,) if matches else () for matches in matching.tolist()))

    def reordered(self, order: Int64s, ranks: Int64s) -> Groups:
        """The groups of the candidates in another order; `ranks` is where each now stands."""
        return Groups(tuple(ranks[each] for each in self.members), tuple(self.of[i] for i in order.tolist()))


@dataclass(frozen=True)
class Pinned:
    """Some candidates stand at places of their own, one after the other."""

    candidates: tuple[int, ...]
    place: int  # of the first of them, counted from 0
    missing: int = 0  # items that are no candidates

    def reordered(self, order: Int64s, ranks: Int64s) -> Pinned:
        """The effect on the candidates in another order."""
        return replace(self, candidates=tuple(int(ranks[candidate]) for candidate in self.candidates))


@dataclass(frozen=True)
class Grouped:
    """Something about the candidates of each group."""

    groups: Groups

    def reordered(self, order: Int64s, ranks: Int64s) -> Grouped:
        """The effect on the candidates in another order."""
        return replace(self, groups=self.groups.reordered(order, ranks))


@dataclass(frozen=True)
class Capped(Grouped):
    """A list holds so many candidates of a group at most."""

    most: int


@dataclass(frozen=True)
class Spaced(Grouped):
    """So many others stand between two candidates of a group."""

    distance: int


@dataclass(frozen=True)
class Matching:
    """Something about the candidates that match."""

    matching: Bools  # [candidates]

    def reordered(self, order: Int64s, ranks: Int64s) -> Matching:
        """The effect on the candidates in another order."""
        return replace(self, matching=self.matching[order])


@dataclass(frozen=True)
class Reserved(Matching):
    """A list holds so many of them at least."""

    fewest: int


@dataclass(frozen=True)
class Buried(Matching):
    """They stand behind all others."""


@dataclass(frozen=True)
class Boosted(Matching):
    """Their scores are scaled."""

    factor: float


Effect = Pinned | Grouped | Matching
