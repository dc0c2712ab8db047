"""Checks of bundles: how old the current one is, how good its index, whether its files are as they were published."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from shortlist_bundle import BundleStore
from shortlist_cli.checkup.finding import Finding, Verdict, judged
from shortlist_core.errors import DataError, ShortlistError
from shortlist_core.types import SECOND

_DAY = 86_400.0
_OLD_DAYS, _TOO_OLD_DAYS = 3.0, 30.0
_RECALL, _LEAST_RECALL = 0.95, 0.85
_MANY = 30  # bundles of a folder
_ROOM = 2  # bundles for which there should be space: the next one, and one that is written beside it


def folder(path: Path) -> list[Finding]:
    """What was found about a folder of bundles."""
    if not path.is_dir():
        return [Finding("folder", f"there is no folder {path}", Verdict.BAD, "name the folder that servers follow")]
    store = BundleStore(path)
    try:
        current = store.current()
        if current is None:
            return [Finding("folder", "no bundle yet", Verdict.BAD, f"shortlist train --data DATA --bundles {path}")]
        return list(_current(store, current))
    except (ShortlistError, OSError) as error:
        return [Finding("folder", str(error), Verdict.BAD, "shortlist bundle verify says which files are damaged")]


def _current(store: BundleStore, current: str) -> Iterator[Finding]:
    versions = store.versions()
    advice = f"shortlist bundle prune --keep 10 --bundles {store.directory}" if len(versions) > _MANY else ""
    verdict = Verdict.WARNING if advice else Verdict.GOOD
    yield Finding("folder", f"{len(versions)} bundles, current {current}", verdict, advice)
    try:
        manifest = store.verify(current)
        yield Finding("files", f"{len(manifest.files)} files, all as published")
    except ShortlistError as error:
        yield Finding("files", str(error), Verdict.BAD, "activate another bundle, and train a new one")
        return
    yield age(manifest.created_at, datetime.fromtimestamp(manifest.as_of_micros / SECOND, UTC))
    yield recall({name: value for name, value in manifest.metrics.items() if isinstance(value, int | float)})
    size = sum(entry.bytes for entry in manifest.files.values())
    free = shutil.disk_usage(store.directory).free
    verdict = judged(free, 2 * _ROOM * size, _ROOM * size)
    advice = "" if verdict == Verdict.GOOD else "prune old bundles, or make space: the next one takes as much"
    yield Finding("space", f"{free / 1e9:,.1f} GB free, a bundle takes {size / 1e9:,.2f} GB", verdict, advice)


def age(published: datetime, data_end: datetime | None = None) -> Finding:
    """How long ago a bundle was published, and where its data ends."""
    days = max((datetime.now(UTC) - published).total_seconds() / _DAY, 0)
    found = f"published {_ago(days)}"
    if data_end:
        found += f", data until {data_end:%Y-%m-%d %H:%M} UTC"
    verdict = judged(days, _OLD_DAYS, _TOO_OLD_DAYS)
    advice = "retrain every night: shortlist retrain, in cron" if verdict != Verdict.GOOD else ""
    return Finding("bundle age", found, verdict, advice)


def recall(metrics: Mapping[str, float]) -> Finding:
    """How many of the nearest items the bundle's index finds, as it was measured when the bundle was published."""
    measured = [(name, value) for name, value in metrics.items() if name.startswith("index_recall_at_")]
    if not measured:
        return Finding("index recall", "not measured", Verdict.UNKNOWN)
    name, value = measured[0]
    verdict = judged(value, _RECALL, _LEAST_RECALL)
    advice = "candidates are missed: compare the quality of the next bundle, and report it" if verdict != "good" else ""
    return Finding("index recall", f"{value:.3f} at {name.rpartition('_')[2]}", verdict, advice)


def published_at(version: str) -> datetime:
    """When a bundle was published, by its version. Raises DataError for what is no version."""
    try:
        return datetime.strptime(version[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise DataError(f"{version!r} is no version of a bundle") from None


def _ago(days: float) -> str:
    return f"{days:.1f} days ago" if days >= 1 else f"{days * 24:.1f} hours ago"
