"""Data set: interactions, items and users in the canonical Parquet layout, and its state at any moment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from shortlist_core.errors import DataError
from shortlist_data import schema


@dataclass(frozen=True, eq=False)
class Dataset:
    """Three frames with the columns of `shortlist_data.schema`.

    Interactions are sorted by timestamp, equal times in the order of the source. Every item that appears in an
    interaction is in `items`. `users` may lack any users.
    """

    interactions: pl.DataFrame
    items: pl.DataFrame
    users: pl.DataFrame

    @classmethod
    def of(
        cls,
        interactions: pl.DataFrame,
        items: pl.DataFrame | None = None,
        users: pl.DataFrame | None = None,
        where: str = "data",
    ) -> Dataset:
        """A data set of these frames in canonical shape, sorted by time.

        Item ids that only interactions have become items without title. Raises DataError as `schema.conform` does;
        `where` names the origin in errors.
        """
        events = schema.conform("interactions", interactions, f"{where}: interactions")
        catalogue = schema.conform("items", schema.empty("items") if items is None else items, f"{where}: items")
        people = schema.conform("users", schema.empty("users") if users is None else users, f"{where}: users")
        untitled = untitled_items(events, catalogue)
        if len(untitled):
            catalogue = pl.concat([catalogue, schema.conform("items", untitled.to_frame(), where)])
        if not events["timestamp"].is_sorted():
            events = events.sort("timestamp", maintain_order=True)
        return cls(events, catalogue, people)

    @classmethod
    def read(cls, folder: Path | str) -> Dataset:
        """The data set in `folder`; `items.parquet` and `users.parquet` may be absent.

        Raises DataError when the folder or `interactions.parquet` is missing, or a table is not canonical.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise DataError(f"{folder}: there is no such folder")
        if not (folder / "interactions.parquet").is_file():
            raise DataError(f"{folder}: interactions.parquet is missing; `shortlist data import` makes such folders")
        frames = {name: _read(folder / f"{name}.parquet") for name in schema.TABLES}
        events = frames["interactions"]
        assert events is not None
        return cls.of(events, frames["items"], frames["users"], where=str(folder))

    def write(self, folder: Path | str) -> None:
        """Write the three tables into `folder`, which is made if absent. Files get their names once they are complete.

        Raises DataError when the folder cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            parts = [
                _write(self.interactions, folder / "interactions.parquet"),
                _write(self.items, folder / "items.parquet"),
                _write(self.users, folder / "users.parquet"),
            ]
            for part in parts:
                part.replace(part.with_suffix(""))
            sync(folder)
        except OSError as error:
            raise DataError(f"{folder}: cannot write: {error.strerror or error}") from error

    def write_items(self, folder: Path | str) -> None:
        """Write only the table of items into a folder that has the others. The file gets its name once it is complete.

        Raises DataError when the folder cannot be written.
        """
        folder = Path(folder)
        try:
            _write(self.items, folder / "items.parquet").replace(folder / "items.parquet")
            sync(folder)
        except OSError as error:
            raise DataError(f"{folder}: cannot write: {error.strerror or error}") from error

    def until(self, time_us: int) -> Dataset:
        """The data set as it was just before `time_us` (microseconds since the epoch, UTC).

        It has the interactions strictly before that time. Items whose first interaction comes later are left out,
        because they were not in the catalogue yet. Items without any interaction stay, and so do all users.
        """
        moment = pl.lit(time_us, pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        past = self.interactions.filter(pl.col("timestamp") < moment)
        future = self.interactions.filter(pl.col("timestamp") >= moment).select("item_id").unique()
        later = future.join(past.select("item_id").unique(), on="item_id", how="anti")
        items = self.items.join(later, on="item_id", how="anti", maintain_order="left")
        return Dataset(past, items, self.users)

    def with_dislikes(self, below: float) -> Dataset:
        """The data set with every rating of a value below `below` as a dislike."""
        low = (pl.col("event_type") == "rating") & (pl.col("value") < below)
        kinds = pl.when(low).then(pl.lit("dislike")).otherwise(pl.col("event_type")).alias("event_type")
        return Dataset(self.interactions.with_columns(kinds), self.items, self.users)


def untitled_items(interactions: pl.DataFrame, items: pl.DataFrame) -> pl.Series:
    """The item ids that appear in `interactions` but not in `items`, in order of first appearance."""
    touched = interactions.select("item_id").unique(maintain_order=True)
    return touched.join(items.select("item_id"), on="item_id", how="anti", maintain_order="left")["item_id"]


def sync(path: Path) -> None:
    """Force a file's or folder's content to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> pl.DataFrame | None:
    if not path.is_file():
        return None
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path}: not a readable Parquet file: {str(error).splitlines()[0]}") from error


def _write(frame: pl.DataFrame, path: Path) -> Path:
    part = path.with_name(f"{path.name}.part")
    frame.write_parquet(part)
    sync(part)
    return part
