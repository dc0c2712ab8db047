"""Checks of arguments that all stores make."""

from __future__ import annotations


def check_limit(limit: int) -> None:
    """Raise ValueError for a negative limit: in SQL and in Redis it would mean no limit."""
    if limit < 0:
        raise ValueError(f"limit must not be negative, got {limit}")


def is_utf8(text: str) -> bool:
    """Whether the text can be stored: Python strings may hold lone surrogates, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
