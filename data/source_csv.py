"""CSV and TSV: Arrow's parser finds the records, this module says which line each is on and which are malformed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import numpy as np
import polars as pl

from core.errors import DataError
from core.types import Int64s
from data.rejects import Rejects
from data.source import LINE, Reading

_BLOCK = 1 << 24
_UNCLOSED = "quote never closed"


def csv_batches(path: Path, file: BinaryIO, rejects: Rejects, how: Reading, tab: bool) -> Iterator[pl.DataFrame]:
    """See `data.source.batches`. Separators are told apart by which one the header line has most of."""
    import pyarrow

    stream = _Replayed(file)
    separator, header = _layout(path, stream, how, "\t" if tab else ",")
    records = _Records(header, headed=how.header is None, separator=separator, rejects=rejects)
    held: pl.DataFrame | None = None  # one frame back, for what its last row says when the file is over
    try:
        for batch in _open(stream, separator, len(header), how, records.ragged):
            if held is not None:
                yield held
            held = records.frame(cast(pl.DataFrame, pl.from_arrow(batch)))
    except pyarrow.ArrowInvalid as error:
        if "straddling" in str(error):
            raise DataError(f"{path}: line {records.line} or later: {_UNCLOSED}, or a row above 16 MiB") from error
        raise DataError(f"{path}: not readable as CSV: {str(error).splitlines()[0]}") from error
    except UnicodeError as error:
        raise DataError(f"{path}: not {how.encoding} text: {error}") from error
    records.finish()
    if held is not None:
        yield records.without_open_end(held, stream.tail)


class _Replayed(io.RawIOBase):
    """A stream whose start can be read ahead once, and which remembers the last bytes that went through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.start = file.read(1 << 16)
        self._pending = self.start
        self.tail = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data, self._pending = self._pending or self._file.read(size), b""
        self.tail = (self.tail + data[-8:])[-8:]
        return data


def _layout(path: Path, stream: _Replayed, how: Reading, usual: str) -> tuple[str, list[str]]:
    try:
        # The cut may have split a character; only the first record matters here.
        text = stream.start.decode(how.encoding, errors="ignore").removeprefix("\ufeff")
    except LookupError as error:
        raise DataError(f"{path}: there is no encoding {how.encoding!r}") from error
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    first = text.splitlines()[0]
    separator = how.separator or max((usual, ",", "\t", ";", "|"), key=first.count)
    if how.header is not None:
        return separator, list(how.header)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if how.quotes else csv.QUOTE_NONE
    header = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator, quoting=quoting))]
    repeated = [name for name in header if header.count(name) > 1]
    if repeated:
        raise DataError(f"{path}: column {repeated[0]!r} appears twice in the header")
    return separator, header


def _open(stream: _Replayed, separator: str, columns: int, how: Reading, on_invalid: Any) -> Any:
    import pyarrow
    import pyarrow.csv

    names = [f"f{i}" for i in range(columns)]
    return pyarrow.csv.open_csv(
        pyarrow.PythonFile(stream, mode="r"),
        # Rows carry their number only when parsed by one thread.
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=names, encoding=how.encoding.lower().replace("_", "-")
        ),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if how.quotes else False,
            newlines_in_values=how.quotes,
            ignore_empty_lines=False,
            invalid_row_handler=on_invalid,
        ),
        # Bytes, not text: one bad byte shall cost its own row only.
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pyarrow.binary())),
    )


def _decoded(column: pl.Series) -> pl.Series:
    """Bytes as text, null where they are not UTF-8."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(column.name, [_utf8(raw) for raw in column], dtype=pl.String)


def _utf8(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


class _Records:
    """Turns Arrow's batches into frames of text and keeps count of rows and lines across them."""

    def __init__(self, header: list[str], headed: bool, separator: str, rejects: Rejects) -> None:
        self._header = header
        self._headed = headed
        self._separator = separator
        self._rejects = rejects
        self._row = 1  # Arrow's number of the next record, the header and blank lines included
        self.line = 1  # on which that record starts
        self._ragged: list[tuple[int, str, str]] = []  # row, reason, raw text; not yet placed on a line

    def ragged(self, row: Any) -> str:
        """Arrow's handler for a record with the wrong number of columns."""
        reason = f"wrong number of columns ({row.actual_columns} instead of {row.expected_columns})"
        self._ragged.append((row.number, reason, row.text))
        return "skip"

    def frame(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The sound rows of `batch`, with their lines; the others go to the rejects."""
        text = pl.DataFrame([_decoded(column) for column in batch])
        text.columns = self._header
        breaks = text.select(pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0)))
        lines = self._place(breaks.to_series().cast(pl.Int64).to_numpy())
        text = text.with_columns(pl.Series(LINE, lines, dtype=pl.Int64))
        if self._headed and text.height:
            text, self._headed = text[1:], False
        fields = pl.col(self._header)
        text = text.filter(~pl.all_horizontal((fields == "").fill_null(False)))
        self._rejects.read += text.height
        odd = fields.str.contains("\n", literal=True) & (fields.str.count_matches('"', literal=True) % 2 == 1)
        text = self._keep(text, pl.any_horizontal(fields.is_null()), "not UTF-8 text: try --encoding latin-1")
        return self._keep(text, pl.any_horizontal(odd), _UNCLOSED)

    def without_open_end(self, frame: pl.DataFrame, tail: bytes) -> pl.DataFrame:
        """`frame`, the file's last, without a last row that runs over several lines to an end that closes no quote."""
        at_end = pl.int_range(pl.len()) == pl.len() - 1
        runs_on = pl.col(self._header[-1]).str.contains("\n", literal=True)
        closed = tail.rstrip(b"\r\n").endswith(b'"')
        return frame if closed else self._keep(frame, at_end & runs_on, _UNCLOSED)

    def finish(self) -> None:
        """Reject what was ragged after the last sound row."""
        self._place(np.zeros(0, np.int64))

    def _keep(self, frame: pl.DataFrame, bad: pl.Expr, reason: str) -> pl.DataFrame:
        rejected = frame.filter(bad)
        for row in rejected.iter_rows():
            content = self._separator.join(field or "" for field in row[:-1])
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
        swallowed = content.rstrip("\r\n").split("\n")
        self._rejects.read += len(swallowed)
        self._rejects.add(
            pl.DataFrame({"line": range(line, line + len(swallowed)), "content": swallowed}).with_columns(
                reason=pl.lit(reason)
            )
        )
