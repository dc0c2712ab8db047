"""Reports as JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shortlist_core.errors import DataError
from shortlist_core.terminal import quoted


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a report as indented JSON. Raises DataError where the file cannot be written."""
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise DataError(f"{quoted(path)}: cannot write: {error.strerror or error}") from error
