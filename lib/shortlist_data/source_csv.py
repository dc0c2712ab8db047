"""CSV and TSV: Arrow's parser finds the records, this module says which line each is on and which are malformed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.types import Int64s
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source_text import NO_TEXT, Text

_BLOCK = 1 << 24
_UNCLOSED = "quote never closed"
_HINT = re.compile(rb'"?sep=(.)"?[ \t]*(?:\r\n?|\n)', re.IGNORECASE)
"""Excel's own line, by which it and those who write for it name the separator."""
OTHER_ENCODING = "--encoding cp1252"
"""What is offered for text that is not in the said encoding: the encoding that Excel and older programs write."""
UNDECODED = f"not text in this encoding: try {OTHER_ENCODING}"
"""The reason of rows with bytes that the encoding has no characters for."""


def csv_batches(path: Path, file: BinaryIO, rejects: Rejects, how: Reading, tab: bool) -> Iterator[pl.DataFrame]:
    """See `shortlist_data.source.batches`.

    A first line such as "sep=;" names the separator, as in Excel. Else it is the one that the header has most of.
    """
    import pyarrow

    stream = Text(file, how.encoding)
    separator, header = _layout(path, stream, how, "\t" if tab else ",")
    records = _Records(stream, header, headed=how.header is None, separator=separator, rejects=rejects)
    held: pl.DataFrame | None = None  # one frame back, for what its last row says when the file is over
    try:
        for batch in _open(stream, separator, len(header), how.quotes, records.ragged):
            if held is not None:
                yield held
            held = records.frame(cast(pl.DataFrame, pl.from_arrow(batch)))
    except pyarrow.ArrowInvalid as error:
        message = str(error).splitlines()[0]
        raise DataError(f"{path}: not readable as CSV after line {records.line}: {message}") from error
    records.finish()
    if held is not None:
        yield records.without_open_end(held)


def separator_of(path: Path, file: BinaryIO, how: Reading, tab: bool) -> str:
    """What is between the columns of a file. Raises DataError for a file without a header."""
    return _layout(path, Text(file, how.encoding), how, "\t" if tab else ",")[0]


def _layout(path: Path, stream: Text, how: Reading, usual: str) -> tuple[str, list[str]]:
    hinted = stream.skip(_HINT) if how.header is None else None
    # The cut may have split a character; only the first record matters here.
    text = stream.start.decode(errors="ignore").removeprefix("\ufeff")
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    lines = io.StringIO(text, newline=None)
    first = lines.readline()
    separator = how.separator or hinted or max((usual, ",", "\t", ";", "|"), key=first.count)
    if how.header is not None:
        return separator, list(how.header)
    if not first.strip():
        raise DataError(f"{path}: the first line is blank; it must name the columns")
    lines.seek(0)
    return separator, _names(path, lines, separator, how.quotes)


def _names(path: Path, lines: io.StringIO, separator: str, quotes: bool) -> list[str]:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    try:
        fields = next(csv.reader(lines, delimiter=separator, quoting=quoting))
    except csv.Error as error:
        raise DataError(f"{path}: cannot read the header: {error}") from error
    # Tables saved with their row numbers have a first column without a name. pandas would call it so, too.
    header = [name.strip() or f"Unnamed: {i - 1}" for i, name in enumerate(fields, start=1)]
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise DataError(f"{path}: column {repeated[0]!r} appears twice in the header")
    if any(NO_TEXT in name for name in header):
        raise DataError(f"{path}: the header is {UNDECODED}")
    return header


def _open(stream: Text, separator: str, columns: int, quotes: bool, on_invalid: Any) -> Any:
    import pyarrow
    import pyarrow.csv

    names = [f"f{i}" for i in range(columns)]
    return pyarrow.csv.open_csv(
        pyarrow.PythonFile(stream, mode="r"),
        # Rows carry their number only when parsed by one thread.
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=names),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if quotes else False,
            newlines_in_values=quotes,
            ignore_empty_lines=False,
            invalid_row_handler=on_invalid,
        ),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.string())),
    )


