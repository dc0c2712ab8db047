"""Generated tables: cells in the forms that other programs write, each with what it means, in a file of some format."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NULLS = ("", "NaN", "nan", "N/A", "NA", "null", "NULL", "None", "-", "<NA>", "#N/A", r"\N", "#NULL!")
JUNK_NUMBERS = ("12 or so", "free", "1.2.3", "(5)", "1-2", "x", "12 kg", "1e999")
JUNK_TIMES = ("soon", "2024-02-30", "2024-13-01 10:00", "9999-12-31", "0000-00-00", "1901-01-01")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ äöüßéñ"
FARTHER = LETTERS + "日本☕жλ\"',;|[]{}<>&%$#=-+."


@dataclass
class Cell:
    """What is written, and what it means: None for nothing, NONSENSE for what cannot be read."""

    written: Any
    means: Any


NONSENSE = object()


@dataclass
class Style:
    """A way to write times or numbers."""

    write: Callable[[Any], Any]
    told: dict[str, Any] = field(default_factory=dict)  # rules that a caller must say
    step: timedelta = timedelta(seconds=1)  # what it can tell apart
    refused: bool = False  # whether no importer can know what it means


@dataclass
class Table:
    """A file, what each of its rows means, and what its reader is told."""

    path: Path
    rows: list[dict[str, Cell]]
    broken: int  # records of the file beside the rows
    rules: dict[str, Any]
    encoding: str
    refused: bool


def _since(moment: datetime, zero: datetime = EPOCH) -> int:
    """Microseconds."""
    return (moment - zero) // timedelta(microseconds=1)


_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_YEAR_1, _1601, _1900 = (datetime(*date, tzinfo=UTC) for date in ((1, 1, 1), (1601, 1, 1), (1899, 12, 30)))
_BERLIN = ZoneInfo("Europe/Berlin")

TIMES = {
    "iso date": Style(lambda t: f"{t:%Y-%m-%d}", step=_DAY),
    "iso": Style(lambda t: f"{t:%Y-%m-%dT%H:%M:%SZ}"),
    "iso blank": Style(lambda t: f"{t:%Y-%m-%d %H:%M:%S.%f}", step=timedelta(microseconds=1)),
    "iso offset": Style(lambda t: f"{t + timedelta(hours=5, minutes=30):%Y/%m/%d %H:%M:%S+05:30}"),
    "seconds": Style(lambda t: _since(t) // 1_000_000),
    "seconds as floats": Style(lambda t: _since(t) / 1_000_000),
    "milliseconds": Style(lambda t: _since(t) // 1_000),
    "microseconds": Style(_since, step=timedelta(microseconds=1)),
    "nanoseconds": Style(lambda t: _since(t) * 1_000, step=timedelta(microseconds=1)),
    "excel": Style(lambda t: (t - _1900) / _DAY, step=timedelta(hours=6)),
    "ticks": Style(lambda t: _since(t, _YEAR_1) * 10),
    "filetime": Style(lambda t: _since(t, _1601) * 10),
    "yyyymmdd": Style(lambda t: int(f"{t:%Y%m%d}"), step=_DAY),
    "yyyymmddhhmmss": Style(lambda t: f"{t:%Y%m%d%H%M%S}"),
    "dots": Style(lambda t: f"{t:%d.%m.%Y %H:%M}", step=_MINUTE),
    "days first": Style(lambda t: f"{t:%d/%m/%Y %H:%M}", step=_MINUTE),
    "months first": Style(lambda t: f"{t:%m/%d/%Y %I:%M %p}", step=_MINUTE),
    "mail": Style(format_datetime),
    "words": Style(lambda t: f"{t:%b %d, %Y %H:%M:%S}"),
    "told: short years": Style(lambda t: f"{t:%d.%m.%y %H:%M}", {"time_format": "%d.%m.%y %H:%M"}, _MINUTE),
    "told: day numbers": Style(lambda t: (t - EPOCH) // _DAY, {"time_format": "days"}, _DAY),
    "told: days first": Style(lambda t: f"{t:%d/%m/%Y}", {"time_format": "%d/%m/%Y"}, _DAY),
    "told: zone": Style(lambda t: f"{t.astimezone(_BERLIN):%Y-%m-%d %H:%M:%S}", {"time_zone": "Europe/Berlin"}),
    "years": Style(lambda t: t.year, refused=True),
    "day numbers": Style(lambda t: (t - EPOCH) // _DAY, refused=True),
    "counted": Style(lambda t: _since(t) % 1_000, refused=True),
    "short years": Style(lambda t: f"{t:%d.%m.%y}", refused=True),
}

_COMMA = str.maketrans(",.", ".,")
NUMBERS = {
    "points": Style(lambda v: f"{v:.2f}"),
    "commas": Style(lambda v: f"{v:.2f}".translate(_COMMA)),
    "points with thousands": Style(lambda v: f"{v:,.2f}"),
    "commas with thousands": Style(lambda v: f"{v:,.2f}".translate(_COMMA)),
    "euros": Style(lambda v: f"{v:,.2f} €".translate(_COMMA)),
    "dollars": Style(lambda v: f"${v:,.2f}"),
    "blanks": Style(lambda v: f"{v:,.2f}".replace(",", "\u00a0").replace(".", ",")),
    "three digits": Style(lambda v: f"{v:.3f}".translate(_COMMA)),
    "exponents": Style(lambda v: f"{v:.6e}"),
    "told: whole thousands": Style(lambda v: f"{round(v):,}".translate(_COMMA), {"decimal": ","}),
    "numbers": Style(lambda v: round(v, 2)),
}

NOTATIONS: tuple[Callable[[list[str]], str], ...] = (
    "|".join,
    lambda names: json.dumps(names),
    lambda names: json.dumps(names, ensure_ascii=False),
    repr,
    lambda names: "[" + " ".join(map(repr, names)) + "]",
    lambda names: repr([{"id": i, "name": name} for i, name in enumerate(names)]),
)


def interactions(chance: random.Random, folder: Path) -> Table:
    """Events, some of whose rows are broken."""
    name = chance.choice(list(TIMES))
    time, number = TIMES[name], NUMBERS[chance.choice(list(NUMBERS))]
    start = datetime(1995, 1, 2, tzinfo=UTC) + chance.random() * timedelta(days=365 * 31)
    span = chance.choice((timedelta(hours=20), timedelta(days=30), timedelta(days=120)))
    rows = []
    for i in range(chance.randint(1, 30)):
        moment = _at(start + chance.random() * span, time.step)
        if name == "told: zone" and moment.astimezone(_BERLIN).fold:
            moment += timedelta(hours=1)  # what clocks showed twice is read as the first
        cell = Cell(time.write(moment), moment)
        row = {"user_id": _id(chance, i), "item_id": Cell(f"i{i}", f"i{i}"), "timestamp": cell}
        row["value"] = _number(chance, number)
        if chance.random() < 0.03:
            row["user_id"] = Cell(chance.choice((*NULLS, "x" * 129, "a\tb")), NONSENSE)
        elif chance.random() < 0.03 and not time.refused:
            row["timestamp"] = Cell(chance.choice((*NULLS, *JUNK_TIMES)), NONSENSE)
        rows.append(row)
    return _table(chance, folder / "interactions", rows, time.told | number.told, time.refused)


def items(chance: random.Random, folder: Path) -> Table:
    """Items with titles, categories and prices."""
    number, notation = NUMBERS[chance.choice(list(NUMBERS))], chance.choice(NOTATIONS)
    rows = []
    for i in range(chance.randint(1, 20)):
        names = list(dict.fromkeys(_words(chance, LETTERS.replace(" ", "")) for _ in range(chance.randint(1, 4))))
        title = _words(chance, FARTHER)
        row = {"item_id": Cell(f"i{i}", f"i{i}"), "title": Cell(title, title), "price": _number(chance, number)}
        row["categories"] = Cell(notation(names), names)
        if chance.random() < 0.1:
            row["categories"] = Cell(chance.choice(NULLS), [])
        rows.append(row)
    return _table(chance, folder / "items", rows, number.told, False)


def _at(moment: datetime, step: timedelta) -> datetime:
    return EPOCH + (moment - EPOCH) // step * step


def _id(chance: random.Random, i: int) -> Cell:
    text = chance.choice((f"u{i}", f"{i:06}", str(i), f"ü {i}", f"{i}.0"))
    return Cell(text, text)


def _number(chance: random.Random, style: Style) -> Cell:
    if chance.random() < 0.1:
        return Cell(chance.choice(NULLS), None)
    if chance.random() < 0.05:
        return Cell(chance.choice(JUNK_NUMBERS), NONSENSE)
    value = round(chance.choice((chance.uniform(0, 10), chance.uniform(1_000, 1e6), float(chance.randint(0, 99)))), 2)
    value = float(round(value)) if style is NUMBERS["told: whole thousands"] else value
    return Cell(style.write(value), value)


def _words(chance: random.Random, letters: str) -> str:
    return "w" + "".join(chance.choices(letters, k=chance.randint(1, 12))).strip()


def _table(
    chance: random.Random, stem: Path, rows: list[dict[str, Cell]], told: dict[str, Any], refused: bool
) -> Table:
    format = chance.choice(("csv", "csv", "csv", "tsv", "jsonl", "json", "parquet"))
    names = list(rows[0])
    chance.shuffle(names)
    written = [{name: row[name].written for name in names} for row in rows]
    path = stem.with_suffix(f".{format}")
    if format == "parquet":
        columns = {name: [row[name] for row in written] for name in names}
        mixed = {name for name, cells in columns.items() if len(set(map(type, cells))) > 1}
        plain = {name: list(map(str, cells)) if name in mixed else cells for name, cells in columns.items()}
        pl.DataFrame(plain, strict=False).write_parquet(path)
        return Table(path, rows, 0, told, "utf-8", refused)
    text, broken = _text(chance, format, names, written)
    encoding, shown = chance.choice(
        (("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-8"), ("utf-16-le",) * 2)
    )
    if format in ("csv", "tsv") and text.encode("cp1252", "ignore").decode("cp1252") == text:
        encoding, shown = chance.choice(((encoding, shown), ("cp1252", "cp1252")))
    path.write_bytes(text.encode(encoding))
    return Table(path, rows, broken, told, shown, refused)


def _text(chance: random.Random, format: str, names: list[str], rows: list[dict[str, Any]]) -> tuple[str, int]:
    """The file's text, and how many records in it are broken."""
    if format == "json":
        return json.dumps(rows, indent=chance.choice((None, 1)), ensure_ascii=chance.random() < 0.5), 0
    lines = []
    if format == "jsonl":
        lines = [json.dumps(row, ensure_ascii=chance.random() < 0.5) for row in rows]
        bad = '{"item_id": '
    else:
        separator = "\t" if format == "tsv" else chance.choice(",;|\t")
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=separator, lineterminator="\0")
        writer.writerows([names, *([row[name] for name in names] for row in rows)])
        lines = buffer.getvalue().split("\0")[:-1]
        bad = separator.join("x" * (len(names) + 1))
    broken = 0
    for at in range(len(lines), 0, -1):
        if chance.random() < 0.02:
            lines.insert(at, bad)
            broken += 1
    return chance.choice(("\n", "\r\n")).join(lines) + "\n", broken
