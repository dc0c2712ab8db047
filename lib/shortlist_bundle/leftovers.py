"""Directories beside the published bundles: those that are being written, and those that are being removed."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from shortlist_bundle.files import unlocked
from shortlist_bundle.manifest import MANIFEST

LOCK, RETRAIN_LOCK = ".lock", ".retrain.lock"
"""Files in a folder of bundles: whoever changes it holds the first, and a retraining into it the second."""

_WORKSPACE, _REMOVED = ".writing-", ".removed-"


def new_workspace(directory: Path) -> Path:
    """A new directory to write a bundle in. Its publisher holds a lock on the file LOCK in it while it lives."""
    workspace = directory / f"{_WORKSPACE}{secrets.token_hex(8)}"
    workspace.mkdir()
    return workspace


def remove_bundle(path: Path) -> bool:
    """Remove the bundle in `path` unless a process has loaded it; returns whether it was removed."""
    with unlocked(path / MANIFEST) as free:
        if free:  # renamed first, so that a bundle exists as a whole or not at all
            removed = path.rename(path.with_name(f"{_REMOVED}{secrets.token_hex(8)}"))
            shutil.rmtree(removed, ignore_errors=True)
    return free


def remove_leftovers(directory: Path) -> None:
    """Remove what killed publishers and removals left behind; a publisher that is alive locks its workspace."""
    for entry in directory.iterdir():
        if entry.name.startswith((_WORKSPACE, _REMOVED)):
            with unlocked(entry / LOCK) as abandoned:
                if abandoned:
                    shutil.rmtree(entry, ignore_errors=True)
