"""Narrowing: joins a request with the placement that it names, which it may only narrow."""

from __future__ import annotations

from dataclasses import replace

from shortlist_core.seen_items import SeenItems
from shortlist_server.pipeline.query import Query
from shortlist_server.rpc.checks import Check
from shortlist_server.system.filters import Filter
from shortlist_server.system.placements.placement import Placement

_WIDTHS = {SeenItems.DROP: 0, SeenItems.REPEATS: 1, SeenItems.KEEP: 2}


def narrowed(check: Check, query: Query, placement: Placement, version: str, count: int, candidates: int) -> Query:
    """The query of a request that names the placement. Where it does not say `count` or `candidates`, they are 0."""
    _at_most(check, "count", count, placement.count, placement.name)
    _at_most(check, "candidate_count", candidates, placement.candidate_count, placement.name)
    for field, says, is_sent in (
        ("diversity", placement.diversity is not None, bool(query.diversity)),
        ("action_weights", bool(placement.action_weights), bool(query.action_weights)),
    ):
        if says and is_sent:
            check.refuse(field, f"must be left out, as the placement {placement.name!r} says it")
    count = count or placement.count or query.count
    both = (*placement.filter.conditions, *query.filter.conditions)
    return replace(
        query,
        count=count,
        candidate_count=max(count, candidates or placement.candidate_count or query.candidate_count),
        filter=Filter(tuple(dict.fromkeys(both))),
        seen_items=_policy(check, query.seen_items, placement),
        diversity=query.diversity if placement.diversity is None else placement.diversity,
        action_weights=placement.action_weights or query.action_weights,
        placement=placement.name,
        placement_version=version,
        rules=placement.rules,
        tiring=placement.tiring,
        count_impressions=placement.count_impressions,
    )


def _at_most(check: Check, field: str, value: int, most: int, name: str) -> None:
    if 0 < most < value:
        check.refuse(field, f"must be at most {most:,}, as the placement {name!r} says")


def _policy(check: Check, asked: SeenItems | None, placement: Placement) -> SeenItems | None:
    says = placement.seen_items
    if asked is None or says is None:
        return says if asked is None else asked
    if _WIDTHS[asked] > _WIDTHS[says]:
        check.refuse(
            "seen_items_policy", f"must leave out as much as {says.name}, as the placement {placement.name!r} says"
        )
    return asked
