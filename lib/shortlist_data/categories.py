"""Categories of one cell, in the notations of JSON, Python, numpy, pandas, Postgres and Java, or with a separator."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import polars as pl

from shortlist_data.cells import text_of
from shortlist_data.null_words import WORDS, without_null_words

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_NUMPY = re.compile(rf"\[\s*(?:(?:{_QUOTED})\s*)+\]", re.DOTALL)
_NAMES = ("name", "title", "label", "value")
"""Keys of an object that hold a category's name, the best first."""

LIST = r"^(?:[\[{(]|array\(|list\(|set\(|frozenset\()"
"""How a cell begins that may be a list in some notation."""
_OPEN = re.compile(r"[\[{(]\s*[\[{\"']|array\(|list\(|set\(|frozenset\(")
"""How one begins that surely is."""

_PLAIN, _BROKEN = "plain", "broken"


def to_lists(raw: pl.DataFrame, name: str, separator: str) -> pl.DataFrame:
    """`names` (lists of text without outer blanks), `broken` and `bare`, for the cells of a column.

    Cells are lists, text in the notation of a list, or text with the separator. `broken` tells lists that cannot be
    read, which have no names, `bare` lists without quotes, such as [Shoes, Boots].
    """
    if name not in raw.columns:
        nothing = pl.Series("names", [[]], pl.List(pl.String)).new_from_index(0, raw.height)
        return nothing.to_frame().with_columns(broken=pl.lit(False), bare=pl.lit(False))
    if isinstance(raw.schema[name], pl.List):
        found = raw.select(names=pl.col(name).cast(pl.List(pl.String)), broken=pl.lit(False), bare=pl.lit(False))
    else:
        found = _of_text(raw.select(cell=text_of(raw, name)).to_series(), separator)
    stripped = pl.col("names").list.eval(pl.element().str.strip_chars())
    filled = stripped.list.eval(pl.element().filter(pl.element() != ""))
    return found.with_columns(filled.fill_null([]).alias("names"))


def _of_text(cells: pl.Series, separator: str) -> pl.DataFrame:
    frame = cells.alias("cell").to_frame()
    text = without_null_words(pl.col("cell"))
    split = frame.select(names=text.str.split(separator), broken=pl.lit(False), bare=pl.lit(False))
    listed = cells.str.contains(LIST).fill_null(False)
    if not listed.any():
        return split
    read = frame.join(_read_distinct(cells.filter(listed)), on="cell", how="left", maintain_order="left")
    return pl.concat([split.select(split="names"), read], how="horizontal").select(
        names=pl.when("broken").then(None).otherwise(pl.coalesce("names", "split")),
        broken=pl.col("broken").fill_null(False),
        bare=pl.col("bare").fill_null(False),
    )


def _read_distinct(cells: pl.Series) -> pl.DataFrame:
    """`cell` (each one once), its `names` (null where it is no list), and `broken` and `bare`."""
    distinct = cells.unique()
    read = [_read(cell) for cell in distinct]
    return pl.DataFrame(
        {
            "cell": distinct,
            "names": [None if isinstance(names, str) else names for names in read],
            "broken": [names == _BROKEN for names in read],
            "bare": [not (isinstance(names, str) or re.search(r"[\"'\d]", cell)) and len(cell) > 2
                     for cell, names in zip(distinct, read, strict=True)],
        },
        schema={"cell": pl.String, "names": pl.List(pl.String), "broken": pl.Boolean, "bare": pl.Boolean},
    )  # fmt: skip


def _read(cell: str) -> list[str] | str:
    """The names in a cell; _PLAIN where it is no list, _BROKEN where it is one that cannot be read."""
    found, names = None, None
    if cell.startswith("[") and cell.endswith("]"):
        found = _literal(cell)
        if found is None and not any(mark in cell[1:-1] for mark in "[]{}()\"'"):
            found = _bare(cell[1:-1])  # as Java, Scala and numpy write it: [Shoes, Boots], [1 2]
    elif cell.startswith("{") and cell.endswith("}"):
        found = [] if cell == "{}" else _literal(cell)
        if found is None and ":" not in cell:
            found = _postgres(cell[1:-1])  # {Shoes,"Rain boots"}
    elif cell.endswith(")") and _OPEN.match(cell):
        found = _literal(cell)
    if found is not None:
        names = _names(found)
        return _BROKEN if names is None else names
    return _BROKEN if _OPEN.match(cell) or (cell[0] + cell[-1] == "[]" and re.search(r"[\"']", cell)) else _PLAIN


def _literal(cell: str) -> Any:
    """What JSON or Python reads in the cell; None where it is neither."""
    try:
        return json.loads(cell, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        pass
    if _NUMPY.fullmatch(cell):  # before Python, which takes 'a' 'b' for one text
        return [ast.literal_eval(quoted) for quoted in re.findall(_QUOTED, cell)]
    try:
        return ast.literal_eval(re.sub(r"\bnan\b", "None", cell) if "nan" in cell else cell)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _names(found: Any) -> list[str] | None:
    """The names in what was read, those of lists in it too; None where something in it has no name."""
    if isinstance(found, dict):
        named = [found[key] for key in _NAMES if isinstance(found.get(key), str)]
        return named[:1] or None
    if isinstance(found, str):
        return [found]
    if found is None:
        return []
    if isinstance(found, bool | int | float):
        return [str(found)]
    if not isinstance(found, list | tuple | set | frozenset):
        return None
    names: list[str] = []
    for each in sorted(found, key=str) if isinstance(found, set | frozenset) else found:
        more = _names(each)
        if more is None:
            return None
        names += more
    return names


def _bare(inside: str) -> list[str]:
    words = inside.split(",") if "," in inside else [inside]
    if all(re.fullmatch(r"[\d.\s]*", word) for word in words):
        words = inside.replace(",", " ").split()
    return [word for word in words if word.strip().lower() not in WORDS]


def _postgres(inside: str) -> list[str]:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([^,"]+)', inside)
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted else plain for quoted, plain in parts]
