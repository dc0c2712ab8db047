"""JSON Lines: one object a line, every value as text (lists and objects as JSON); broken lines are found one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Rejects
from shortlist_data.source_text import NO_TEXT, Text, is_utf8

_BLOCK = 1 << 24
_SUSPECTS = 256  # lines that are parsed at once while looking for broken ones


def jsonl_batches(path: Path, file: BinaryIO, rejects: Rejects, how: Reading) -> Iterator[pl.DataFrame]:
    """See `shortlist_data.source.batches`. A frame has the columns of its block, a key that no line has is none."""
    line, seen = 1, False
    stream = file if is_utf8(how.encoding) else Text(file, how.encoding)
    for block in _blocks(stream):
        seen = True
        text = block.replace(NO_TEXT.encode(), b"\xff")  # which is no UTF-8, so that its line is no JSON
        lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line == 1 else text.split(b"\n")
        numbered = pl.DataFrame({"content": lines}, schema={"content": pl.Binary}).with_row_index(LINE, line)
        line += len(lines)
        rows = numbered.with_columns(pl.col(LINE).cast(pl.Int64)).filter(~pl.col("content").is_in([b"", b"\r"]))
        rejects.read += rows.height
        yield parse_objects(rows, rejects)
    if not seen:
        raise DataError(f"{path}: the file is empty")


def _blocks(file: BinaryIO | Text) -> Iterator[bytes]:
    """Runs of whole lines, without the last line break."""
    rest = b""
    while data := file.read(_BLOCK):
        whole, found, tail = data.rpartition(b"\n")
        if found:
            yield rest + whole
            rest = tail
        else:
            rest += tail
    if rest:
        yield rest


def parse_objects(rows: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """The objects of `rows` (LINE, content: one JSON object in bytes) as columns of text; others go to `rejects`."""
    parsed = _decode(rows["content"])
    if parsed is None and rows["content"].bin.contains(b"NaN").any():  # as Python writes it, against the standard
        mended = [_without_nan(raw) if b"NaN" in raw else raw for raw in rows["content"]]
        rows = rows.with_columns(pl.Series("content", mended, pl.Binary))
        parsed = _decode(rows["content"])
    if parsed is None:
        broken = pl.Series(_broken(rows["content"]), dtype=pl.Boolean)
        content = pl.col("content").map_elements(lambda raw: raw.decode(errors="replace"), pl.String)
        rejects.add(rows.filter(broken).select(line=LINE, reason=pl.lit("invalid JSON"), content=content))
        rows = rows.filter(~broken)
        parsed = _decode(rows["content"])
        assert parsed is not None
    return parsed.with_columns(rows[LINE])


def _without_nan(raw: bytes) -> bytes:
    """An object with null for NaN; `raw` where it is no JSON either way."""
    try:
        return json.dumps(json.loads(raw, parse_constant=_null_of_nan), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return raw


def _null_of_nan(word: str) -> None:
    if word != "NaN":  # infinity is not nothing
        raise ValueError(word)


def _broken(lines: pl.Series) -> list[bool]:
    broken: list[bool] = []
    for part in lines.to_frame().iter_slices(_SUSPECTS):
        if _decode(part.to_series()) is not None:
            broken += [False] * part.height
        else:
            broken += [_decode(pl.Series([raw], dtype=pl.Binary)) is None for raw in part.to_series()]
    return broken


def _decode(lines: pl.Series) -> pl.DataFrame | None:
    """One row a line, all columns text; None where a line is not one JSON object."""
    if not len(lines):
        return pl.DataFrame()
    text = b"\n".join(lines)
    try:
        keys = pl.read_ndjson(text, infer_schema_length=None).columns
        frame = pl.read_ndjson(text, schema=dict.fromkeys(keys, pl.String))
    except pl.exceptions.PolarsError:
        return None
    return frame if frame.height == len(lines) else None
