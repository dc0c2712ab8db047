"""MovieLens (Harper and Konstan 2015, grouplens.org): `ml-latest`, `ml-25m` and alike as CSV, `ml-1m` with "::"."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_core.nearest import did_you_mean
from shortlist_data.clean import clean_interactions, clean_items, clean_users, distinct_ids, distinct_interactions
from shortlist_data.download import download, unpack
from shortlist_data.reading import LINE
from shortlist_data.rejects import Imported, Rejects
from shortlist_data.rules import Rules
from shortlist_data.source import batches
from shortlist_data.table import imported

BASE = "https://files.grouplens.org/datasets/movielens"
CHECKSUMS = {
    "ml-1m": "md5:c4d9eecfca2ab87c1945afe126590906",
    "ml-20m": "md5:cd245b17a1ae2cc31bb14903e1204af3",
    "ml-25m": "md5:6b51fb2759a8657d3bfcbfc42b592ada",
}
"""Of the editions that never change; `ml-latest` and `ml-latest-small` do."""
EDITIONS = ("ml-latest-small", "ml-latest", *CHECKSUMS)
FILES = ("ratings.csv", "movies.csv", "tags.csv", "links.csv", "ratings.dat", "movies.dat", "users.dat")

_RULES = Rules("unix-s", event_type="rating", decimal=".")
_TAGS = 20  # of each film, the most frequent


def fetch(folder: Path, edition: str = "ml-latest-small", base: str = BASE) -> None:
    """Download an edition into `folder` and unpack it there. Raises DataError."""
    if edition not in EDITIONS:
        raise DataError(f"edition {edition!r} is not one of {', '.join(EDITIONS)}{did_you_mean(edition, EDITIONS)}")
    archive = download(f"{base}/{edition}.zip", folder / f"{edition}.zip", CHECKSUMS.get(edition))
    unpack(archive, folder, FILES)


def read(folder: Path) -> Imported:
    """The ratings in `folder`: the stars are the value, genres are categories, tags the text, the year an attribute.

    Raises DataError where files or columns are missing.
    """
    if (folder / "ratings.dat").is_file():
        return _read_1m(folder)
    ratings, films = Rejects("interactions"), Rejects("items")
    raw = _table(folder / "ratings.csv", ("userId", "movieId", "rating", "timestamp"), ratings)
    movies = _table(folder / "movies.csv", ("movieId", "title", "genres"), films)
    items = movies.join(_tags(folder / "tags.csv"), on="movieId", how="left", maintain_order="left")
    items = items.join(_links(folder / "links.csv"), on="movieId", how="left", maintain_order="left")
    frames = {"interactions": _ratings(raw, ratings), "items": _films(items, films)}
    return imported(frames, (ratings, films))


def _ratings(raw: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    named = raw.rename({"userId": "user_id", "movieId": "item_id", "rating": "value"})
    return distinct_interactions(clean_interactions(named, _RULES, rejects), rejects).drop(LINE)


def _films(raw: pl.DataFrame, rejects: Rejects) -> pl.DataFrame:
    dated = r"\s*\((\d{4})\)\s*$"
    named = raw.with_columns(
        pl.col("title").str.replace(dated, ""),
        pl.col("title").str.extract(dated).alias("year"),
        pl.col("genres").replace("(no genres listed)", ""),
    ).rename({"movieId": "item_id", "genres": "categories"})
    return distinct_ids(clean_items(named, _RULES, rejects), "item_id", rejects).drop(LINE)


def _tags(path: Path) -> pl.DataFrame:
    """The most frequent tags of each film in lower case, as its text."""
    if not path.is_file():
        return pl.DataFrame(schema={"movieId": pl.String, "text": pl.String})
    raw = _table(path, ("movieId", "tag"), Rejects("tags"))
    tags = raw.select("movieId", tag=pl.col("tag").str.strip_chars().str.to_lowercase()).filter(pl.col("tag") != "")
    counted = tags.group_by("movieId", "tag").len().sort(["len", "tag"], descending=[True, False])
    return counted.group_by("movieId", maintain_order=True).agg(pl.col("tag").head(_TAGS).str.join(", ").alias("text"))


def _links(path: Path) -> pl.DataFrame:
    if not path.is_file():
        return pl.DataFrame(schema={"movieId": pl.String})
    raw = _table(path, ("movieId", "imdbId", "tmdbId"), Rejects("links"))
    return raw.select("movieId", imdb_id="imdbId", tmdb_id="tmdbId").unique("movieId", keep="first")


def _table(path: Path, columns: tuple[str, ...], rejects: Rejects) -> pl.DataFrame:
    raw = pl.concat(batches(path, rejects))
    missing = [name for name in columns if name not in raw.columns]
    if missing:
        raise DataError(
            f"{path}: there is no column {', '.join(map(repr, missing))}; this is not MovieLens as published"
        )
    return raw.select(*columns, LINE)


def _read_1m(folder: Path) -> Imported:
    ratings, films, people = Rejects("interactions"), Rejects("items"), Rejects("users")
    raw = _colons(folder / "ratings.dat", ("userId", "movieId", "rating", "timestamp"), ratings)
    frames = {
        "interactions": _ratings(raw, ratings),
        "items": _films(_colons(folder / "movies.dat", ("movieId", "title", "genres"), films), films),
    }
    if (folder / "users.dat").is_file():
        users = _colons(folder / "users.dat", ("user_id", "gender", "age", "occupation", "zip_code"), people)
        frames["users"] = distinct_ids(clean_users(users, _RULES, people), "user_id", people).drop(LINE)
    return imported(frames, (ratings, films, people))


def _colons(path: Path, columns: tuple[str, ...], rejects: Rejects) -> pl.DataFrame:
    """A file of ml-1m: Latin-1, "::" between fields, no header."""
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise DataError(f"{path}: cannot read: {error.strerror or error}") from error
    lines = (
        pl.DataFrame({"content": text.split("\n")}).with_row_index(LINE, 1).with_columns(pl.col(LINE).cast(pl.Int64))
    )
    lines = lines.with_columns(pl.col("content").str.strip_suffix("\r")).filter(pl.col("content") != "")
    rejects.read += lines.height
    fields = lines.with_columns(field=pl.col("content").str.split("::"))
    sound = pl.col("field").list.len() == len(columns)
    rejects.add(fields.filter(~sound).select("content", line=LINE, reason=pl.lit("wrong number of columns")))
    kept = fields.filter(sound)
    return kept.select(*(pl.col("field").list.get(i).alias(name) for i, name in enumerate(columns)), LINE)
