"""Event types: what the words of a column say, and which of them are none."""

from __future__ import annotations

from collections import Counter

import polars as pl

from shortlist_data.cells import text_of
from shortlist_data.null_words import without_null_words
from shortlist_data.rules import Rules
from shortlist_data.schema import EVENT_NAMES

MOST_WORDS = 1_000


def event_type_of(raw: pl.DataFrame, column: str, rules: Rules) -> pl.Expr:
    """The event type of each row by the rules, or the word in lower case that is none."""
    names = {name.lower(): kind for name, kind in rules.event_types.items()}
    return without_null_words(text_of(raw, column)).str.to_lowercase().replace(names).fill_null(rules.event_type)


def unknown_words(raw: pl.DataFrame, column: str, rules: Rules) -> Counter[str]:
    """How many rows have each word in `column` that is no event type and that `rules` do not explain.

    Only the MOST_WORDS most frequent ones are counted: others are no kinds of events.
    """
    if column not in raw.columns or raw.schema[column].is_nested():
        return Counter()
    words = raw.filter(~event_type_of(raw, column, rules).is_in(EVENT_NAMES)).select(text_of(raw, column)).to_series()
    return Counter(dict(words.value_counts(sort=True).head(MOST_WORDS).iter_rows()))
