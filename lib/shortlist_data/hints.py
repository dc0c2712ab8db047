"""Hints: what an import could read besides, and the options to type for it."""

from __future__ import annotations

from collections.abc import Mapping

from shortlist_data.columns import Header, offered_events

_SHOWN = 5
"""Unknown event types that are named; the others are only counted."""

_COLUMNS = 20
"""Columns that are named; the others are only counted."""

_LENGTH = 60
"""Characters of each that are shown."""


def hints(headers: Mapping[str, Header], event_words: Mapping[str, int]) -> list[str]:
    """A sentence for each column that is not read although its name says what it is, and for unknown event types.

    `event_words` has the number of rows of each word that is no event type, of the column that is read as event_type
    or that could be.
    """
    sentences, to_map = [], False
    for table, header in headers.items():
        options = header.options()
        for name, column in header.known().items():
            option = options[name]
            if (table, name) == ("interactions", "event_type"):
                to_map = True
                option = " ".join(filter(None, (option, offered_events(event_words))))
            sentences.append(f"{table}: the column {column!r} is not read as {name}; for that, add {option}")
    if event_words and not to_map:
        sentences.append(_unknown_events(event_words))
    left_out = {table: _left_out(header) for table, header in headers.items()}
    sentences += [f"{table}: columns that are left out: {rest}" for table, rest in left_out.items() if rest]
    if left_out.get("interactions") and not headers["interactions"].context:
        sentences.append("interactions: one that tells the device, the page or the place is read with --context")
    return sentences


def _left_out(header: Header) -> str:
    """The columns that become nothing, not even attributes, and are not offered to be read."""
    unread = [*(header.unread if header.table == "interactions" else ()), *header.unread_fields]
    known = {*header.known().values(), *header.context}
    columns = [column[:_LENGTH] for column in unread if column not in known]
    more = f" and {len(columns) - _COLUMNS:,} others" if len(columns) > _COLUMNS else ""
    return ", ".join(map(repr, columns[:_COLUMNS])) + more


def _unknown_events(words: Mapping[str, int]) -> str:
    frequent = sorted(words, key=lambda word: (-words[word], word))
    shown = ", ".join(f"{word[:_LENGTH]!r} ({words[word]:,} rows)" for word in frequent[:_SHOWN])
    more = f" and {len(words) - _SHOWN:,} others" if len(words) > _SHOWN else ""
    options = offered_events(frequent)
    add = f"; add {options}" if options else ""
    strange = [word for word in frequent if not offered_events([word])]
    rest = f"; say what {strange[0][:_LENGTH]!r} means with --event-types" if strange else ""
    return f"interactions: unknown event types {shown}{more}{add}{rest}"
