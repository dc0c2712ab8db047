"""Holds: which rules of its placement hold for a request, by time, user and context."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_core.catalog import Attribute
from shortlist_core.types import NO_GROUP, Queries
from shortlist_server.pipeline.query import Query
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.placements.rule import Asker, Hold


def holds_of(
    bundle: LoadedBundle, asked: Sequence[Query], queries: Queries, attributes: Sequence[Sequence[Attribute]], now: int
) -> tuple[tuple[Hold, ...], ...]:
    """Whether each rule of each query holds, [batch][rules of the query]; empty where no query has rules.

    `attributes` [batch] are what was sent or written of the users; what the bundle knows of them counts as well. `now`
    is in microseconds.
    """
    if not any(query.rules for query in asked):
        return ()
    return tuple(
        tuple(rule.hold(_asker(bundle, query, queries, attributes[i], i, now)) for rule in query.rules)
        for i, query in enumerate(asked)
    )


def _asker(
    bundle: LoadedBundle, query: Query, queries: Queries, attributes: Sequence[Attribute], i: int, now: int
) -> Asker:
    known = {*attributes, *_learned(bundle, queries, i)}
    return Asker(now, known, query.context_attributes, bool(queries.lengths[i]))


def _learned(bundle: LoadedBundle, queries: Queries, i: int) -> list[Attribute]:
    """The attributes that the bundle knows of a user."""
    if bundle.groups is None or queries.groups is None:
        return []
    return [bundle.groups.names[row] for row in queries.groups[i].tolist() if row != NO_GROUP]
