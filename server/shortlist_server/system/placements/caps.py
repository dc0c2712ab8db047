"""Caps on the catalogue: how far a list gets within them, and which items they keep out of it then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from shortlist_core.types import NO_ITEM, Bools, Int32s
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_server.system.placements.rule import Cap, Grouping


def values_of(bundle: LoadedBundle, grouping: Grouping, rows: Int32s) -> Sequence[Sequence[str]]:
    """What each of the items at `rows` has in common with others: its categories, or its values of the attribute."""
    facts = bundle.items.facts
    if grouping.attribute:
        return facts.values_under(grouping.attribute, rows)
    return [facts.categories(row) for row in rows.tolist()]


def within_caps(bundle: LoadedBundle, caps: Sequence[Cap], rows: Int32s) -> tuple[int, Bools]:
    """How many of the items at `rows`, best first, a list within the caps holds, and what is kept out of it then.

    The second result is bool [rows of the catalogue].
    """
    rows = rows[rows != NO_ITEM]
    kinds = [_kinds(bundle, cap, rows) for cap in caps]
    counts, listed = [Counter[str]() for _ in caps], 0
    for own in zip(*kinds, strict=True):
        if all(counts[c][kind] < cap.most for c, cap in enumerate(caps) for kind in own[c]):
            listed += 1
            for count, of_cap in zip(counts, own, strict=True):
                count.update(set(of_cap))
    full: Bools = np.zeros(bundle.items.capacity, np.bool_)
    for cap, count in zip(caps, counts, strict=True):
        full |= _with_kind(bundle, cap, [kind for kind, held in count.items() if held >= cap.most])
    return listed, full


def _kinds(bundle: LoadedBundle, cap: Cap, rows: Int32s) -> Sequence[Sequence[str]]:
    """The kinds of each item that the cap counts."""
    if isinstance(cap.of, Grouping):
        return values_of(bundle, cap.of, rows)
    return [("",) if matches else () for matches in cap.of.of(bundle)[rows].tolist()]


def _with_kind(bundle: LoadedBundle, cap: Cap, kinds: Sequence[str]) -> Bools:
    """Which items of the catalogue are of one of the kinds, bool [rows]."""
    facts = bundle.items.facts
    if not kinds:
        return np.zeros(bundle.items.capacity, np.bool_)
    if not isinstance(cap.of, Grouping):
        return cap.of.of(bundle)
    return facts.with_attribute(cap.of.attribute, kinds) if cap.of.attribute else facts.in_any_category(kinds)
