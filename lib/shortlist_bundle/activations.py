"""The file CURRENT: the version of the current bundle, below it those that were current before, newest first."""

from __future__ import annotations

from pathlib import Path

from shortlist_bundle.files import replace_durably
from shortlist_bundle.manifest import is_version
from shortlist_core.errors import BundleRefusedError

CURRENT = "CURRENT"

_REMEMBERED = 16  # versions in the file: as many activations can be rolled back


def read_activations(directory: Path) -> list[str]:
    """The versions that were current, newest first, the current one included; empty where none ever was.

    Raises BundleRefusedError where the file does not hold versions.
    """
    try:
        lines = (directory / CURRENT).read_text(errors="replace").split()
    except FileNotFoundError:
        return []
    if not lines or not all(map(is_version, lines)):
        raise BundleRefusedError("of unknown version", CURRENT, "does not name a version")
    return lines


def write_activations(directory: Path, versions: list[str]) -> None:
    """Make the first of these versions current, the others the ones before it, newest first."""
    content = "".join(f"{version}\n" for version in versions[:_REMEMBERED])
    replace_durably(directory / CURRENT, content.encode())
