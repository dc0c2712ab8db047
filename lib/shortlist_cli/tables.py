"""Tables of the API's answers for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from google.protobuf.descriptor import EnumDescriptor
from shortlist import EventType
from shortlist.v1.placement_pb2 import Placement
from shortlist.v1.recommendation_pb2 import (
    Degradation,
    DropReason,
    RecommendedItem,
    RuleOutcome,
    ScoredItem,
    SourceHit,
    Stage,
    StageTrace,
)

from shortlist_core.tables import Table

SOURCES = 3
"""Sources that are shown of each item, the ones with the best ranks; `--json` has all."""

MOVES = 5
"""Moves that are shown of each rule; `--json` has all."""


def recommendations(items: Iterable[RecommendedItem], title: str | None = None, first: int = 1) -> Table:
    """One row per recommended item, best first: rank from `first` on, id, title, score, sources with ranks, reason.

    Where the items tell how likely each action is, a column shows it.
    """
    items = list(items)
    actions = _with_actions(items)
    table = _items_table("reason", *actions, title=title)
    for rank, item in enumerate(items, first):
        table.row(*_cells(rank, item), item.reason.text, *[_actions(item)] * len(actions))
    return table


def scored(items: Iterable[ScoredItem], title: str | None = None) -> Table:
    """One row per item with a score: rank, id, title, score, sources with their ranks, and actions where they tell."""
    items = list(items)
    actions = _with_actions(items)
    table = _items_table(*actions, title=title)
    for rank, item in enumerate(items, 1):
        table.row(*_cells(rank, item), *[_actions(item)] * len(actions))
    return table


def stages(trace: Iterable[StageTrace]) -> Table:
    """One row per stage: items in, items out, why the rest dropped, milliseconds."""
    table = Table("stage", "in", "out", "dropped", "ms").right(1, 2, 4)
    for stage in trace:
        dropped = ", ".join(f"{_words(DropReason.DESCRIPTOR, d.reason)} {d.count:,}" for d in stage.drops)
        name = _words(Stage.DESCRIPTOR, stage.stage)
        counts = f"{stage.entered_count:,}", f"{stage.left_count:,}"
        table.row(name, *counts, dropped, f"{stage.duration_micros / 1000:.2f}")
    return table


def rules(trace: Iterable[StageTrace]) -> Table | None:
    """One row per rule of the placement: what became of it, and the items that it moved; None without rules."""
    told = [rule for stage in trace for rule in stage.rules]
    if not told:
        return None
    table = Table("rule", "outcome", "moved")
    for rule in told:
        outcome = _words(RuleOutcome.DESCRIPTOR, rule.outcome)
        to = f" to {rule.yielded_to}" if rule.yielded_to else ""
        moves = [f"{move.item_id} {move.old_position or '-'} > {move.new_position or '-'}" for move in rule.moves]
        more = [f"+{len(moves) - MOVES}"] * (len(moves) > MOVES)
        table.row(rule.name, f"{outcome}{to}", ", ".join([*moves[:MOVES], *more]))
    return table


def placements(items: Iterable[Placement]) -> Table:
    """One row per placement: its name, how many items it shows, whether it filters, and the names of its rules."""
    table = Table("placement", "count", "filter", "rules").right(1)
    for item in items:
        names = ", ".join(rule.name for rule in item.rules)
        table.row(item.name, str(item.count or ""), "yes" if item.HasField("filter") else "", names)
    return table


def degraded(flags: Iterable[Degradation.ValueType]) -> str:
    """The degradations of an answer in words, such as `ranker late, source failed`; empty without any."""
    return ", ".join(_words(Degradation.DESCRIPTOR, flag) for flag in flags)


def _items_table(*more: str, title: str | None) -> Table:
    return Table("#", "item", "title", "score", "sources", *more, title=title).right(0, 3)


def _cells(rank: int, item: RecommendedItem | ScoredItem) -> tuple[str, ...]:
    return str(rank), item.item_id, item.title, f"{item.score:.4g}", _sources(item.sources)


def _with_actions(items: Iterable[RecommendedItem | ScoredItem]) -> list[str]:
    """The further column that the items need."""
    return ["actions"] if any(item.action_probabilities for item in items) else []


def _actions(item: RecommendedItem | ScoredItem) -> str:
    told = item.action_probabilities
    return ", ".join(f"{_words(EventType.DESCRIPTOR, each.action)} {each.probability:.2g}" for each in told)


def _sources(hits: Iterable[SourceHit]) -> str:
    best = sorted(hits, key=lambda hit: hit.rank)
    shown = [f"{hit.name} #{hit.rank}" for hit in best[:SOURCES]]
    return ", ".join(shown + [f"+{len(best) - SOURCES}"] * (len(best) > SOURCES))


def _words(enum: EnumDescriptor, number: int) -> str:
    """An enum's value in words. A number that only newer versions have a name for stays a number."""
    prefix, value = enum.values_by_number[0].name.removesuffix("UNSPECIFIED"), enum.values_by_number.get(number)
    return value.name.removeprefix(prefix).replace("_", " ").lower() if value else str(number)
