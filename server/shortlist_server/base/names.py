"""Names that an operator gives to tenants and tokens. Logs and metrics show them as they are."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

NAME_RULE = "must be 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or a digit"


def is_name(text: str) -> bool:
    """Whether the text keeps NAME_RULE."""
    return _NAME.fullmatch(text) is not None
