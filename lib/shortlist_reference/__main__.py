"""`python -P -m shortlist_reference` writes docs/api anew."""

from __future__ import annotations

import json
from pathlib import Path

from shortlist_reference.comments import compile_api
from shortlist_reference.markdown import pages
from shortlist_reference.openapi import document

ROOT = Path(__file__).parents[2]
PROTOS, PACKAGE, FOLDER = ROOT / "protos", "shortlist/v1", ROOT / "docs/api"


def write(folder: Path) -> None:
    """Write all files of the reference into a folder."""
    api = compile_api(PROTOS, PACKAGE)
    openapi = json.dumps(document(api, "Shortlist"), indent=2, ensure_ascii=False) + "\n"
    written = pages(api) | {"openapi.json": openapi}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(FOLDER)
