"""The manifest: what a bundle contains, what it was made from, and the checksum of every file and of itself."""

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

from shortlist_core.event_weights import USUAL, EventWeights
from shortlist_core.events import EventType
from shortlist_core.seen_items import SeenItems
from shortlist_core.tiring import Tiring

MANIFEST = "manifest.json"
SCHEMA_VERSION = 4
"""Version of the manifest's layout and of what the recipe writes. A reader refuses every other version."""

CATALOG_SEQUENCES = "catalog_sequences"
"""Setting that `Manifest.catalog_sequences` reads."""

DISLIKE_BELOW = "dislike_below"
"""Setting that `Manifest.dislike_below` reads."""

EVENTS = "events"
"""Setting that `Manifest.event_weights` reads."""

SEEN_ITEMS = "seen_items"
"""Setting that `Manifest.seen_items` reads."""

ACTION_WEIGHTS = "action_weights"
"""Setting that `Manifest.action_weights` reads."""

TIRING = "tiring"
"""Setting that `Manifest.tiring` reads."""

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
    """Everything about one bundle; `files` maps relative paths to checksums, without the manifest itself."""

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
    digest: str = ""  # SHA-256 of all fields above except `version`: protects the manifest itself

    @property
    def catalog_sequences(self) -> dict[str, int]:
        """The last change that the bundle contains, by the identity of the catalogue store."""
        stored = self.settings.get(CATALOG_SEQUENCES, {})
        return {str(store): int(str(number)) for store, number in stored.items()} if isinstance(stored, dict) else {}

    @property
    def dislike_below(self) -> float:
        """The value below which a rating is a dislike; -inf where all ratings are wishes."""
        stored = self.settings.get(DISLIKE_BELOW)
        return float(stored) if isinstance(stored, int | float) else -math.inf

    @property
    def action_weights(self) -> tuple[tuple[EventType, float], ...]:
        """How much each action counts where a request does not say; empty where only being taken counts."""
        stored = self.settings.get(ACTION_WEIGHTS)
        weights = stored if isinstance(stored, dict) else {}
        return tuple((EventType[name.upper()], float(str(weight))) for name, weight in weights.items())

    @property
    def tiring(self) -> Tiring | None:
        """How items tire where a request does not say; None where the bundle does not say it either."""
        stored: Any = self.settings.get(TIRING)
        return Tiring.from_json(stored) if isinstance(stored, dict) else None

    @property
    def event_weights(self) -> EventWeights:
        """How much events count, by type and value; the usual weights where the bundle does not say it."""
        stored: Any = self.settings.get(EVENTS)
        return EventWeights.from_json(stored) if isinstance(stored, dict) else USUAL

    @property
    def seen_items(self) -> SeenItems:
        """What happens to seen items where a request does not say: dropped where the bundle does not say it either."""
        return SeenItems(str(self.settings.get(SEEN_ITEMS, SeenItems.DROP)))

    def sealed(self, stamp: datetime) -> Manifest:
        """This manifest with its digest and its version, which is made of `stamp` (UTC) and the digest."""
        digest = self.content_digest()
        return self.model_copy(update={"digest": digest, "version": f"{stamp:%Y%m%d-%H%M%S}-{digest[:6]}"})

    def content_digest(self) -> str:
        """The digest of the content, in hexadecimal: `digest` has to equal it."""
        content = self.model_dump(mode="json", exclude={"version", "digest"})
        return hashlib.sha256(canonical_json(content)).hexdigest()

    def to_bytes(self) -> bytes:
        """The bytes of the manifest's file, which are the same for the same content."""
        return canonical_json(self.model_dump(mode="json"))


def is_version(text: str) -> bool:
    """Whether `text` has the form of a version, such as `20261122-154250-1f3a9c`."""
    return _VERSION.fullmatch(text) is not None


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces and a final newline.

    NumPy scalars and arrays are written as numbers and lists. NaN and infinity raise ValueError, as JSON has neither.
    """
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_from_numpy
    )
    return text.encode() + b"\n"


def plain_json(value: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Settings or metrics as JSON types: NumPy scalars become numbers, tuples become lists.

    Numbers that are not finite become null, so that a metric that could not be measured does not fail the training.
    """
    finite = _finite(value)
    plain: dict[str, JsonValue] = json.loads(canonical_json(finite))
    return plain


def library_versions() -> dict[str, str]:
    """The versions of Python and of the installed libraries that determine a bundle's content."""
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
