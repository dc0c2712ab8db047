"""Erasures: the users who were deleted, recorded beside the bundles that were trained on them.

The file ERASED holds a salt in its first line, and below it one hash of a user id a line. It belongs to the folder, so
that every server of the folder respects it, whatever its store, and every training into the folder.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from shortlist_bundle.files import identity, locked, replace_durably
from shortlist_bundle.leftovers import LOCK
from shortlist_core.errors import UnavailableError

ERASED = "ERASED"
_HEADER = "shortlist-erased-1"
_HASH_BYTES = 16


class Erasures:
    """The erased users of a folder of bundles, as of the last `refresh`. Any thread may read while another refreshes.

    Raises UnavailableError where the file is there and cannot be read, or is not one of this program.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._path = directory, directory / ERASED
        self._content: tuple[bytes, frozenset[bytes]] = (b"", frozenset())  # salt and hashes, replaced as a whole
        self._stamp: object = None
        self.refresh()

    def __contains__(self, user_id: object) -> bool:
        salt, hashes = self._content
        return bool(hashes) and isinstance(user_id, str) and _hash(salt, user_id) in hashes

    def pseudonym(self, user_id: str) -> bytes:
        """What the file calls a user, 16 bytes."""
        return _hash(self._content[0], user_id)

    def tombstones(self) -> frozenset[bytes]:
        """The pseudonyms of all erased users."""
        return self._content[1]

    def refresh(self) -> bool:
        """Read the file again if it has changed; whether it has. Costs one `stat` call where it has not."""
        stamp = identity(self._path)
        if stamp == self._stamp:
            return False
        if stamp is not None:  # a file that was removed keeps nobody any less deleted
            self._content = self._read()
        self._stamp = stamp
        return True

    def add(self, user_id: str) -> None:
        """Record a user, durably; nothing changes for one who is recorded. Raises UnavailableError where it cannot."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with locked(self._directory / LOCK):
                self.refresh()
                if user_id not in self:
                    self._append(user_id)
                self.refresh()
        except OSError as error:
            raise UnavailableError("BUNDLE_STORAGE", f"cannot write {self._path}: {error.strerror or error}") from error

    def _append(self, user_id: str) -> None:
        salt, hashes = self._content
        if not self._path.exists():  # it was never there, or was removed under this process
            salt = salt or secrets.token_bytes(32)
            lines = [f"{_HEADER} {salt.hex()}", *(hash.hex() for hash in sorted({*hashes, _hash(salt, user_id)}))]
            replace_durably(self._path, "".join(f"{line}\n" for line in lines).encode())
            return
        with self._path.open("rb+") as file:
            file.seek(-1, os.SEEK_END)
            cut_off = b"" if file.read() == b"\n" else b"\n"  # by a crash
            file.write(cut_off + f"{_hash(salt, user_id).hex()}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> tuple[bytes, frozenset[bytes]]:
        try:
            header, *lines = self._path.read_text("ascii").splitlines() or [""]
            name, salt = header.split()
            if name != _HEADER:
                raise ValueError(header)
            hashes = frozenset(bytes.fromhex(line) for line in lines if len(line) == 2 * _HASH_BYTES)
            return bytes.fromhex(salt), hashes
        except (OSError, ValueError) as error:
            reason = f"{self._path} cannot be read as the list of deleted users: {error}"
            raise UnavailableError("BUNDLE_STORAGE", reason) from error


def _hash(salt: bytes, user_id: str) -> bytes:
    return hashlib.blake2b(user_id.encode("utf-8", "surrogatepass"), key=salt, digest_size=_HASH_BYTES).digest()
