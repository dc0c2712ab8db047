"""Verification: compares a bundle's directory with its manifest before any file in it is parsed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import ValidationError

from shortlist_bundle.files import is_safe_name, open_plain, sha256
from shortlist_bundle.manifest import MANIFEST, SCHEMA_VERSION, Manifest
from shortlist_core.errors import BundleRefusedError

Advance = Callable[[int], None]
"""Hears of progress: how many more bytes were compared."""


def verify(directory: Path, version: str, advance: Advance = lambda _: None) -> Manifest:
    """The manifest of the bundle in `directory`, after checking that it has exactly the listed files, byte for byte.

    Raises BundleRefusedError with the first file, by name, that is missing, not listed, a link, or has other content.
    """
    try:
        sizes = dict(_walk(directory, version))
        manifest = read_manifest(directory, version)
        _check_files(directory, manifest, sizes, advance)
    except OSError as error:
        file = os.path.relpath(error.filename or directory, directory)
        raise BundleRefusedError(version, file, f"cannot be read: {error.strerror or error}") from error
    return manifest


def _walk(directory: Path, version: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every file below `directory` with its size. Raises BundleRefusedError for all but plain files and directories."""
    for entry in directory.iterdir():
        name, status = prefix + entry.name, entry.lstat()
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(entry, version, f"{name}/")
        elif stat.S_ISREG(status.st_mode):
            yield name, status.st_size
        else:
            kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a plain file"
            raise BundleRefusedError(version, name, f"is {kind}")


def read_manifest(directory: Path, version: str) -> Manifest:
    """The manifest of the bundle in `directory`, checked against its own digest; other files are not checked.

    Raises BundleRefusedError.
    """
    try:
        with open_plain(directory / MANIFEST) as file:
            raw = file.read()
    except FileNotFoundError:
        raise BundleRefusedError(version, MANIFEST, "is missing") from None
    except OSError as error:
        raise BundleRefusedError(version, MANIFEST, f"cannot be read: {error.strerror or error}") from error
    try:
        manifest = _parse(raw)
        if manifest.version != version or not version.endswith(manifest.digest[:6]):
            raise ValueError(f"belongs to version {manifest.version!r}")
    except ValueError as error:
        raise BundleRefusedError(version, MANIFEST, str(error)) from error
    return manifest


def _parse(raw: bytes) -> Manifest:
    """The manifest in `raw`. Raises ValueError that says in one line what is wrong with it."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    schema = content.get("schema_version") if isinstance(content, dict) else None
    if schema != SCHEMA_VERSION:
        raise ValueError(f"has schema version {schema!r}, this program reads {SCHEMA_VERSION}")
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if raw != manifest.to_bytes() or manifest.digest != manifest.content_digest():
        raise ValueError("its content is not what its own digest says")
    if unsafe := [name for name in manifest.files if not is_safe_name(name)]:
        raise ValueError(f"lists {unsafe[0]!r}, which cannot be the name of a file in a bundle")
    return manifest


def _check_files(directory: Path, manifest: Manifest, sizes: dict[str, int], advance: Advance) -> None:
    present = sizes.keys() - {MANIFEST}
    for name in sorted(present | manifest.files.keys()):
        if name not in manifest.files:
            raise BundleRefusedError(manifest.version, name, "is not listed in the manifest")
        if name not in present:
            raise BundleRefusedError(manifest.version, name, "is missing")
        if sizes[name] != manifest.files[name].bytes:
            check = f"has {sizes[name]} bytes instead of {manifest.files[name].bytes}"
            raise BundleRefusedError(manifest.version, name, check)
    names = sorted(manifest.files)
    with ThreadPoolExecutor(os.cpu_count()) as threads:  # hashing releases the interpreter lock
        digests = threads.map(sha256, (directory / name for name in names))
        for name, digest in zip(names, digests, strict=True):
            if digest != manifest.files[name].sha256:
                raise BundleRefusedError(manifest.version, name, "its SHA-256 is not the manifest's")
            advance(sizes[name])
