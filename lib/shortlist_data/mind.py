"""MIND, the Microsoft News Dataset (Wu et al. 2020): `behaviors.tsv` and `news.tsv`, in one folder or several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data.clean import clean_interactions, clean_items, distinct_ids, distinct_interactions
from shortlist_data.download import download, unpack
from shortlist_data.reading import LINE, Reading
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches
from shortlist_data.table import imported

BASE = "https://recodatasets.z20.web.core.windows.net/newsrec"
"""The copy of the Recommenders project; the original address of the data set is closed."""
SIZES = ("small", "large")

_BEHAVIORS = ("impression_id", "user_id", "timestamp", "history", "impressions")
_NEWS = ("item_id", "category", "subcategory", "title", "text", "url", "title_entities", "text_entities")
_RULES = Rules(time_format="%m/%d/%Y %I:%M:%S %p", event_type="click")


def fetch(folder: Path, size: str = "small", base: str = BASE) -> None:
    """Download both labelled parts of MIND into `folder`/train and `folder`/dev. Raises DataError."""
    if size not in SIZES:
        raise DataError(f"size {size!r} is not one of {', '.join(SIZES)}{did_you_mean(size, SIZES)}")
    for part in ("train", "dev"):
        name = f"MIND{size}_{part}.zip"
        archive = download(f"{base}/{name}", folder / name)
        (folder / part).mkdir(exist_ok=True)
        unpack(archive, folder / part, ("behaviors.tsv", "news.tsv"))


def read(folder: Path, impressions: bool = False) -> Imported:
    """The clicks in `folder` and its direct subfolders; with `impressions` also what was shown and not clicked.

    Clicks have the time of the impression, and its id as session. The history of a user has no times: it becomes clicks
    one minute apart that end one minute before the user's first impression. Categories are category and subcategory;
    the text is the abstract. Raises DataError where files are missing.
    """
    behaviors = sorted([*folder.glob("behaviors.tsv"), *folder.glob("*/behaviors.tsv")])
    news = sorted([*folder.glob("news.tsv"), *folder.glob("*/news.tsv")])
    if not (behaviors and news):
        raise DataError(f"{folder}: behaviors.tsv or news.tsv is missing, here and one level below")
    events, articles = Rejects("interactions"), Rejects("items")
    raw = _rows(behaviors, _BEHAVIORS, events)
    shown = clean_interactions(_shown(raw, impressions, events), _RULES, events)
    before = clean_interactions(_history(raw, events), Rules(event_type="click"), events)
    frames = {
        "interactions": distinct_interactions(pl.concat([before, shown]), events).drop(LINE),
        "items": _articles(_rows(news, _NEWS, articles), articles),
    }
    return imported(frames, (events, articles))


def _rows(paths: Sequence[Path], header: tuple[str, ...], rejects: Rejects) -> pl.DataFrame:
    how = Reading(format="tsv", separator="\t", header=header, quotes=False)
    return pl.concat(batch for path in paths for batch in batches(path, rejects, how))


def _shown(raw: pl.DataFrame, impressions: bool, rejects: Rejects) -> pl.DataFrame:
    """A row for every labelled article of every impression, in the order shown."""
    listed = raw.with_columns(pl.col("impressions").str.split(" ")).explode("impressions")
    shown = pl.col("impressions")
    events = listed.select(
        LINE,
        "user_id",
        "timestamp",
        shown.str.replace(r"-[01]$", "").alias("item_id"),
        pl.when(shown.str.ends_with("-0")).then(pl.lit("impression")).otherwise(pl.lit("click")).alias("event_type"),
        pl.col("impression_id").alias("session_id"),
        shown.str.contains(r"-[01]$").alias("labelled"),
    )
    kept = events.filter(pl.col("labelled") & ((pl.col("event_type") == "click") | impressions)).drop("labelled")
    rejects.read += kept.height - raw.height
    return kept


def _history(raw: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    """A row for every article of every user's first history, with times that keep its order."""
    timed = raw.with_columns(pl.col("timestamp").str.to_datetime(_RULES.time_format, time_unit="us", strict=False))
    ordered = timed.drop_nulls("timestamp").sort("timestamp", maintain_order=True)
    first = ordered.unique("user_id", keep="first", maintain_order=True)
    listed = first.with_columns(item_id=pl.col("history").str.split(" "))
    minutes = listed.with_columns(back=pl.int_ranges(pl.col("item_id").list.len(), 0, -1)).explode("item_id", "back")
    events = minutes.filter(pl.col("item_id").fill_null("") != "").select(
        LINE, "user_id", "item_id", timestamp=pl.col("timestamp") - pl.duration(minutes=pl.col("back"))
    )
    rejects.read += events.height
    return events


def _articles(raw: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    named = raw.select(LINE, "item_id", "title", "text", categories=pl.concat_list("category", "subcategory"))
    return distinct_ids(clean_items(named, _RULES, rejects), "item_id", rejects).drop(LINE)
