"""Splits by time: a moment from text and as text, and the moment before which a share of the events lies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
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


def time_at_share(dataset: Dataset, share: float) -> int:
    """The earliest time (microseconds) before which at least `share` (0 to 1) of the interactions lie.

    With 0.9, `dataset.until(time)` has the first nine tenths, rounded up so that events of the same time stay
    together. Raises DataError for an empty data set.
    """
    times = dataset.interactions["timestamp"].dt.timestamp("us")
    if not len(times):
        raise DataError("there are no interactions to split")
    last_inside = max(0, min(len(times), round(share * len(times))) - 1)
    return int(times[last_inside]) + 1 if share > 0 else int(times[0])
