"""Table importer: files of events, items and users in any usual format, with columns mapped to canonical names."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data import schema
from shortlist_data.clean import clean_interactions, clean_items, clean_users, distinct_ids, distinct_interactions
from shortlist_data.dataset import Dataset
from shortlist_data.embeddings import same_length
from shortlist_data.pictures import with_pictures
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.rules import Rules
from shortlist_data.table_source import Read, TableSource, refuse_by_beginnings
from shortlist_data.times import check_format, check_zone
from shortlist_data.whole_notes import whole_notes

Mapped = Mapping[str, Mapping[str, str]]
"""Table -> canonical column -> column of the source."""


@dataclass(frozen=True)
class Tables:
    """What to import: a file for each table, and how to read it."""

    interactions: Path
    items: Path | None = None
    users: Path | None = None
    columns: Mapped = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    reading: Reading = field(default_factory=Reading)

    def source(self, table: str) -> TableSource | None:
        """The file of one of the tables, if there is one."""
        path: Path | None = getattr(self, table)
        if path is None:
            return None
        return TableSource(table, path, self.columns.get(table, {}), self.rules, self.reading)


def import_tables(tables: Tables) -> Imported:
    """Read the files of `tables` into a data set. Rows that cannot be used are rejected with line and reason.

    Raises DataError where a file is missing or not in its format, or where required columns are missing, which it names
    all at once.
    """
    _check_rules(tables.rules)
    sources = {name: source for name in schema.TABLES if (source := tables.source(name))}
    refuse_by_beginnings(sources.values())
    rejects = {name: Rejects(name) for name in sources}
    rejects["pictures"] = Rejects("pictures", optional=True)
    read = {name: _read(source, rejects) for name, source in sources.items()}
    frames = {name: of_table.frame for name, of_table in read.items()}
    events = frames["interactions"]
    if tables.rules.dislike_below is not None and not events["event_type"].is_in(["rating", "dislike"]).any():
        raise DataError("--dislike-below: no event is a rating; --event-type rating says that those without a type are")
    return replace(
        imported(frames, [of_table for of_table in rejects.values() if of_table.read]),
        headers={name: of_table.header for name, of_table in read.items()},
        event_words=read["interactions"].event_words,
    )


def _check_rules(rules: Rules) -> None:
    """Raise DataError where a rule cannot hold, before anything is read."""
    if rules.event_type not in schema.EVENT_NAMES:
        meant = did_you_mean(rules.event_type, schema.EVENT_NAMES)
        raise DataError(f"event type {rules.event_type!r} is not one of {', '.join(schema.EVENT_NAMES)}{meant}")
    if rules.decimal not in (None, ".", ","):
        raise DataError(f"decimal mark {rules.decimal!r} is neither . nor ,")
    if not rules.separator:
        raise DataError("the separator between categories is empty")
    if rules.time_format is not None:
        check_format(rules.time_format)
    if rules.time_zone is not None:
        check_zone(rules.time_zone)


def imported(frames: Mapping[str, pl.DataFrame], rejects: Sequence[Rejects]) -> Imported:
    """The result of an import from clean canonical frames ("interactions" and any of "items", "users")."""
    dataset = Dataset.of(frames["interactions"], frames.get("items"), frames.get("users"), where="import")
    notes = [note for of_table in rejects for note in of_table.notes]
    return Imported(dataset, tuple(rejects), (*notes, *whole_notes(frames)))


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
            if column in schema.MADE and column in schema.TABLES[table]:
                raise DataError(f"column mapping: no column is {table}.{column}; {schema.MADE[column]}")
            if column not in schema.TABLES[table]:
                known, meant = ", ".join(schema.TABLES[table]), did_you_mean(column, schema.TABLES[table])
                raise DataError(f"column mapping: {table} has no column {column!r}, only {known}{meant}")
    return columns


def _read(source: TableSource, rejects: Mapping[str, Rejects]) -> Read:
    """The clean canonical rows of a file, each once; those of items with the pictures that they name."""
    of_table = rejects[source.table]
    if source.table == "interactions":
        read = source.read(clean_interactions, of_table)
        return replace(read, frame=distinct_interactions(read.frame, of_table).drop(LINE))
    read = source.read(clean_items if source.table == "items" else clean_users, of_table)
    frame = distinct_ids(read.frame, schema.REQUIRED[source.table][0], of_table)
    if source.table == "items":
        frame = same_length(with_pictures(frame, source.path.parent, rejects["pictures"]), of_table)
    return replace(read, frame=frame.drop(LINE))
