"""Folders and files that a command is given: what is read must be there, and only what is written may be made."""

from __future__ import annotations

import os
from pathlib import Path

from shortlist_bundle import BundleStore
from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted


def existing(folder: Path) -> Path:
    """The folder. Raises DataError where it is not there: a typo must not look like an empty folder."""
    if not _is_folder(folder):
        raise DataError(f"{quoted(folder)} is no folder" if os.path.lexists(folder) else _absent(folder))
    return folder


def published_in(folder: Path) -> BundleStore:
    """The bundles of a folder. Raises DataError where the folder is not there."""
    return BundleStore(existing(folder))


def to_be_written(folder: Path) -> Path:
    """A folder that the command makes where it is not there. Raises DataError where the one around it is not there."""
    if os.path.lexists(folder):
        return existing(folder)
    if not _is_folder(folder.absolute().parent):
        raise DataError(f"{quoted(folder)} cannot be made: {_absent(folder.absolute().parent)}")
    return folder


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # a path's own method raises where a name is too long


def _absent(folder: Path) -> str:
    """The refusal of a folder that is not there, with the part of its path that is."""
    there = next(filter(_is_folder, folder.absolute().parents))
    beside = "" if there == folder.absolute().parent else f"; of its path there is {quoted(there)} alone"
    return f"there is no folder {quoted(folder)}{beside}"
