"""Numbers in text: prices and values with a decimal point or comma, thousands apart, and signs of currencies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

_CODES = (
    "AED|ARS|AUD|BDT|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KES|KRW|MXN|MYR|NGN|NOK"
    "|NZD|PEN|PHP|PKR|PLN|RMB|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_CURRENCY = rf"(?:US\$|[ACS]\$|R\$|\p{{Sc}}|(?i:{_CODES}|euros?|kr|Kč|zł|Ft|lei|Rs|Fr|лв|руб)\.?)"
_GAP = r"[\s\x{2009}\x{202f}\x{a0}'\x{2019}]"

_DIGITS = r"^[+-]?(?:\d+(?:M\d*)?|M\d+)"
_PLAIN = {mark: _DIGITS.replace("M", rf"\{mark}") + "(?:[eE][+-]?\\d+)?$" for mark in ".,"}
_GROUPED = {
    mark: rf"^[+-]?[1-9]\d{{0,2}}(?:{other}\d{{2,3}})*{other}\d{{3}}(?:\{mark}\d*)?$"
    for mark, other in ((".", ","), (",", r"\."))
}
_UNSURE = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
"""1.234 and 1,234: a fraction of three digits, or thousands."""


def read_numbers(text: pl.Series, decimal: str | None) -> pl.Series:
    """`text` (without outer blanks) as Float64, null where it is no finite number of 32 bits.

    `decimal` is "." or ","; the other mark may part thousands then. Where it is None a number is read whose own form
    makes the mark unmistakable: 1.5, 1,5 and 1.234,50 are, 1.234 is not. Signs of currencies before or behind it are
    left out, and so are blanks and apostrophes between thousands.
    """
    plain = text.cast(pl.Float64, strict=False)
    if decimal != ".":  # then a point may part thousands
        plain = plain.set(text.str.contains(".", literal=True), None)
    open_text = text.set(plain.is_not_null(), None)
    distinct = open_text.drop_nulls().unique()
    frame = pl.DataFrame({"text": open_text, "plain": plain})
    if len(distinct):
        read = pl.DataFrame({"text": distinct}).with_columns(number=_read(pl.col("text"), decimal))
        frame = frame.join(read, on="text", how="left", maintain_order="left")
        frame = frame.with_columns(plain=pl.coalesce("number", "plain"))
    return frame.select(finite(pl.col("plain"))).to_series()


def _read(text: pl.Expr, decimal: str | None) -> pl.Expr:
    bare = _bare(text)
    readings = []
    for mark in (".", ",") if decimal is None else (decimal,):
        joined = bare.str.replace_all("," if mark == "." else ".", "", literal=True)
        grouped, plain = bare.str.contains(_GROUPED[mark]), bare.str.contains(_PLAIN[mark])
        digits = pl.when(grouped).then(joined).when(plain).then(bare)
        readings.append(digits.otherwise(None).str.replace(",", ".", literal=True))
    number = pl.coalesce(readings).cast(pl.Float64, strict=False)
    return number if decimal is not None else pl.when(~bare.str.contains(_UNSURE)).then(number)


def finite(number: pl.Expr) -> pl.Expr:
    """`number` as Float64, null where 32 bits do not hold it."""
    return pl.when(number.cast(pl.Float32).is_finite()).then(number.cast(pl.Float64))


def _bare(text: pl.Expr) -> pl.Expr:
    bare = text.str.replace("\u2212", "-", literal=True)
    bare = bare.str.replace(rf"^([+-]?)\s*{_CURRENCY}\s*", "$1").str.replace(rf"\s*{_CURRENCY}$", "")
    bare = bare.str.replace(r"(\d)[.,][-\x{2013}\x{2014}]+$", "$1")  # 12,- is how Dutch and Swiss shops write 12
    for _ in range(2):  # 1 234 567: a match cannot begin with the digit that ends another
        bare = bare.str.replace_all(rf"(\d){_GAP}(\d{{3}})\b", "$1$2")
    return bare


@dataclass
class DecimalSurvey:
    """Which decimal mark the numbers of a file have, batch by batch."""

    counts: Counter[str] = field(default_factory=Counter)
    """Of `points` (1.5, 1,234.00) and `commas` (1,5), which are unmistakable, `unsure_points` (1.234) and
    `unsure_commas` (1,234)."""

    examples: dict[str, tuple[str, int]] = field(default_factory=dict)  # kind -> the first one and its line

    def add(self, text: pl.Series, lines: pl.Series) -> None:
        """Look at more cells, which are text without outer blanks."""
        cells = pl.DataFrame({"text": text, "line": lines}).filter(pl.col("text").str.contains(r"[.,]"))
        cells = cells.unique("text", keep="first", maintain_order=True).with_columns(bare=_bare(pl.col("text")))
        bare, unsure = pl.col("bare"), pl.col("bare").str.contains(_UNSURE)
        counts = {}
        for name, mark in (("points", "."), ("commas", ",")):
            has = bare.str.contains(mark, literal=True)
            counts[f"unsure_{name}"] = has & unsure
            sure = bare.str.contains(_GROUPED[mark]) | (has & bare.str.contains(_PLAIN[mark]))
            counts[name] = sure & ~unsure
        found = cells.select(**{name: each.sum() for name, each in counts.items()}).row(0, named=True)
        self.counts.update(found)
        for name in (name for name, count in found.items() if count and name not in self.examples):
            self.examples[name] = cells.filter(counts[name]).select("text", "line").row(0)

    def decimal(self, usual: str | None) -> str | None:
        """The mark that all unmistakable numbers have; None where they disagree.

        Where none is unmistakable it is `usual`, unless numbers such as 1,234 leave it open.
        """
        points, commas = self.counts["points"], self.counts["commas"]
        if points and commas:
            return None
        if points or commas:
            return "." if points else ","
        return None if self.counts["unsure_commas"] else usual if self.counts["unsure_points"] else "."

    def unclear(self) -> tuple[int, str, int]:
        """How many different numbers do not tell the mark by their form, and the first of them with its line."""
        kind = "unsure_commas" if self.counts["unsure_commas"] else "unsure_points"
        return self.counts["unsure_commas"] + self.counts["unsure_points"], *self.examples.get(kind, ("", 0))
