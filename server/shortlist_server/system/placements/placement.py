"""The placement: what holds for every list that is shown at a place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from shortlist_core.errors import NotFoundError
from shortlist_core.seen_items import SeenItems
from shortlist_core.tiring import Tiring
from shortlist_core.types import EventType
from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_server.system.filters import Filter
from shortlist_server.system.placements.rule import Rule


@dataclass(frozen=True, slots=True)
class Placement:
    """A place where lists are shown, with what holds for each of them."""

    name: str
    count: int = 0  # how many items an answer holds at most; 0: the placement does not say, as below
    candidate_count: int = 0
    filter: Filter = field(default_factory=Filter)
    seen_items: SeenItems | None = None
    diversity: Diversity | None = None
    action_weights: tuple[tuple[EventType, float], ...] = ()
    rules: tuple[Rule, ...] = ()
    tiring: Tiring | None = None  # how items tire that are shown again and again; None: as the bundle says
    count_impressions: bool = False  # whether the server counts what it answers as impressions

    def at(self, now: int) -> Placement:
        """The placement with the rules that hold at a moment, microseconds since 1970, as if they always did."""
        rules = [rule for rule in self.rules if rule.since <= now < rule.before]
        return replace(self, rules=tuple(replace(rule, since=-math.inf, before=math.inf) for rule in rules))


@dataclass(frozen=True)
class Placements:
    """All placements in force, and their version; empty before any were set."""

    by_name: Mapping[str, Placement]
    version: str = ""

    def check(self, names: Iterable[str]) -> None:
        """Check that there is a placement of each name that is not empty. Raises NotFoundError where there is none."""
        for name in names:
            if name and name not in self.by_name:
                raise NotFoundError("placement", name)


NO_PLACEMENTS = Placements({})
