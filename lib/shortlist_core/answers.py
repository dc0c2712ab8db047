"""What a request is answered with: items, their scores, the sources that proposed them, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from shortlist_core.arrays import NO_GROUP, NO_ITEM, Float32s, Int8s, Int32s
from shortlist_core.events import EventType
from shortlist_core.explanations import SILENCE, Explanation


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why items are recommended, for a list [n] or the lists of a batch [batch, n].

    A reason is the source that contributes most to the item's score, and the history item that the source follows from.
    """

    sources: tuple[str, ...]  # names; the empty name is that of items without a reason
    speakers: Int32s  # [..., n] positions in `sources`
    anchors: Int32s  # [..., n] row of the history item that contributes most; NO_ITEM without one
    done: Int8s  # [..., n] strongest EventType of the user on that item, the first of equal ones
    shares: Float32s  # [..., n] share of the fused score that the source contributes, 0 to 1
    groups: Int32s  # [..., n] row of the user's group that contributes most; NO_GROUP without one
    explanations: tuple[Explanation, ...]  # what each of `sources` says, in their order

    @classmethod
    def none(cls, *shape: int) -> Reasons:
        """No reason for any item of lists of this shape."""
        of_sources, no_shares = np.zeros(shape, np.int32), np.zeros(shape, np.float32)
        nowhere, unknown = np.full(shape, NO_ITEM, np.int32), np.full(shape, EventType.INTERACTION, np.int8)
        no_groups = np.full(shape, NO_GROUP, np.int32)
        return cls(("",), of_sources, nowhere, unknown, no_shares, no_groups, (SILENCE,))

    def of(self, i: int, n: int) -> Reasons:
        """The reasons of the first `n` items of list i of a batch, views."""
        return Reasons(
            self.sources,
            self.speakers[i, :n],
            self.anchors[i, :n],
            self.done[i, :n],
            self.shares[i, :n],
            self.groups[i, :n],
            self.explanations,
        )


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule did with one answer."""

    name: str
    outcome: str  # kept, not_now, not_for_this_request, yielded, too_few_items
    yielded_to: str = ""  # name of the rule that went first
    moves: tuple[tuple[int, int, int], ...] = ()  # row of an item, its old and its new position, 0: none


@dataclass(frozen=True, slots=True)
class StageTrace:
    """Trace of one stage for one request: items in and out, and the time."""

    stage: str
    entered: int  # items that went in
    left: int  # items that came out
    micros: int
    dropped: dict[str, int] = field(default_factory=dict)  # reason -> items
    rules: tuple[RuleTrace, ...] = ()  # of the placement; the select stage's alone


@dataclass(frozen=True, slots=True)
class Hits:
    """Which sources proposed each of n items, at which rank and with which score."""

    sources: tuple[str, ...]  # names
    ranks: Int32s  # [n, sources] 1 is best, 0 where the source did not propose the item
    scores: Float32s  # [n, sources] finite


@dataclass(frozen=True, slots=True)
class Ranked:
    """The answer to one request: items, best first."""

    items: Int32s  # [n] rows
    scores: Float32s  # [n] finite: calibrated probabilities, or the retrieval scores when the ranker was skipped
    hits: Hits
    reasons: Reasons  # [n]
    bundle_version: str
    actions: Mapping[EventType, Float32s] = field(default_factory=dict)  # [n] each: how likely; where asked for
    degraded: frozenset[str] = frozenset()  # names of shortlist.v1.Degradation without prefix, lower case
    trace: tuple[StageTrace, ...] = ()
    more: bool = False  # whether the catalogue holds further items that the rules of the request allow
    reused: bool = False  # whether it comes from the response cache

    @classmethod
    def nothing(cls, bundle_version: str) -> Ranked:
        """An answer without items."""
        none = np.zeros(0, np.float32)
        hits = Hits((), np.zeros((0, 0), np.int32), none.reshape(0, 0))
        return cls(np.zeros(0, np.int32), none, hits, Reasons.none(0), bundle_version)
