"""Table importer: files of events, items and users in any usual format, with columns mapped to canonical names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data import schema
from shortlist_data.clean import (
    Rules,
    clean_interactions,
    clean_items,
    clean_users,
    distinct_ids,
    distinct_interactions,
)
from shortlist_data.dataset import Dataset, untitled_items
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.source import batches

Mapped = Mapping[str, Mapping[str, str]]
"""Table -> canonical column -> column of the source."""

_Clean = Callable[[pl.DataFrame, Rules, Rejects], pl.DataFrame]


@dataclass(frozen=True)
class Tables:
    """What to import: a file for each table, and how to read it."""

    interactions: Path
    items: Path | None = None
    users: Path | None = None
    columns: Mapped = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    reading: Reading = field(default_factory=Reading)


def import_tables(tables: Tables) -> Imported:
    """Read the files of `tables` into a data set. Rows that cannot be used are rejected with line and reason.

    Raises DataError where a file is missing or not in its format, or a required column is missing.
    """
    if tables.rules.event_type not in schema.EVENT_NAMES:
        meant = did_you_mean(tables.rules.event_type, schema.EVENT_NAMES)
        raise DataError(f"event type {tables.rules.event_type!r} is not one of {', '.join(schema.EVENT_NAMES)}{meant}")
    rejects = {name: Rejects(name) for name in schema.TABLES}
    frames = {
        "interactions": read_interactions(tables, rejects["interactions"]),
        "items": _read_ids("items", tables.items, clean_items, tables, rejects["items"]),
        "users": _read_ids("users", tables.users, clean_users, tables, rejects["users"]),
    }
    return imported(frames, [of_table for of_table in rejects.values() if of_table.read])


def imported(frames: Mapping[str, pl.DataFrame], rejects: Sequence[Rejects]) -> Imported:
    """The result of an import from clean canonical frames ("interactions" and any of "items", "users")."""
    dataset = Dataset.of(frames["interactions"], frames.get("items"), frames.get("users"), where="import")
    untitled = len(untitled_items(frames["interactions"], frames.get("items", schema.empty("items"))))
    return Imported(dataset, tuple(rejects), {"items only in interactions (no title)": untitled})


def read_interactions(tables: Tables, rejects: Rejects) -> pl.DataFrame:
    """Clean canonical interactions of `tables.interactions`, in the order of the source, without exact duplicates."""
    clean = _clean_batches("interactions", tables.interactions, clean_interactions, tables, rejects)
    return distinct_interactions(clean, rejects).drop(LINE)


def parse_columns(texts: Iterable[str]) -> dict[str, dict[str, str]]:
    """The column mapping given by texts like "interactions.user_id=customer_id" and by TOML files; later ones win.

    Raises DataError for any other text, a file that cannot be read, and tables or columns that are not canonical.
    """
    columns: dict[str, dict[str, str]] = {}
    for text in texts:
        for table, pairs in (_read_mapping(Path(text)) if text.endswith(".toml") else _parse_pair(text)).items():
            columns.setdefault(table, {}).update(pairs)
    return _known_columns(columns)


def parse_event_types(texts: Iterable[str]) -> dict[str, str]:
    """The source's event names, each with the canonical one, from texts like "buy=purchase". Raises DataError."""
    names = {}
    for text in texts:
        source, equals, name = text.partition("=")
        if not equals or name.strip() not in schema.EVENT_NAMES:
            known, meant = ", ".join(schema.EVENT_NAMES), did_you_mean(name.strip(), schema.EVENT_NAMES)
            raise DataError(f"event type {text!r} is not of the form yours=ours with {known}{meant}")
        names[source.strip()] = name.strip()
    return names


def _parse_pair(text: str) -> dict[str, dict[str, str]]:
    target, equals, source = text.partition("=")
    table, dot, column = target.strip().partition(".")
    if not (equals and dot and source.strip()):
        raise DataError(f"column mapping {text!r} is not of the form table.column=source, nor a .toml file")
    return {table: {column: source.strip()}}


def _read_mapping(path: Path) -> dict[str, dict[str, str]]:
    """The mapping in a TOML file: a section for each table, `canonical = "source"` in it. Raises DataError."""
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: cannot read the mapping: {error}") from error
    if not all(isinstance(section, dict) for section in sections.values()):
        raise DataError(f'{path}: write sections such as [interactions] with lines such as user_id = "customer"')
    return {t: {c: str(s) for c, s in section.items()} for t, section in sections.items()}


def _known_columns(columns: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    for table, pairs in columns.items():
        if table not in schema.TABLES:
            known, meant = ", ".join(schema.TABLES), did_you_mean(table, schema.TABLES)
            raise DataError(f"column mapping: there is no table {table!r}, only {known}{meant}")
        for column in pairs:
            if column not in schema.TABLES[table]:
                known, meant = ", ".join(schema.TABLES[table]), did_you_mean(column, schema.TABLES[table])
                raise DataError(f"column mapping: {table} has no column {column!r}, only {known}{meant}")
    return columns


def _read_ids(table: str, path: Path | None, clean: _Clean, tables: Tables, rejects: Rejects) -> pl.DataFrame:
    if path is None:
        return schema.empty(table)
    frame = _clean_batches(table, path, clean, tables, rejects)
    return distinct_ids(frame, schema.REQUIRED[table][0], rejects).drop(LINE)


def _clean_batches(table: str, path: Path, clean: _Clean, tables: Tables, rejects: Rejects) -> pl.DataFrame:
    mapping = tables.columns.get(table, {})
    frames, seen = [], set[str]()
    for batch in batches(path, rejects, tables.reading):
        seen |= set(batch.columns)
        raw = _renamed(table, batch, mapping)
        frames.append(clean(raw, tables.rules, rejects))
    wanted = {mapping.get(name, name) for name in schema.REQUIRED[table]} | set(mapping.values())
    for column in sorted(wanted - seen):
        present = ", ".join(sorted(seen - {LINE})) or "none"
        raise DataError(f"{path}: there is no column {column!r} (the columns are {present}); map it with --columns")
    return pl.concat(frames)


def _renamed(table: str, batch: pl.DataFrame, mapping: Mapping[str, str]) -> pl.DataFrame:
    """`batch` under canonical names; required columns that it lacks are added with nulls."""
    named = {source: name for name, source in mapping.items()}
    # A source's column "value" is left out when another column is mapped to value.
    rest = [name for name in batch.columns if name not in named and name not in mapping]
    mapped = [pl.col(source).alias(name) for name, source in mapping.items() if source in batch.columns]
    absent = [name for name in schema.REQUIRED[table] if name not in mapping and name not in batch.columns]
    absent += [name for name, source in mapping.items() if source not in batch.columns]
    return batch.select(*rest, *mapped, *(pl.lit(None, pl.String).alias(name) for name in absent))
