"""Environment variables of the commands that call a server."""

from __future__ import annotations

import os
from pathlib import Path

from shortlist import Tls

from shortlist_core.errors import DataError
from shortlist_core.nearest import nearest
from shortlist_core.terminal import quoted

_PREFIX = "SHORTLIST_"
_NAMES = ("TOKEN", "ROOT_CERTIFICATES", "CERTIFICATE_CHAIN", "PRIVATE_KEY")
_LIKE = 0.8  # two letters swapped in TOKEN, but not TEST_TOKEN


def token() -> str | None:
    """The bearer token of the caller. Raises DataError for a variable whose name is nearly that of one of these."""
    _check_names()
    return os.environ.get("SHORTLIST_TOKEN") or None


def tls() -> Tls | None:
    """TLS if a variable names a PEM file, else None. Raises DataError for an unreadable file or half a pair."""
    _check_names()
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
        raise DataError(f"{variable}: cannot read {quoted(path)}: {error.strerror}") from None
    if content == b"":
        raise DataError(f"{variable}: {quoted(path)} is empty")
    return content


def _check_names() -> None:
    """Raise DataError for a misspelled variable: the call would go out without what it was meant to set.

    Other variables of this prefix are not ours to refuse: Kubernetes sets SHORTLIST_PORT for a service of that name.
    """
    for variable in os.environ:
        name = variable.removeprefix(_PREFIX)
        if name != variable and name not in _NAMES and (meant := nearest(name, _NAMES, _LIKE)):
            raise DataError(f"there is no variable {variable}; did you mean {_PREFIX}{meant}?")
