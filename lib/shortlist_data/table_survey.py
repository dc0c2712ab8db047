"""Survey of a table: what only a whole file tells of its cells, found out before they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from shortlist_data.categories import LIST
from shortlist_data.cells import text_of
from shortlist_data.null_words import without_null_words
from shortlist_data.numbers import DecimalSurvey
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import usual_decimal
from shortlist_data.time_survey import TimeSurvey

_NUMBERS = {"interactions": "value", "items": "price"}
_SEPARATORS = ("|", ";", ",", ">", "/", "\t")
"""What may part categories: the one that is most frequent is proposed where the separator itself never comes up."""


class TableSurvey:
    """What the cells of one file look like, batch by batch."""

    def __init__(self, table: str, path: Path, rules: Rules, how: Reading) -> None:
        self._rules, self._path, self._how = rules, path, how
        self._number = _NUMBERS.get(table)
        self._times = TimeSurvey(f"{path}: timestamp") if table == "interactions" else None
        self._decimals = DecimalSurvey()
        self._categories = _SeparatorSurvey(rules.separator) if table == "items" else None

    def add(self, raw: pl.DataFrame) -> bool:
        """Look at more rows, under canonical names; whether further ones can tell anything."""
        open_questions = False
        if self._times and self._rules.time_format is None and _tells(raw, "timestamp", numbers=True):
            times = raw.select(
                without_null_words(text_of(raw, "timestamp")) if _tells(raw, "timestamp") else "timestamp"
            )
            self._times.add(times.to_series(), raw[LINE])
            open_questions = True
        if self._number and self._rules.decimal is None and _tells(raw, self._number):
            self._decimals.add(raw.select(text_of(raw, self._number)).to_series(), raw[LINE])
            open_questions = True
        if self._categories and _tells(raw, "categories"):
            self._categories.add(raw)
            open_questions = True
        return open_questions

    def rules(self, rejects: Rejects) -> Rules:
        """The rules with what was found out. Raises DataError where the times cannot be told."""
        rules = self._rules
        if self._times:
            rules = self._times.rules(rules)
        if self._number and rules.decimal is None:
            rules = replace(rules, decimal=self._decimals.decimal(usual_decimal(self._path, self._how)))
            if rules.decimal is None:
                what = f"{self._number} that is a fraction or thousands: unknown; say --decimal . or --decimal ,"
                rejects.note(what, *self._decimals.unclear())
        if self._categories:
            self._categories.note(rejects)
        return rules


class _SeparatorSurvey:
    """Whether categories are parted by another separator than the one that was said."""

    def __init__(self, separator: str) -> None:
        self._separator = separator
        self._used = False
        self._counts = dict.fromkeys(_SEPARATORS, 0)
        self._examples: dict[str, tuple[str, int]] = {}

    def add(self, raw: pl.DataFrame) -> None:
        if self._used:
            return
        cells = raw.select(LINE, cell=without_null_words(text_of(raw, "categories")))
        cells = cells.filter(~pl.col("cell").str.contains(LIST)).unique("cell", maintain_order=True)
        self._used = bool(cells["cell"].str.contains(self._separator, literal=True).any())
        for mark in _SEPARATORS:
            having = cells.filter(pl.col("cell").str.contains(mark, literal=True))
            self._counts[mark] += having.height
            if having.height:
                self._examples.setdefault(mark, (having["cell"][0], having[LINE][0]))

    def note(self, rejects: Rejects) -> None:
        """Say so where the separator never came up and another one did."""
        mark = max(self._counts, key=lambda each: self._counts[each])
        if not self._used and self._counts[mark]:
            rejects.note(
                f"kinds of categories with {mark!r} inside, each read as one: --category-separator {mark!r} parts them",
                self._counts[mark],
                *self._examples[mark],
            )


def _tells(raw: pl.DataFrame, name: str, numbers: bool = False) -> bool:
    """Whether the column is there and holds text, or numbers where those count too."""
    dtype = raw.schema.get(name)
    return dtype == pl.String or (numbers and dtype is not None and dtype.is_numeric())
