"""`python -P -m shortlist_reference` writes the generated pages of docs/reference anew."""

from __future__ import annotations

import json
from pathlib import Path

from shortlist_reference.program import command_line, errors, metrics, settings
from shortlist_reference.protos.comments import compile_api
from shortlist_reference.protos.markdown import pages
from shortlist_reference.protos.openapi import document

ROOT = Path(__file__).parents[2]
PROTOS, PACKAGE, FOLDER = ROOT / "protos", "shortlist/v1", ROOT / "docs/reference"


def reference() -> dict[str, str]:
    """The text of each generated file, by its path below docs/reference."""
    api = compile_api(PROTOS, PACKAGE)
    openapi = json.dumps(document(api, "Shortlist"), indent=2, ensure_ascii=False) + "\n"
    of_api = pages(api) | {"openapi.json": openapi}
    return {f"api/{name}": text for name, text in of_api.items()} | {
        "command-line.md": command_line.page(),
        "settings.md": settings.page(),
        "metrics.md": metrics.page(),
        "errors.md": errors.page(),
    }


def write(folder: Path) -> None:
    """Write all files of the reference below a folder."""
    for name, text in reference().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    write(FOLDER)
