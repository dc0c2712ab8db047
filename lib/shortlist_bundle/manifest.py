"""The manifest: what a bundle holds, what it was made from, and the checksum of every file, itself included."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from typing import Any

import numpy as np
from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue

MANIFEST = "manifest.json"
SCHEMA_VERSION = 4
"""Of this file's layout and of what the recipe writes. A reader refuses every other number rather than guess."""

CATALOG_SEQUENCES = "catalog_sequences"
"""Setting that `Manifest.catalog_sequences` reads."""

_VERSION = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}", re.ASCII)
_LIBRARIES = (
    "shortlist-server", "numpy", "scipy", "polars", "implicit", "faiss-cpu", "keras", "tensorflow", "tensorflow-cpu",
    "tokenizers", "safetensors",
)  # fmt: skip


class FileEntry(BaseModel):
    """One file of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sha256: str
    bytes: int


class Manifest(BaseModel):
    """Everything known about one bundle; `files` maps relative paths to checksums, the manifest's own left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = ""
    schema_version: int = SCHEMA_VERSION
    created_at: AwareDatetime
    as_of_micros: int  # the data used ends here, microseconds since the epoch
    seed: int
    libraries: dict[str, str]  # distribution -> version
    settings: dict[str, JsonValue]
    metrics: dict[str, JsonValue]
    files: dict[str, FileEntry]
    digest: str = ""  # SHA-256 of all of the above but `version`, so that a flipped bit in here is noticed too

    @property
    def catalog_sequences(self) -> dict[str, int]:
        """The stores of changed items that the bundle was trained on, by identity, and up to which change of each."""
        found = self.settings.get(CATALOG_SEQUENCES, {})
        return {str(store): int(str(number)) for store, number in found.items()} if isinstance(found, dict) else {}

    def sealed(self, stamp: datetime) -> Manifest:
        """This manifest with its digest, and with the version that `stamp` (UTC) and the digest make together."""
        digest = self.content_digest()
        return self.model_copy(update={"digest": digest, "version": f"{stamp:%Y%m%d-%H%M%S}-{digest[:6]}"})

    def content_digest(self) -> str:
        """What `digest` has to be, in hexadecimal."""
        content = self.model_dump(mode="json", exclude={"version", "digest"})
        return hashlib.sha256(canonical_json(content)).hexdigest()

    def to_bytes(self) -> bytes:
        """The one byte string that this manifest is stored as."""
        return canonical_json(self.model_dump(mode="json"))


def is_version(text: str) -> bool:
    """Whether `text` has the form of a version, such as `20261122-154250-1f3a9c`."""
    return _VERSION.fullmatch(text) is not None


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces and a final newline. NumPy scalars and arrays are written as plain numbers
    and lists; a NaN or an infinity raises ValueError, as JSON has none.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_from_numpy
    )
    return text.encode() + b"\n"


def plain_json(value: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Settings or metrics as JSON holds them: NumPy scalars become numbers, tuples lists, and what is not finite null,
    because one metric that could not be measured must not cost a training run.
    """
    finite = _finite(value)
    plain: dict[str, JsonValue] = json.loads(canonical_json(finite))
    return plain


def library_versions() -> dict[str, str]:
    """The versions of Python and of the installed libraries that shape what is in a bundle."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed here
    return versions


def _from_numpy(value: object) -> object:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        return _finite(value.tolist())
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
