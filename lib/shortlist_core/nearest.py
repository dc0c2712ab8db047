"""The nearest name: what somebody who mistyped a setting probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str], least: float = 0.6) -> str | None:
    """The known name that is most like `name`, whatever its case; None where none is as like it as `least`, 0 to 1."""
    by_fold = {each.casefold(): each for each in known}
    found = get_close_matches(name.casefold(), by_fold, n=1, cutoff=least)
    return by_fold[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str], least: float = 0.6) -> str:
    """The end of a refusal, such as `; did you mean 'csv'?`; empty where no known name is like `name`."""
    found = nearest(name, known, least)
    return f"; did you mean {found!r}?" if found else ""
