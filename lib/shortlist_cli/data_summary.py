"""What was understood of a data set, for a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from shortlist_core.tables import Table
from shortlist_core.types import SECOND
from shortlist_data.splits import text_of
from shortlist_data.summary import Summary

_SHOWN = 10
"""Attributes that are named, the most frequent ones."""


def told(summary: Summary, read: Collection[str] = (), hints: Sequence[str] = ()) -> Iterator[Table | str]:
    """The counts as a table, then a line for what is missing or unusual, and for each hint.

    `read` names the columns that an item table had, as for `Summary.missing`.
    """
    table = Table("data set", "", title="What was understood")
    for what, found in _rows(summary):
        table.row(what, found)
    yield table
    yield from (f"warning: {sentence}" for sentence in (*summary.missing(read), *summary.unusual))
    yield from (f"note: {sentence}" for sentence in hints)


def document(summary: Summary, read: Collection[str] = (), hints: Sequence[str] = ()) -> dict[str, Any]:
    """The same for programs: the fields of the summary, with times as in RFC 3339, and the sentences."""
    counts = asdict(summary)
    del counts["unusual"]
    times = {"first": _time(summary.first), "last": _time(summary.last)}
    return counts | times | {"warnings": [*summary.missing(read), *summary.unusual], "notes": list(hints)}


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else datetime.fromtimestamp(micros / SECOND, UTC)


def _rows(summary: Summary) -> list[tuple[str, str]]:
    rows = [("interactions", f"{summary.interactions:,}")]
    rows += [(f"  {kind}", f"{count:,}") for kind, count in summary.event_types.items()]
    if summary.first is not None and summary.last is not None:
        rows.append(("from, to", f"{text_of(summary.first)}, {text_of(summary.last)}"))
    rows.append(("users with interactions", f"{summary.users:,}"))
    rows.append(("items", f"{summary.items:,}"))
    rows += [(f"  with {name}", _share(count, summary.items)) for name, count in summary.filled.items()]
    rows.append(("described items", f"{summary.described:,}"))
    rows.append(("  that occur in interactions", _share(summary.described_taken, summary.described)))
    rows.append(("interactions with other items", _share(summary.undescribed_interactions, summary.interactions)))
    rows.append(("attributes of items", _attributes(summary.item_attributes)))
    rows.append(("users with attributes", f"{summary.users_described:,}"))
    rows.append(("  who have interactions", _share(summary.users_described_seen, summary.users_described)))
    rows.append(("attributes of users", _attributes(summary.user_attributes)))
    return rows


def _share(count: int, whole: int) -> str:
    return f"{count:,} ({count / whole:.1%})" if whole else f"{count:,}"


def _attributes(counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{name} ({count:,})" for name, count in list(counts.items())[:_SHOWN])
    more = f" and {len(counts) - _SHOWN:,} others" if len(counts) > _SHOWN else ""
    return f"{shown}{more}" if counts else "none"
