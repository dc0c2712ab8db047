"""Tables: rows of values that a person reads as text, and a program as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.table import Column as RichColumn
from rich.table import Table as RichTable
from rich.text import Text

from shortlist_core.terminal import plain

Show = Callable[[Any], str]
"""How a value is shown to a person."""


def shown(value: object) -> str:
    """A value as a person reads it: numbers with separators, times in UTC, lists with commas, None as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case list() | tuple():
            return ", ".join(map(shown, value))
    return str(value)


def key_of(words: str) -> str:
    """The key in JSON for the words at the head of a column or beside a fact: `data until` gives `data_until`."""
    return re.sub(r"\W+", "_", words.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    head: str
    key: str = ""  # in JSON; empty: that of the head
    show: Show = shown
    whole: bool = False  # a cell stays on one line, as a number does


class Table(RichTable):
    """A table of values: titles, heads and cells are shown as `plain` shows them, and whole: what is long is folded.

    It is a table of rich's, so a console prints it; `records` is the same for programs.
    """

    def __init__(
        self, *columns: str | Column, title: str | None = None, show_header: bool = True, left: bool = False
    ) -> None:
        super().__init__(
            title=None if title is None else Text(plain(title), style="table.title"),
            show_header=show_header,
            title_justify="left" if left else "center",
        )
        self._described: list[Column] = []
        self._values: list[tuple[object, ...]] = []
        for column in columns:
            self.column(column)

    def column(self, column: str | Column) -> None:
        """Add a column behind the others, before there are rows."""
        described = Column(column) if isinstance(column, str) else column
        self._described.append(described)
        head = Text(plain(described.head))
        self.columns.append(RichColumn(header=head, overflow="fold", no_wrap=described.whole, _index=len(self.columns)))

    def row(self, *values: object) -> None:
        """Add a row of such values, one for each column."""
        self._values.append(values)
        cells = (column.show(value) for column, value in zip(self._described, values, strict=True))
        self.add_row(*(Text(plain(cell)) for cell in cells))

    def right(self, *numbers: int) -> Table:
        """Justify the columns of these numbers to the right and keep their cells on one line. Returns the table."""
        for number in numbers:
            self.columns[number].justify, self.columns[number].no_wrap = "right", True
        return self

    def records(self) -> list[dict[str, object]]:
        """The rows as objects of JSON, their keys in the order of the columns."""
        keys = [column.key or key_of(column.head) for column in self._described]
        return [dict(zip(keys, values, strict=True)) for values in self._values]


class Facts(Table):
    """A table of what is known of one thing: a line for each fact."""

    def __init__(self, title: str, what: str = "what", value: str = "value", show_header: bool = True) -> None:
        super().__init__(what, value, title=title, show_header=show_header)
        self._facts: dict[str, object] = {}

    def fact(self, what: str, value: object, key: str | None = None, show: Show = shown) -> None:
        """Add a line. `key` is that in JSON; left out: that of the words; empty: the fact is for people alone."""
        self.row(what, show(value))
        if key != "":
            self._facts[key or key_of(what)] = value

    def record(self) -> dict[str, object]:
        """The facts as an object of JSON."""
        return dict(self._facts)
