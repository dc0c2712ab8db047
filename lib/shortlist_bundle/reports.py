"""Reports beside the bundles: a page for people about each bundle whose training or evaluation made one.

    bundles/reports/20261122-154250-1f3a9c.html

A report is no part of its bundle, which never changes: an evaluation replaces what training reported.
"""

from __future__ import annotations

from pathlib import Path

from shortlist_bundle.files import replace_durably
from shortlist_bundle.manifest import is_version
from shortlist_core.errors import NotFoundError

FOLDER = "reports"


def write_report(bundles: Path, version: str, page: str) -> None:
    """Keep the page of a bundle, in place of the one before. Raises OSError where the folder cannot be written."""
    folder = bundles / FOLDER
    folder.mkdir(exist_ok=True)
    replace_durably(folder / f"{version}.html", page.encode())


def read_report(bundles: Path, version: str) -> bytes:
    """The page of a bundle, UTF-8. Raises NotFoundError where it has none."""
    try:
        if is_version(version):
            return (bundles / FOLDER / f"{version}.html").read_bytes()
    except FileNotFoundError:
        pass
    raise NotFoundError("report", version)


def remove_reports(bundles: Path, versions: list[str]) -> None:
    """Remove the pages of bundles that are removed."""
    for version in versions:
        (bundles / FOLDER / f"{version}.html").unlink(missing_ok=True)
