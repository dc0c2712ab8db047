"""Cells of CSV files that a spreadsheet opens: none of them is taken for a formula."""

from __future__ import annotations

import polars as pl

FORMULA = r"^'*([\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])"
"""Beginnings that a spreadsheet takes for a formula, also behind blanks and in full width (OWASP, CSV Injection)."""

NUMBER = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"


def safe_cells(column: pl.Series) -> pl.Series:
    """The texts, those with an apostrophe in front that a spreadsheet would run as a formula. Numbers are none.

    A text that begins with apostrophes and then like a formula gets one more. So whoever reads the file elsewhere gets
    every text back by taking one apostrophe off each that begins like that.
    """
    acts = column.str.contains(FORMULA) & ~column.str.contains(NUMBER)
    return pl.select(pl.when(acts).then("'" + column).otherwise(column).alias(column.name)).to_series()
