"""Moves: which candidates each effect moved in a list, from where to where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shortlist_core.types import Float32s
from shortlist_ranking.arrangement.arrange import Arrangement
from shortlist_ranking.arrangement.effects import Boosted, Buried, Effect, Pinned
from shortlist_ranking.order import best_first


@dataclass(frozen=True)
class Move:
    """A candidate, where it stands by score alone, and where it stands in the list; 0: it is not in it."""

    candidate: int
    old: int
    new: int


def moves(
    scores: Float32s, count: int, effects: Sequence[Effect], arrangement: Arrangement
) -> tuple[list[list[Move]], list[Move]]:
    """The moves of each effect, and those of no effect, which variety makes, in the order of the list.

    Candidates that neither stand in the list nor would by score alone are left out. `arrangement` was explained.
    """
    order = best_first(scores)
    old = np.empty_like(order)
    old[order] = np.arange(1, len(order) + 1)
    new = np.zeros_like(order)
    new[arrangement.positions] = np.arange(1, len(arrangement.positions) + 1)
    moved = np.flatnonzero((old != new) & ((old <= count) | (new > 0)))
    in_order = moved[np.lexsort((old[moved], new[moved], new[moved] == 0))]
    by_effect = [_acted(e, effect, arrangement) for e, effect in enumerate(effects)]
    all_moves = [Move(c, int(old[c]), int(new[c])) for c in in_order.tolist()]
    of_none = set(in_order.tolist()).difference(*by_effect)
    return [[m for m in all_moves if m.candidate in acted] for acted in by_effect], [
        m for m in all_moves if m.candidate in of_none
    ]


def _acted(e: int, effect: Effect, arrangement: Arrangement) -> set[int]:
    match effect:
        case Pinned():
            return {candidate for candidate in effect.candidates if arrangement.pinned_by.get(candidate) == e}
        case Boosted() | Buried():
            return set(np.flatnonzero(effect.matching).tolist())
        case _:
            return arrangement.acted.get(e, set())