class _Records:
    """Turns Arrow's batches into frames of text and keeps count of rows and lines across them."""

    def __init__(self, stream: Text, header: list[str], headed: bool, separator: str, rejects: Rejects) -> None:
        self._stream = stream
        self._header = header
        self._headed = headed
        self._separator = separator
        self._rejects = rejects
        self._row = 1  # Arrow's number of the next record, the header and blank lines included
        self.line = 1 + stream.skipped  # on which that record starts
        self._ragged: list[tuple[int, str, str]] = []  # row, reason, raw text; not yet placed on a line

    def ragged(self, row: Any) -> str:
        """Arrow's handler for a record with the wrong number of columns."""
        reason = f"wrong number of columns ({row.actual_columns} instead of {row.expected_columns})"
        self._ragged.append((row.number, reason, row.text))
        return "skip"

    def frame(self, text: pl.DataFrame) -> pl.DataFrame:
        """The sound rows of one of Arrow's batches, with their lines; the others go to the rejects."""
        text.columns = self._header
        breaks = text.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0)))
        lines = self._place(breaks.to_series().cast(pl.Int64).to_numpy())
        text = text.with_columns(pl.Series(LINE, lines, dtype=pl.Int64))
        if self._headed and text.height:
            text, self._headed = text[1:], False
        fields = pl.col(self._header)
        text = text.filter(~pl.all_horizontal(fields == ""))
        self._rejects.read += text.height
        odd = fields.str.contains("\n", literal=True) & (fields.str.count_matches('"', literal=True) % 2 == 1)
        if self._stream.damaged:
            text = self._keep(text, pl.any_horizontal(fields.str.contains(NO_TEXT, literal=True)), UNDECODED)
        return self._keep(text, pl.any_horizontal(odd), _UNCLOSED)

    def without_open_end(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame`, the file's last, without a last row that runs over several lines to an end that closes no quote."""
        at_end = pl.int_range(pl.len()) == pl.len() - 1
        runs_on = pl.col(self._header[-1]).str.contains("\n", literal=True)
        closed = self._stream.tail.rstrip(b"\r\n").endswith(b'"')
        return frame if closed else self._keep(frame, at_end & runs_on, _UNCLOSED)

    def finish(self) -> None:
        """Reject what was ragged after the last sound row."""
        self._place(np.zeros(0, np.int64))

    def _keep(self, frame: pl.DataFrame, bad: pl.Expr, reason: str) -> pl.DataFrame:
        rejected = frame.filter(bad)
        for row in rejected.iter_rows():
            content = self._separator.join(row[:-1])
            self._reject(row[-1], reason, content)
            self._rejects.read -= 1  # counted once already
        return frame.filter(~bad) if rejected.height else frame

    def _place(self, breaks: Int64s) -> Int64s:
        """The lines on which the next sound records start, given how many line breaks each holds."""
        count, ragged = len(breaks), sorted(self._ragged)
        numbers = np.array([row for row, _, _ in ragged], np.int64)
        free = np.ones(count + len(ragged), np.bool_)
        free[numbers[numbers < self._row + len(free)] - self._row] = False
        sound = self._row + np.flatnonzero(free)[:count]
        passed = int((numbers < sound[-1]).sum()) if count else len(ragged)
        spans = 1 + np.concatenate([breaks, [text.count("\n") for _, _, text in ragged[:passed]]]).astype(np.int64)
        order = np.argsort(np.concatenate([sound, numbers[:passed]]))
        lines = np.empty(len(spans), np.int64)
        lines[order] = self.line + np.cumsum(spans[order]) - spans[order]
        for line, (_, reason, text) in zip(lines[count:].tolist(), ragged[:passed], strict=True):
            self._reject(line, reason, text)
        self.line += int(spans.sum())
        self._row += count + passed
        self._ragged = ragged[passed:]
        return lines[:count]

    def _reject(self, line: int, reason: str, content: str) -> None:
        """A record that swallowed further lines counts for each of them, so that none is lost in silence."""
        swallowed = content.replace(NO_TEXT, "\ufffd").rstrip("\r\n").split("\n")
        self._rejects.read += len(swallowed)
        self._rejects.add(
            pl.DataFrame({"line": range(line, line + len(swallowed)), "content": swallowed}).with_columns(
                reason=pl.lit(reason)
            )
        )
