"""Source of a table: a file, which columns of it are canonical ones, and its rows under their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.columns import Header, read_header, refuse_incomplete
from shortlist_data.event_types import unknown_words
from shortlist_data.inner_fields import inner_fields, with_inner_fields
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches, file_format
from shortlist_data.source_csv import OTHER_ENCODING, UNDECODED
from shortlist_data.table_survey import TableSurvey

Clean = Callable[[pl.DataFrame, Rules, Rejects], pl.DataFrame]


@dataclass(frozen=True)
class Read:
    """A table as read."""

    frame: pl.DataFrame
    header: Header
    event_words: Mapping[str, int]  # see shortlist_data.hints


@dataclass(frozen=True)
class TableSource:
    """A file with the rows of one table, and how it is to be read."""

    table: str
    path: Path
    mapping: Mapping[str, str]  # canonical column -> column of the file
    rules: Rules
    how: Reading

    def read(self, clean: Clean, rejects: Rejects) -> Read:
        """All rows, as `clean` makes them canonical. Raises DataError where a column is missing."""
        rules = self._surveyed(rejects)
        frames, columns, found, inner = [], dict[str, None](), dict[str, str](), dict[str, None]()
        words = Counter[str]()
        for header, batch in self._batches(rejects):
            columns |= dict.fromkeys(header.columns)
            found |= header.found
            inner |= dict.fromkeys(header.inner)
            words += self._event_words(header, batch)
            frames.append(clean(_renamed(batch, header), rules, rejects))
        header = Header(self.table, str(self.path), tuple(columns), self.mapping, found, tuple(inner), self._context)
        refuse_incomplete([header])
        return Read(pl.concat(frames), header, words)

    @property
    def _context(self) -> tuple[str, ...]:
        return self.rules.context if self.table == "interactions" else ()

    def beginning(self, rejects: Rejects) -> tuple[Header, Counter[str]] | None:
        """The columns and the unknown event types of the first rows; None where further rows may have other columns."""
        with closing(self._batches(rejects)) as read:  # so that the file and its progress are ended here
            header, batch = next(read)
            following = next(read, None)
        if following is not None and file_format(self.path, self.how) == "jsonl":
            return None
        if following is not None and not batch.height:
            header, batch = following
        return header, self._event_words(header, batch)

    def _batches(self, rejects: Rejects) -> Generator[tuple[Header, pl.DataFrame]]:
        json = self.path.is_file() and file_format(self.path, self.how) in ("json", "jsonl")
        for batch in batches(self.path, rejects, self.how):
            inner = inner_fields(batch) if json else ()
            batch = with_inner_fields(batch, [*self.mapping.values(), *self.rules.context]) if json else batch
            columns = [name for name in batch.columns if name != LINE]
            header = read_header(self.table, str(self.path), columns, self.mapping, inner)
            header = replace(header, context=self._context)
            if self.table == "interactions" and self.rules.time is not None:
                header, batch = self._with_time(header, batch, self.rules.time)
            yield header, batch

    def _with_time(self, header: Header, batch: pl.DataFrame, time: str) -> tuple[Header, pl.DataFrame]:
        """The rows with the same time each. Raises DataError where they tell one."""
        if "timestamp" in header.found:
            column = header.found["timestamp"]
            raise DataError(f"{self.path}: --time is for data without times, and the column {column!r} tells them")
        found = {**header.found, "timestamp": "timestamp"}
        return replace(header, found=found), batch.with_columns(pl.lit(time).alias("timestamp"))

    def _surveyed(self, rejects: Rejects) -> Rules:
        """The rules with what a first reading of the file finds out of its columns, as far as something is open."""
        survey = TableSurvey(self.table, self.path, self.rules, self.how)
        fixed = file_format(self.path, self.how) in ("csv", "tsv", "parquet")  # rows of JSON may have other columns
        for header, batch in self._batches(Rejects(self.table)):
            if not survey.add(_renamed(batch, header)) and fixed:
                break
        return survey.rules(rejects)

    def _event_words(self, header: Header, batch: pl.DataFrame) -> Counter[str]:
        if self.table != "interactions":
            return Counter()
        return unknown_words(batch, (header.known() | header.found).get("event_type", ""), self.rules)


def refuse_by_beginnings(sources: Iterable[TableSource]) -> None:
    """Refuse what the first rows of the files show to be incomplete, of all files at once and before any is read."""
    headers, words, encoding = list[Header](), Counter[str](), ""
    for source in sources:
        rejects = Rejects(source.table)
        if beginning := source.beginning(rejects):
            headers.append(beginning[0])
            words += beginning[1]
        if UNDECODED in rejects.counts:
            encoding = OTHER_ENCODING
    refuse_incomplete(headers, words, encoding)


def _renamed(batch: pl.DataFrame, header: Header) -> pl.DataFrame:
    """`batch` under canonical names; columns that must be there and are not are added with nulls."""
    # A source's column "value" is left out when another column is mapped to value.
    rest = [name for name in header.unread if name not in header.mapping]
    named = [pl.col(source).alias(name) for name, source in header.found.items()]
    absent = [pl.lit(None, pl.String).alias(name) for name in header.lacking]
    return batch.select(LINE, *rest, *named, *absent)
