"""Moments at which data is split: from text, and as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from shortlist_core.errors import DataError
from shortlist_data.times import to_time


def parse_time(text: str) -> int:
    """The moment in `text`, in microseconds since the epoch.

    `text` is an ISO 8601 date or time (UTC where no zone is given), a date such as 20111001, or seconds, milliseconds,
    microseconds or nanoseconds since 1970.
    Raises DataError where it is neither.
    """
    moment = to_time(text)
    if moment is None:
        raise DataError(f"{text!r} is not a time: give an ISO date or time such as 2011-10-01, or unix seconds")
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def text_of(micros: int) -> str:
    """A moment (microseconds since the epoch) as text, to the minute, such as `2011-10-01 00:00 UTC`."""
    return f"{str(np.datetime64(micros // 60_000_000, 'm')).replace('T', ' ')} UTC"
