"""What the rules of a placement did with an answer, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shortlist import Item
from shortlist.v1.recommendation_pb2 import RuleMove, RuleTrace, StageTrace

from shortlist_console import words
from shortlist_console.answers.cards import title_of

SHOWN_MOVES = 10
"""Items of a rule that are shown."""


@dataclass(frozen=True)
class Move:
    """An item that a rule moved."""

    item_id: str
    title: str
    said: str


@dataclass(frozen=True)
class RuleStory:
    """What one rule did."""

    name: str
    said: str
    moves: tuple[Move, ...]


def rule_stories(trace: Sequence[StageTrace], facts: Mapping[str, Item]) -> list[RuleStory]:
    """What each rule did, in the order of the placement."""
    return [_story(rule, facts) for stage in trace for rule in stage.rules]


def moved_items(trace: Sequence[StageTrace]) -> list[str]:
    """The items that the stories name."""
    return [move.item_id for stage in trace for rule in stage.rules for move in rule.moves[:SHOWN_MOVES]]


def _story(rule: RuleTrace, facts: Mapping[str, Item]) -> RuleStory:
    said = words.OUTCOMES.get(rule.outcome, "did what this console does not know")
    if rule.yielded_to:
        said = f"yielded to {rule.yielded_to}"
    if len(rule.moves) > SHOWN_MOVES:
        said += f"; it moved {len(rule.moves)} items, of which these are the first"
    moves = (Move(each.item_id, title_of(each.item_id, facts), _said(each)) for each in rule.moves[:SHOWN_MOVES])
    return RuleStory(rule.name, said, tuple(moves))


def _said(move: RuleMove) -> str:
    was = f"{move.old_position} by score alone" if move.old_position else "not found by retrieval"
    return f"now {move.new_position}, {was}" if move.new_position else f"kept out, {was}"
