"""The log key: a secret of the installation, with which user ids are hashed in logs, so that no guess can be tried."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import structlog

_BYTES = 32

log = structlog.get_logger(__name__)


def read_log_key(file: Path) -> str:
    """The key in `file`, as hexadecimal digits. A missing file is made, which only its owner can read.

    Where that is not possible, the key is a new one, and the hashes of users are other ones than before.
    """
    try:
        return _read(file) or _make(file)
    except OSError as error:
        log.warning("log_key_is_new", file=str(file), why=error.strerror)
        return secrets.token_hex(_BYTES)


def _read(file: Path) -> str:
    try:
        key = file.read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        return ""
    return key if len(key) >= 2 * _BYTES else ""


def _make(file: Path) -> str:
    """A new key in `file`. Where another process was faster, it is the other's."""
    key = secrets.token_hex(_BYTES)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(key + "\n")
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            if not (others := _read(file)):
                draft.replace(file)  # what is there is no key
            key = others or key
    finally:
        draft.unlink(missing_ok=True)
    return key
