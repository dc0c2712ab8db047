"""Who may read a bundle: the umask of its publisher says it, for every file alike."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest

from shortlist_bundle import BundleStore


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o002])
def test_every_file_has_the_mode_of_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = BundleStore(tmp_path / "bundles")
        with store.writer() as writer:
            writer.array("items/price", np.ones(3))
            writer.ids("items/ids", ["a", "b"])
            writer.json("settings", {"a": 1})
            writer.weights("ranker", {"w": np.ones((2, 2), np.float32)})
            writer.path("index.faiss").write_bytes(b"x")
            with writer.scratch() as scratch:
                (scratch / "x").write_bytes(b"x")
            manifest = writer.publish(as_of_micros=1, seed=1, settings={}, metrics={})
        store.activate(manifest.version)
    finally:
        os.umask(before)
    paths = [path for path in store.directory.rglob("*") if path.name != ".lock"]
    assert len([path for path in paths if path.suffix == ".safetensors"]) == 1
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o777 & ~umask), (False, 0o666 & ~umask)}
