"""Reads a verified bundle. Arrays and strings are memory-mapped, so that all processes share one copy of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from shortlist_bundle.files import lock_shared
from shortlist_bundle.manifest import MANIFEST, Manifest
from shortlist_bundle.spare_rows import map_with_spare_rows
from shortlist_bundle.strings import Ids, Strings
from shortlist_bundle.verify import verify
from shortlist_core.errors import BundleRefusedError

_ENDINGS = ("", ".npy", ".utf8.npy", ".json", ".safetensors")


class Bundle:
    """One verified bundle, as `BundleStore.load` returns it. While the object exists, `prune` keeps the files.

    Every method that reads raises BundleRefusedError where the bundle has nothing of that name and kind.
    """

    def __init__(self, directory: Path, version: str) -> None:
        self._lease = lock_shared(directory / MANIFEST)  # taken first: nothing is pruned while it is verified
        self._directory = directory
        self.manifest: Manifest = verify(directory, version)

    @property
    def version(self) -> str:
        """The bundle's version, such as `20261122-154250-1f3a9c`."""
        return self.manifest.version

    def has(self, name: str) -> bool:
        """Whether the bundle holds anything under `name`, of any kind."""
        return any(name + ending in self.manifest.files for ending in _ENDINGS)

    def array(self, name: str, spare_rows: int | None = None) -> npt.NDArray[Any]:
        """The array stored under `name`, with its dtype and shape; memory-mapped, writing to it raises ValueError.

        With `spare_rows` (0 or more), as many rows of zeros follow, and all rows may be written to. Writes stay within
        this process; the bundle does not change.
        """
        file = f"{name}.npy"
        with self._consistent(file):
            if spare_rows is not None:
                return map_with_spare_rows(self.path(file), spare_rows)
            mapped = np.load(self.path(file), mmap_mode="r", allow_pickle=False)
        return np.asarray(mapped)  # a plain view: indexing a np.memmap costs more

    def strings(self, name: str) -> Strings:
        """The strings stored under `name` by `strings` or `ids`."""
        with self._consistent(f"{name}.offsets.npy"):
            return Strings(self.array(f"{name}.utf8"), self.array(f"{name}.offsets"))

    def ids(self, name: str) -> Ids:
        """The ids stored under `name`, with the lookup from an id to its row."""
        with self._consistent(f"{name}.offsets.npy"):
            return Ids(*(self.array(f"{name}.{part}") for part in ("utf8", "offsets", "hashes", "rows")))

    def json(self, name: str) -> Any:
        """The object stored under `name`."""
        file = f"{name}.json"
        with self._consistent(file):
            return json.loads(self.path(file).read_bytes())

    def weights(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """A model's named arrays, copied into memory."""
        file = f"{name}.safetensors"
        with self._consistent(file):
            weights: dict[str, npt.NDArray[Any]] = load_file(self.path(file))
        return weights

    def path(self, name: str) -> Path:
        """The file `name` (with its ending), for a library that reads it itself."""
        if name not in self.manifest.files:
            raise BundleRefusedError(self.version, name, "is not in this bundle")
        return self._directory / name

    @contextmanager
    def _consistent(self, file: str) -> Iterator[None]:
        """Raise BundleRefusedError where `file` cannot be parsed although its checksum is right."""
        try:
            yield
        except (ValueError, SafetensorError) as error:
            raise BundleRefusedError(self.version, file, str(error)) from error
