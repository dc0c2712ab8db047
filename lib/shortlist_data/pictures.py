"""Pictures: reads the files that a column of paths names into the pixels that a data set keeps."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from shortlist_core.pictures import PictureError, pixels_of
from shortlist_data.progress import working
from shortlist_data.reading import LINE
from shortlist_data.rejects import Rejects

MAX_FILE = 64 << 20
"""Bytes of a picture file; no picture of a shop is that large."""

THREADS = min(8, os.cpu_count() or 1)

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def with_pictures(items: pl.DataFrame, folder: Path, rejects: Rejects) -> pl.DataFrame:
    """The items (with LINE) with the pixels of their pictures, and with absolute paths of those that were read.

    Relative paths are those of `folder`. A picture that cannot be read goes to `rejects`, and its item stays without.
    """
    paths = items["image_path"].replace("", None)
    distinct = paths.drop_nulls().unique(maintain_order=True).to_list()
    with working(f"reading {len(distinct):,} pictures"), ThreadPoolExecutor(THREADS) as threads:
        found = dict(zip(distinct, threads.map(_reader(folder), distinct), strict=True))
    rejects.read += len(paths) - paths.null_count()
    lost = {path: why for path, why in found.items() if isinstance(why, str)}
    pixels = [None if path is None or path in lost else found[path] for path in paths]
    kept = [None if path is None or path in lost else str((folder / path).absolute()) for path in paths]
    bad = items.select(line=LINE, content=paths).drop_nulls("content").filter(pl.col("content").is_in(list(lost)))
    rejects.add(bad.with_columns(reason=pl.col("content").replace_strict(lost, return_dtype=pl.String)))
    return items.with_columns(
        image_path=pl.Series(kept, dtype=pl.String), image_pixels=pl.Series(pixels, dtype=pl.Binary)
    )


def picture_file(path: Path) -> bytes:
    """The content of a picture file. Raises PictureError where there is none, or where it is too large."""
    try:
        if not path.exists():
            raise PictureError("is not there")
        if not path.is_file():
            raise PictureError("is no file")
        if path.stat().st_size > MAX_FILE:
            raise PictureError(f"has more than {MAX_FILE >> 20} MiB")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        raise PictureError(f"cannot be opened: {getattr(error, 'strerror', None) or error}") from None


def _reader(folder: Path) -> Callable[[str], bytes | str]:
    """Reads the pixels of the picture at a path, or says why it cannot."""

    def read(path: str) -> bytes | str:
        if _ADDRESS.match(path):
            return "picture is an address on the web: nothing is downloaded"
        try:
            return pixels_of(picture_file(folder / path))
        except PictureError as error:
            return f"picture {error}"

    return read
