"""Environment variables of the commands that call a server."""

from __future__ import annotations

import os
from pathlib import Path

from shortlist import Tls

from shortlist_core.errors import DataError


def token() -> str | None:
    """The bearer token of the caller."""
    return os.environ.get("SHORTLIST_TOKEN") or None


def tls() -> Tls | None:
    """TLS if a variable names a PEM file, else None. Raises DataError for an unreadable file or half a pair."""
    roots = _file("SHORTLIST_ROOT_CERTIFICATES")
    chain, key = _file("SHORTLIST_CERTIFICATE_CHAIN"), _file("SHORTLIST_PRIVATE_KEY")
    if (chain is None) != (key is None):
        raise DataError("SHORTLIST_CERTIFICATE_CHAIN and SHORTLIST_PRIVATE_KEY go together: set both or neither")
    return None if roots is None and key is None else Tls(roots, key, chain)


def _file(variable: str) -> bytes | None:
    path = os.environ.get(variable)
    try:
        content = Path(path).read_bytes() if path else None
    except OSError as error:
        raise DataError(f"{variable}: cannot read {path}: {error.strerror}") from None
    if content == b"":
        raise DataError(f"{variable}: {path} is empty")
    return content
