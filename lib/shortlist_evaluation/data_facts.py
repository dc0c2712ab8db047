"""Data facts: what a report shows of the data set itself: events over time, how active users are, what was rejected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from shortlist_core.types import DAY
from shortlist_data.dataset import Dataset
from shortlist_data.splits import text_of
from shortlist_data.summary import Summary
from shortlist_report.record import Counts, DataFacts

STRETCHES = ((90, "day", "1d"), (3 * 365, "week", "1w"), (np.inf, "month", "1mo"))
"""Most days of data that are shown by such stretches of time."""

ACTIVITY = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500)
"""Most events of each group of users."""

MOST_REASONS = 12


def data_facts(dataset: Dataset, folder: Path, cut: int | None = None) -> DataFacts:
    """The facts of a data set, whose folder has the rows that its import rejected; `cut` (microseconds) is shown."""
    found, events = Summary.of(dataset), dataset.interactions
    facts = [
        ("interactions", f"{found.interactions:,}"),
        ("users", f"{found.users:,}"),
        ("items", f"{found.items:,}"),
        ("events per user", f"{found.interactions / max(found.users, 1):.1f}"),
    ]
    if found.first is not None and found.last is not None:
        facts.append(("from", text_of(found.first)))
        facts.append(("until", text_of(found.last)))
    facts.append(("event types", ", ".join(f"{n:,} {name}" for name, n in found.event_types.items())))
    facts += [(f"items with {name}", f"{n:,} ({n / max(found.items, 1):.0%})") for name, n in found.filled.items()]
    stretch, counts = _over_time(events)
    return DataFacts(
        tuple(facts),
        counts,
        stretch,
        "" if cut is None else text_of(cut)[:10],
        Counts("Users by activity", "users", _activity(events)),
        rejected(folder),
        (*found.missing(), *found.unusual),
    )


def rejected(folder: Path) -> tuple[tuple[str, str, int], ...]:
    """The rows that an import rejected: table, reason, rows; most frequent first. A file that is none is skipped."""
    found: list[tuple[str, str, int]] = []
    for path in sorted(folder.glob("rejects-*.csv")):
        try:
            reasons = pl.scan_csv(path, infer_schema=False).group_by("reason").len().collect()
        except (pl.exceptions.PolarsError, OSError):
            continue
        table = path.stem.removeprefix("rejects-")
        found += [(table, str(reason), int(rows)) for reason, rows in reasons.iter_rows()]
    return tuple(sorted(found, key=lambda each: (-each[2], each))[:MOST_REASONS])


def _over_time(events: pl.DataFrame) -> tuple[str, tuple[tuple[str, int], ...]]:
    if not len(events):
        return "day", ()
    times = events["timestamp"]
    days = (times.dt.timestamp("us")[-1] - times.dt.timestamp("us")[0]) / DAY
    name, every = next((name, every) for most, name, every in STRETCHES if days <= most)
    counted = events.lazy().group_by(day=pl.col("timestamp").dt.truncate(every)).len().collect().sort("day")
    whole = pl.DataFrame({"day": pl.datetime_range(counted["day"][0], counted["day"][-1], every, eager=True)})
    filled = whole.with_columns(pl.col("day").cast(counted["day"].dtype)).join(counted, on="day", how="left")
    return name, tuple((day.date().isoformat(), int(n or 0)) for day, n in filled.iter_rows())


def _activity(events: pl.DataFrame) -> tuple[tuple[str, int], ...]:
    counts = events.group_by("user_id").len()["len"].to_numpy()
    which = np.searchsorted(ACTIVITY, counts)
    users = np.bincount(which, minlength=len(ACTIVITY) + 1)
    lows = [1, *(most + 1 for most in ACTIVITY)]
    names = [str(most) if low == most else f"{low} to {most}" for low, most in zip(lows, ACTIVITY, strict=False)]
    named = list(zip([*names, f"more than {ACTIVITY[-1]}"], map(int, users), strict=True))
    while named and not named[-1][1]:
        named.pop()
    return tuple(named)
