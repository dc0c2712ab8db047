"""Columns: which column of a file is read as which canonical one, and what to type where the names are others."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shortlist_core.errors import DataError
from shortlist_data import schema
from shortlist_data.known_names import EVENTS, NAMES, RATINGS

_TYPED = re.compile(r":(token|token_seq|float|float_seq)$")  # RecBole writes the type of a column after its name

_EXTENDED = re.compile(r"\.\$(oid|date|numberLong|numberInt|numberDouble|numberDecimal)$")  # MongoDB writes types so
_TABLE = re.compile(r"^.*\w\.(?=\w)")
_DATUM = re.compile(r"[-+\d.,:/ TZ]*\d[-+\d.,:/ TZ]*")  # a number or a time, which is no name

_SHOWN = 40
"""Columns of a file that a refusal names."""


@dataclass(frozen=True)
class Header:
    """The columns of a file, and which of them are read as canonical ones."""

    table: str
    where: str  # the file
    columns: tuple[str, ...]
    mapping: Mapping[str, str]  # what the caller maps: canonical name -> column
    found: dict[str, str]  # canonical name -> column
    inner: tuple[str, ...] = ()  # fields inside of columns of objects, such as user.id, which can be mapped as well
    context: tuple[str, ...] = ()  # columns that say where or how an event happened

    @property
    def lacking(self) -> dict[str, str]:
        """What must be there and is not: canonical name -> the name that was looked for."""
        needed = dict.fromkeys([*schema.REQUIRED[self.table], *self.mapping])
        return {name: self.mapping.get(name, name) for name in needed if name not in self.found}

    @property
    def unread(self) -> list[str]:
        """The columns that are read as no canonical one, and of which no field is."""
        read = {*self.found.values(), *self._taken_apart}
        return [column for column in self.columns if column not in read]

    @property
    def unread_fields(self) -> list[str]:
        """The other fields of columns of which a field is read."""
        taken, read = self._taken_apart, self.found.values()
        return [name for name in self.inner if _column_of(name) in taken and name not in read]

    @property
    def _taken_apart(self) -> set[str]:
        return {_column_of(name) for name in self.found.values() if name in self.inner}

    def known(self) -> dict[str, str]:
        """For canonical names that nothing is read as: an unread column whose name other systems use for it."""
        columns: dict[str, str] = {}
        objects = {_column_of(name) for name in self.inner}
        plain = {_bare(column): column for column in reversed(self.unread) if column not in objects}
        plain |= {_letters(_EXTENDED.sub("", name)): name for name in reversed(self.inner)}
        for name, others in NAMES[self.table].items():
            alike = next((other for other in (plain_name(name), *others.split()) if other in plain), None)
            if alike is not None and name not in self.found:
                columns[name] = plain.pop(alike)
        return columns

    def options(self) -> dict[str, str]:
        """The options that map the columns of `known`, ready for a shell."""
        known = self.known()
        options = {name: _option(f"{self.table}.{name}={column}") for name, column in known.items()}
        if _bare(known.get("value", "")) in RATINGS and "event_type" not in {*known, *self.found}:
            options["value"] += " --event-type rating"
        return options


def plain_name(name: str) -> str:
    """A name without regard to case, blanks, underscores, hyphens and a byte order mark."""
    return re.sub(r"[\s_\-\ufeff]", "", name).casefold()


def read_header(
    table: str, where: str, columns: Sequence[str], mapping: Mapping[str, str], inner: tuple[str, ...] = ()
) -> Header:
    """Which of the `columns` of a file are read as canonical ones of `table`.

    A mapping (canonical name -> column) goes first, then a column of the very name, then one that differs from it only
    in what `plain_name` leaves out. A column of objects is no id and no time, unless it is mapped. Raises DataError
    where two columns differ so from a name.
    """
    found: dict[str, str] = {}
    plain = [column for column in columns if column not in {_column_of(name) for name in inner}]
    for name in [*mapping, *(name for name in schema.TABLES[table] if name not in {*mapping, *schema.MADE})]:
        fitting = plain if name in schema.REQUIRED[table] else columns
        free = columns if name in mapping else [column for column in fitting if column not in found.values()]
        alike = _alike(mapping.get(name, name), free)
        if len(alike) > 1:
            choice = " or ".join(_option(f"{table}.{name}={column}") for column in alike)
            raise DataError(f"{where}: {table}.{name} may be {' or '.join(map(repr, alike))}: choose one with {choice}")
        if alike:
            found[name] = alike[0]
    return Header(table, where, tuple(columns), mapping, found, inner)


def refuse_incomplete(headers: Iterable[Header], event_words: Iterable[str] = (), encoding: str = "") -> None:
    """Raise a DataError that names all that is missing in any table and, where names are known, what maps them.

    `event_words` are words for events that are no event types; `encoding` is an option that the rows need besides.
    """
    headers = list(headers)
    for header in headers:
        if absent := [name for name in header.context if name not in header.unread]:
            names = ", ".join(map(repr, absent))
            raise DataError(
                f"{header.where}: there is no further column {names} for --context"
                f" (the columns are {_listed(header.columns)})"
            )
    incomplete = [header for header in headers if header.lacking]
    if not incomplete:
        return
    said, options, unknown = list[str](), list[str](), list[str]()
    for header in incomplete:
        names = ", ".join(repr(name) for name in header.lacking.values())
        said.append(f"{header.where}: there is no column {names} (the columns are {_listed(header.columns)})")
        if any(_DATUM.fullmatch(column) for column in header.columns):
            said[-1] += ", as its first line looks like data: put a line above it that names the columns"
        pairs = header.options()
        options += pairs.values()
        unknown += [f"--columns {header.table}.{name}=..." for name in header.lacking if name not in pairs]
    if options and (events := offered_events(event_words)):
        options.append(events)
    if encoding:
        options.append(encoding)
    add = f"; add {' '.join(options)}" if options else ""
    also = f"; name {'also ' if options else ''}what stands for the rest: {' '.join(unknown)}" if unknown else ""
    timeless = any("interactions.timestamp" in option for option in unknown)
    day = f"--time {datetime.now(UTC):%Y-%m-%d}"
    when = f" (for data without times, add {day}, the day of all rows)" if timeless else ""
    raise DataError("; ".join(said) + add + also + when)


def offered_events(words: Iterable[str]) -> str:
    """The options that say what event types of other systems mean, ready for a shell; empty where none is known."""
    known = ((word, EVENTS.get(plain_name(word))) for word in words)
    return " ".join(f"--event-types {shlex.quote(f'{word}={kind}')}" for word, kind in known if kind)


def _listed(columns: Sequence[str]) -> str:
    more = f" and {len(columns) - _SHOWN:,} others" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more or "none"


def _option(pair: str) -> str:
    return f"--columns {shlex.quote(pair)}"


def _alike(wanted: str, columns: Sequence[str]) -> list[str]:
    """The column of that name or, where there is none, those whose names do not differ in what matters."""
    return [wanted] if wanted in columns else [each for each in columns if plain_name(each) == plain_name(wanted)]


def _bare(column: str) -> str:
    """The plain name of a column without the type that RecBole writes, the table before a dot, and other signs.

    The dot of an abbreviation, as in Art.-Nr., parts no table from a column.
    """
    return _letters(_TABLE.sub("", _TYPED.sub("", column)))


def _letters(name: str) -> str:
    """The plain name without other signs."""
    return re.sub(r"\W", "", plain_name(name))


def _column_of(field: str) -> str:
    """The column of objects in which a field lies."""
    return field.partition(".")[0]
