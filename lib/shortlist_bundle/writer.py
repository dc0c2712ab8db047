"""Bundle writer: writes the files of one bundle, then publishes all of them at once or none."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from shortlist_bundle.files import is_safe_name, sha256, sync
from shortlist_bundle.manifest import MANIFEST, FileEntry, Manifest, canonical_json, library_versions, plain_json
from shortlist_bundle.strings import build_lookup, encode
from shortlist_core.errors import UnavailableError

Adopt = Callable[[Manifest, bool], Manifest]


class BundleWriter:
    """Writes one bundle; `BundleStore.writer()` returns it.

    Names are relative paths without a file ending: `items/price` becomes `items/price.npy`. A name that is used twice
    or could leave the bundle raises ValueError. A disk that is full or read-only raises UnavailableError.
    """

    def __init__(self, workspace: Path, adopt: Adopt) -> None:
        self._workspace = workspace
        self._adopt = adopt
        self._files: dict[str, Path] = {}

    def array(self, name: str, array: npt.ArrayLike) -> None:
        """Store an array of any plain dtype and shape as `<name>.npy`; an array of objects raises TypeError."""
        plain = _plain(name, array)
        with self._writing(f"{name}.npy") as path:
            np.save(path, plain, allow_pickle=False)

    def arrays(self, prefix: str, mapping: Mapping[str, npt.ArrayLike]) -> None:
        """Store each array of `mapping` under `<prefix>/<key>`."""
        for key, array in mapping.items():
            self.array(f"{prefix}/{key}", array)

    def strings(self, name: str, values: Sequence[str]) -> None:
        """Store strings so that each can be read without the others."""
        blob, offsets = encode(values)
        self.array(f"{name}.utf8", blob)
        self.array(f"{name}.offsets", offsets.astype(np.uint32) if len(blob) < 1 << 32 else offsets)

    def ids(self, name: str, values: Sequence[str]) -> None:
        """Store ids with the lookup from an id to its row; an id that occurs twice raises DataError."""
        hashes, rows = build_lookup(values)
        self.strings(name, values)
        self.array(f"{name}.hashes", hashes)
        self.array(f"{name}.rows", rows)

    def json(self, name: str, obj: object) -> None:
        """Store an object as `<name>.json`. NumPy numbers become plain numbers; NaN raises ValueError."""
        content = canonical_json(obj)
        with self._writing(f"{name}.json") as path:
            path.write_bytes(content)

    def weights(self, name: str, weights: Mapping[str, npt.ArrayLike]) -> None:
        """Store a model's named arrays as `<name>.safetensors`."""
        plain = {key: _plain(f"{name}[{key}]", array) for key, array in weights.items()}
        with self._writing(f"{name}.safetensors") as path:
            path.touch()
            mode = path.stat().st_mode  # as the umask says; the library replaces the file by one that is its owner's
            save_file(plain, path)
            path.chmod(stat.S_IMODE(mode))

    def path(self, name: str) -> Path:
        """The path of the file `name` (with its ending), for a library that writes it itself before `publish`."""
        return self._register(name)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A scratch folder on the bundle's disk for data that does not fit into memory; it is not part of the bundle.

        It is removed when the context ends, which has to be before `publish`. The folder of a killed process is removed
        like its unfinished bundle.
        """
        with tempfile.TemporaryDirectory(prefix=".scratch-", dir=self._workspace) as folder:
            yield Path(folder)

    def publish(
        self,
        *,
        as_of_micros: int,
        seed: int,
        settings: Mapping[str, Any],
        metrics: Mapping[str, Any],
        activate: bool = True,
    ) -> Manifest:
        """Sync the bundle to disk, move it into place under a new version and, with `activate`, make it current.

        `as_of_micros` is the end of the data used. Returns the manifest with its version. A file that was registered by
        `path` and is missing, or a file that was not registered, raises ValueError.
        """
        self._check_complete()
        draft = Manifest(
            created_at=datetime.now(UTC),
            as_of_micros=as_of_micros,
            seed=seed,
            libraries=library_versions(),
            settings=plain_json(settings),
            metrics=plain_json(metrics),
            files={
                name: FileEntry(sha256=sha256(path), bytes=path.stat().st_size) for name, path in self._files.items()
            },
        )
        with _storage_errors("publish the bundle"):
            for path in self._files.values():
                sync(path)
            for folder in {folder for path in self._files.values() for folder in path.parents}:
                if folder.is_relative_to(self._workspace):
                    sync(folder)
            return self._adopt(draft, activate)

    def _check_complete(self) -> None:
        written = {str(path.relative_to(self._workspace)) for path in self._workspace.rglob("*") if not path.is_dir()}
        written = {name for name in written if not name.startswith(".")}  # not the workspace's own lock
        if missing := sorted(self._files.keys() - written):
            raise ValueError(f"promised to the bundle and never written: {', '.join(missing)}")
        if strange := sorted(written - self._files.keys()):
            raise ValueError(f"written into the bundle without its knowledge: {', '.join(strange)}")

    def _register(self, name: str) -> Path:
        if not is_safe_name(name) or name == MANIFEST:
            raise ValueError(f"{name!r} cannot be the name of a file in a bundle")
        if name in self._files:
            raise ValueError(f"{name!r} was written to the bundle before")
        path = self._workspace / name
        with _storage_errors(f"write {name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._files[name] = path
        return path

    @contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        path = self._register(name)
        with _storage_errors(f"write {name}"):
            yield path


def _plain(name: str, array: npt.ArrayLike) -> npt.NDArray[Any]:
    plain = np.asarray(array, order="C")
    if plain.dtype.hasobject:
        raise TypeError(f"{name}: an array of Python objects cannot be stored, only numbers, bools and fixed bytes")
    return plain


@contextmanager
def _storage_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError("BUNDLE_STORAGE", f"cannot {what}: {error.strerror or error}") from error
