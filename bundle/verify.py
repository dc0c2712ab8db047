"""Decides whether a directory is the bundle it says it is, before anything in it is parsed."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from bundle.files import is_safe_name, open_plain, sha256
from bundle.manifest import MANIFEST, SCHEMA_VERSION, Manifest
from core.errors import BundleRefusedError


def verify(directory: Path, version: str) -> Manifest:
    """The manifest of the bundle in `directory` once it holds exactly the files listed there, byte for byte.

    Raises BundleRefusedError with the first file, by name, that is missing, strange, a link, or of other content.
    """
    manifest = _read_manifest(directory, version)
    there = dict(_walk(directory, version))
    there.pop(MANIFEST, None)
    for name in sorted(there.keys() | manifest.files.keys()):
        if name not in manifest.files:
            raise BundleRefusedError(version, name, "is not listed in the manifest")
        if name not in there:
            raise BundleRefusedError(version, name, "is missing")
        if there[name] != manifest.files[name].bytes:
            raise BundleRefusedError(version, name, f"has {there[name]} bytes, not {manifest.files[name].bytes}")
    for name, entry in sorted(manifest.files.items()):
        if _hash(directory / name, version, name) != entry.sha256:
            raise BundleRefusedError(version, name, "its SHA-256 is not the manifest's")
    return manifest


def _read_manifest(directory: Path, version: str) -> Manifest:
    def refuse(check: str) -> BundleRefusedError:
        return BundleRefusedError(version, MANIFEST, check)

    try:
        with open_plain(directory / MANIFEST) as file:
            raw = file.read()
    except FileNotFoundError:
        raise refuse("is missing") from None
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror}") from error
    try:
        content = json.loads(raw)
    except ValueError:
        raise refuse("is not JSON") from None
    schema = content.get("schema_version") if isinstance(content, dict) else None
    if schema != SCHEMA_VERSION:
        raise refuse(f"has schema version {schema!r}, this program reads {SCHEMA_VERSION}")
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise refuse(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if raw != manifest.to_bytes() or manifest.digest != manifest.content_digest():
        raise refuse("its content is not what its own digest says")
    if manifest.version != version or not version.endswith(manifest.digest[:6]):
        raise refuse(f"is the one of version {manifest.version!r}")
    if unsafe := [name for name in manifest.files if not is_safe_name(name)]:
        raise refuse(f"lists {unsafe[0]!r}, which cannot be the name of a file in a bundle")
    return manifest


def _walk(directory: Path, version: str, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every file below `directory` with its size; whatever is neither a plain file nor a plain directory is refused."""
    for entry in os.scandir(directory):
        name, status = prefix + entry.name, entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(directory / entry.name, version, f"{name}/")
        elif stat.S_ISREG(status.st_mode):
            yield name, status.st_size
        else:
            kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "not a plain file"
            raise BundleRefusedError(version, name, f"is {kind}")


def _hash(path: Path, version: str, name: str) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise BundleRefusedError(version, name, f"cannot be read: {error.strerror}") from error
