"""Downloads: resumed where they broke off, checked against a checksum, and moved into place once complete."""

from __future__ import annotations

import hashlib
import shutil
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

import httpx

from shortlist_core.errors import DataError
from shortlist_data.dataset import sync
from shortlist_data.progress import byte_bar

_ATTEMPTS = 5
_TIMEOUT = httpx.Timeout(30.0)
_RETRIED = {408, 429, 500, 502, 503, 504}


def download(url: str, path: Path, checksum: str | None = None, pause: float = 1.0) -> Path:
    """Download `url` into `path` and return it. A file that exists and has the checksum is not downloaded again.

    A partial download is kept in `<path>.part`, and the next attempt or call asks only for the rest. There are up to
    five attempts without progress; the first pause is `pause` seconds and every later one twice as long. `checksum` is
    "md5:..." or "sha256:...", in hexadecimal. Raises DataError when the server refuses, does not answer, or sends a
    file with another checksum.
    """
    if path.is_file() and (checksum is None or _digest(path, checksum) == checksum):
        return path
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, part, pause)
        if checksum is not None and _digest(part, checksum) != checksum:
            part.unlink()
            raise DataError(f"{url}: the file does not have the checksum {checksum}; what arrived was removed")
        sync(part)
        part.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot write: {error.strerror or error}") from error
    return path


def unpack(archive: Path, folder: Path, names: Iterable[str]) -> None:
    """Unpack the files of a zip archive whose names are in `names` into `folder`, without the archive's folders.

    Raises DataError for a damaged archive.
    """
    wanted = set(names)
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                name = Path(member.filename).name
                if name in wanted and not member.is_dir():
                    part = folder / f"{name}.part"
                    with packed.open(member) as source, part.open("wb") as target:
                        while block := source.read(1 << 20):
                            target.write(block)
                    part.replace(folder / name)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise DataError(f"{archive}: cannot unpack: {error}") from error


def _fetch(url: str, part: Path, pause: float) -> None:
    failures = 0
    while True:
        before = _size(part)
        try:
            _attempt(url, part)
            return
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DataError(f"{url}: not an address to download from") from error
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code not in _RETRIED:
                raise DataError(f"{url}: the server answers {error.response.status_code}") from error
            failures = 1 if _size(part) > before else failures + 1
            if failures == _ATTEMPTS:
                raise DataError(f"{url}: given up after {_ATTEMPTS} attempts: {_say(error)}") from error
            time.sleep(pause * 2 ** (failures - 1))


def _attempt(url: str, part: Path) -> None:
    """One request for the missing bytes. Raises httpx errors unless it brings all of them."""
    have = _size(part)
    # No transparent compression, which would break lengths and ranges.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=True) as response:
        if response.status_code == 416:  # nothing is missing, or the part is of another file: the checksum decides
            if response.headers.get("Content-Range", "").endswith(f"/{have}"):
                return
            part.unlink()
            raise httpx.ReadError("the server has less than is here already; starting anew")
        response.raise_for_status()
        resumed = response.status_code == 206
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise httpx.ReadError("the server sent another part than was asked for")
        length = response.headers.get("Content-Length")
        done = have if resumed else 0
        total = done + int(length) if length else None
        _refuse_without_room(part, int(length or 0))
        with byte_bar(part.stem, total, done) as advance, part.open("ab" if resumed else "wb") as file:
            for block in response.iter_raw():
                file.write(block)
                advance(len(block))


def _refuse_without_room(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise DataError(f"{part.parent}: {needed / 1e6:,.1f} MB are to come, and {free / 1e6:,.1f} MB are free")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _digest(path: Path, checksum: str) -> str:
    kind = checksum.partition(":")[0]
    with path.open("rb") as file:
        return f"{kind}:{hashlib.file_digest(file, kind).hexdigest()}"


def _say(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the server answers {error.response.status_code}"
    return str(error) or type(error).__name__
