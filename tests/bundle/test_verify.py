import json
import os
from collections.abc import Callable

import pytest

from shortlist_bundle import BundleStore, Manifest
from shortlist_bundle.manifest import SCHEMA_VERSION, canonical_json
from shortlist_core.errors import BundleRefusedError

FILES = [
    "features.json",
    "items/ids.hashes.npy",
    "items/ids.offsets.npy",
    "items/ids.rows.npy",
    "items/ids.utf8.npy",
    "items/price.npy",
    "manifest.json",
    "ranking/model.safetensors",
    "retrieval/items.faiss",
]


def refused(store: BundleStore, version: str, file: str) -> str:
    """Check that every way of reaching the bundle refuses it by the file's name; answer the check that failed."""
    current = store.current()
    for reach in (store.verify, store.load, store.activate):
        with pytest.raises(BundleRefusedError) as caught:
            reach(version)
        assert caught.value.metadata["file"] == file
        assert caught.value.metadata["bundle"] == version
    assert store.current() == current
    return caught.value.metadata["check"]


def test_the_list_above_is_the_bundle(publish: Callable[..., Manifest]) -> None:
    assert sorted([*publish().files, "manifest.json"]) == FILES


@pytest.mark.parametrize("file", FILES)
def test_every_damage_to_every_file_is_refused_by_name(
    store: BundleStore, publish: Callable[..., Manifest], file: str
) -> None:
    old = publish(seed=1).version
    new = publish(seed=2, activate=False).version
    path = store.directory / new / file
    whole = path.read_bytes()
    for length in {0, 1, len(whole) // 2, len(whole) - 1}:
        path.write_bytes(whole[:length])
        refused(store, new, file)
    for bit in range(0, len(whole) * 8, max(1, len(whole) * 8 // 31)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        refused(store, new, file)
    path.write_bytes(whole + b"\n")
    refused(store, new, file)
    path.unlink()
    assert refused(store, new, file) == "is missing"
    path.write_bytes(whole)
    assert store.current() == old
    store.activate(new)
    assert store.current() == new


@pytest.mark.parametrize("file", FILES)
def test_a_link_is_refused_even_to_the_right_content(
    store: BundleStore, publish: Callable[..., Manifest], file: str
) -> None:
    version = publish().version
    path = store.directory / version / file
    path.symlink_to(path.rename(store.directory / "elsewhere"))
    assert refused(store, version, file) == "is a symbolic link"


@pytest.mark.parametrize("added", ["extra.npy", "items/more.npy", ".hidden", "new/folder/file"])
def test_a_file_that_is_not_listed_is_refused(store: BundleStore, publish: Callable[..., Manifest], added: str) -> None:
    version = publish().version
    path = store.directory / version / added
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert refused(store, version, added) == "is not listed in the manifest"


def test_a_folder_that_is_a_link_is_refused(store: BundleStore, publish: Callable[..., Manifest]) -> None:
    version = publish().version
    folder = store.directory / version / "items"
    folder.symlink_to(folder.rename(store.directory / "elsewhere"))
    assert refused(store, version, "items") == "is a symbolic link"


def test_a_pipe_does_not_hang_the_reader(store: BundleStore, publish: Callable[..., Manifest]) -> None:
    version = publish().version
    for file in ("features.json", "manifest.json"):
        path = store.directory / version / file
        path.unlink()
        os.mkfifo(path)
        assert refused(store, version, file) == "is not a plain file"
        path.unlink()
        path.write_bytes(b"")


def test_a_bundle_under_another_name_is_refused(store: BundleStore, publish: Callable[..., Manifest]) -> None:
    manifest = publish()
    other = "20200101-000000-" + manifest.digest[:6]
    (store.directory / manifest.version).rename(store.directory / other)
    assert manifest.version in refused(store, other, "manifest.json")


def rewrite(store: BundleStore, manifest: Manifest, **changes: object) -> str:
    """A bundle whose manifest was forged with care: right digest, right name."""
    content = Manifest.model_construct(**{**manifest.__dict__, **changes})
    forged = content.sealed(manifest.created_at)
    path = (store.directory / manifest.version).rename(store.directory / forged.version)
    (path / "manifest.json").write_bytes(forged.to_bytes())
    return forged.version


def test_another_schema_is_refused_as_such(store: BundleStore, publish: Callable[..., Manifest]) -> None:
    version = rewrite(store, publish(), schema_version=SCHEMA_VERSION + 1)
    assert refused(store, version, "manifest.json") == (
        f"has schema version {SCHEMA_VERSION + 1}, this program reads {SCHEMA_VERSION}"
    )


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_manifest_cannot_list_files_outside(store: BundleStore, publish: Callable[..., Manifest], name: str) -> None:
    manifest = publish()
    entry = manifest.files["features.json"]
    version = rewrite(store, manifest, files={**manifest.files, name: entry})
    assert name in refused(store, version, "manifest.json")


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"{}", b"[" * 100_000, b"\xff", canonical_json({"schema_version": SCHEMA_VERSION})]
)
def test_what_is_no_manifest_is_refused(store: BundleStore, publish: Callable[..., Manifest], raw: bytes) -> None:
    version = publish().version
    (store.directory / version / "manifest.json").write_bytes(raw)
    assert "\n" not in refused(store, version, "manifest.json")


def test_the_same_manifest_in_other_words_is_refused(store: BundleStore, publish: Callable[..., Manifest]) -> None:
    version = publish().version
    path = store.directory / version / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=2))
    refused(store, version, "manifest.json")
