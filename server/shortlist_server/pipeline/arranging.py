"""Arranging: turns the rules that hold for a request into effects on its candidates, and tells what they did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shortlist_core.types import NO_ITEM, Bools, Float32s, Int32s, Int64s, RuleTrace
from shortlist_ranking.arrangement import effects as of_list
from shortlist_ranking.arrangement.arrange import Arrangement, arrange
from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_ranking.arrangement.moves import Move, moves
from shortlist_ranking.arrangement.outcomes import broken
from shortlist_server.pipeline.batch import Retrieved
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.placements.caps import values_of
from shortlist_server.system.placements.rule import (
    Boost,
    Bury,
    Cap,
    Effect,
    Grouping,
    Hold,
    MinimumShare,
    Pin,
    Rule,
    Spacing,
)

MOST_MOVES = 100
"""Moves of one rule that a trace tells."""


@dataclass(frozen=True)
class Arranged:
    """The list of one request."""

    positions: Int64s  # [<= count] positions of the request's candidates, best first
    rules: tuple[RuleTrace, ...]  # empty where no trace is asked for


def arranged(batch: Retrieved, i: int) -> Arranged:
    """The list of request i by score, variety and the rules that hold."""
    query, rows = batch.requests[i].query, batch.rows(i)
    scores = batch.order_scores_of(i)[: len(rows)]
    holding = batch.holding(i)
    rules = [(r, rule) for r, rule in holding if not isinstance(rule.effect, Diversity)]
    effects = [_effect(batch.bundle, rule.effect, rows, query.count) for _, rule in rules]
    varieties = [(r, rule.effect) for r, rule in holding if isinstance(rule.effect, Diversity)]
    diversity = varieties[0][1] if varieties else query.diversity
    vectors = batch.bundle.ranker.vectors(rows) if diversity else None
    arrangement = arrange(scores, query.count, effects, diversity, vectors, explain=query.include_trace)
    if not query.include_trace or not query.rules:
        return Arranged(arrangement.positions, ())
    of_rules, of_variety = _told(scores, query.count, effects, arrangement, [rule for _, rule in rules])
    told = {r: each for (r, _), each in zip(rules, of_rules, strict=True)}
    for r, _ in varieties:
        first = varieties[0][0]
        told[r] = _Told("kept", "", of_variety) if r == first else _Told("yielded", query.rules[first].name, ())
    unfound: Bools = batch.candidates.ranks[i, : len(rows)].max(axis=1, initial=0) == 0
    return Arranged(
        arrangement.positions,
        tuple(
            _trace(rule.name, told[r], rows, unfound) if hold == Hold.HOLDS else RuleTrace(rule.name, hold.value)
            for r, (rule, hold) in enumerate(zip(query.rules, batch.holds[i], strict=True))
        ),
    )


def _effect(bundle: LoadedBundle, effect: Effect, rows: Int32s, count: int) -> of_list.Effect:
    """What a rule asks of the candidates at `rows`."""
    match effect:
        case Pin():
            at = {row: position for position, row in enumerate(rows.tolist())}
            pinned = bundle.items.ids.rows(effect.item_ids).tolist()
            found = tuple(at[row] for row in pinned if row != NO_ITEM and row in at)
            return of_list.Pinned(found, effect.position - 1, len(effect.item_ids) - len(found))
        case Boost():
            return of_list.Boosted(effect.items.of(bundle)[rows], effect.factor)
        case Bury():
            return of_list.Buried(effect.items.of(bundle)[rows])
        case MinimumShare():
            return of_list.Reserved(effect.items.of(bundle)[rows], effect.fewest(count))
        case Cap():
            kinds = effect.of
            if isinstance(kinds, Grouping):
                return of_list.Capped(_groups(bundle, kinds, rows), effect.most)
            return of_list.Capped(of_list.Groups.one(kinds.of(bundle)[rows]), effect.most)
        case Spacing():
            return of_list.Spaced(_groups(bundle, effect.each, rows), effect.distance)
    raise TypeError(effect)  # pragma: no cover


def _groups(bundle: LoadedBundle, grouping: Grouping, rows: Int32s) -> of_list.Groups:
    return of_list.Groups.by_value(values_of(bundle, grouping, rows))


@dataclass(frozen=True)
class _Told:
    """What one rule did, of candidates."""

    outcome: str
    yielded_to: str
    moves: Sequence[Move]


def _told(
    scores: Float32s, count: int, effects: Sequence[of_list.Effect], arrangement: Arrangement, rules: Sequence[Rule]
) -> tuple[list[_Told], Sequence[Move]]:
    """What each rule did, and the moves that variety made."""
    of_effects, of_variety = moves(scores, count, effects, arrangement)
    not_kept, told = broken(effects, arrangement), []
    for e, own in enumerate(of_effects):
        effect = effects[e]
        is_behind = isinstance(effect, of_list.Pinned) and effect.place >= count
        outcome, yielded_to = "not_for_this_request" if is_behind else "kept", ""
        if (why := not_kept.get(e)) is not None:
            outcome = "too_few_items" if why.by is None else "yielded"
            yielded_to = "" if why.by is None else rules[why.by].name
        told.append(_Told(outcome, yielded_to, own))
    return told, of_variety


def _trace(name: str, told: _Told, rows: Int32s, unfound: Bools) -> RuleTrace:
    moved = tuple(
        (int(rows[move.candidate]), 0 if unfound[move.candidate] else move.old, move.new)
        for move in told.moves[:MOST_MOVES]
    )
    return RuleTrace(name, told.outcome, told.yielded_to, moved)
