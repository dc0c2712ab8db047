"""Null words: what pandas, numpy, SQL, spreadsheets and people write for a value that is not there."""

from __future__ import annotations

import polars as pl

WORDS = (
    *("nan", "-nan", "none", "null", "nil", "na", "n/a", "nat", "<na>", "<null>", "(null)", r"\n", "undefined"),
    *("#n/a", "#na", "#n/a n/a", "#null!", "#value!", "#ref!", "#div/0!", "#num!", "#name?"),
    *("-", "--", "---", "\u2013", "\u2014", "1.#qnan", "1.#ind", "-1.#ind", "-1.#qnan"),
)
"""In lower case. A cell of one of them is no number, time, category or id."""

IN_TEXT = (
    *("nan", "NaN", "null", "NULL", "NaT", "<NA>", "<null>", "<NULL>", "(null)", r"\N"),
    *("#N/A", "#NA", "#N/A N/A", "#NULL!", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?"),
)
"""Exactly what programs write: a title or a text of it is none. "None", "NA" and "-" may be words of a language."""


def without_null_words(text: pl.Expr) -> pl.Expr:
    """`text`, null where it is one of WORDS. It must have no outer blanks."""
    short = text.str.len_bytes() <= max(map(len, WORDS))
    return pl.when(~(short & text.str.to_lowercase().is_in(WORDS))).then(text)
