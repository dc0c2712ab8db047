from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from shortlist_bundle import Bundle, BundleStore
from shortlist_core.errors import BundleRefusedError

FACTS = {"as_of_micros": 5, "seed": 7, "settings": {}, "metrics": {}}
DTYPES = st.sampled_from(["f4", "f8", "f2", "i1", "i4", "i8", "u1", "u8", "?", "S3", ">i4"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays.arrays(DTYPES, arrays.array_shapes(min_dims=0, min_side=0, max_dims=3)))
def test_arrays_come_back_bit_for_bit(tmp_path: Path, array: np.ndarray) -> None:
    store = BundleStore(tmp_path)
    with store.writer() as writer:
        writer.array("a/b", array)
        writer.weights("w", {"x": np.ones((2, 3), np.float32).T, "scalar": np.float64(3.5)})
        version = writer.publish(**FACTS).version
    bundle = store.load(version)
    read = bundle.array("a/b")
    assert (read.dtype, read.shape, read.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert not read.flags.writeable
    weights = bundle.weights("w")
    assert weights["x"].shape == (3, 2)
    assert weights["scalar"].shape == () and weights["scalar"] == 3.5


def test_everything_written_is_read(store: BundleStore) -> None:
    with store.writer() as writer:
        writer.arrays("als", {"users": np.eye(3, dtype=np.float32), "items": np.zeros((0, 3), np.float32)})
        writer.strings("titles", ["", "Grüße", ""])
        writer.ids("ids", ["a", "b", "ü"])
        writer.json("features", {"bins": np.arange(3), "share": np.float64(0.5), "name": "é"})
        writer.path("retrieval/items.faiss").write_bytes(b"index")
        writer.publish(**FACTS)
    bundle = store.load()
    assert np.array_equal(bundle.array("als/users"), np.eye(3))
    assert bundle.array("als/items").shape == (0, 3)
    assert list(bundle.strings("titles")) == ["", "Grüße", ""]
    assert bundle.ids("ids").rows(["ü", "?", "a"]).tolist() == [2, -1, 0]
    assert list(bundle.strings("ids")) == ["a", "b", "ü"]
    assert bundle.json("features") == {"bins": [0, 1, 2], "share": 0.5, "name": "é"}
    assert bundle.path("retrieval/items.faiss").read_bytes() == b"index"
    there = ["als/users", "titles", "ids", "features", "retrieval/items.faiss"]
    assert all(map(bundle.has, there))
    assert not bundle.has("als") and not bundle.has("nothing")


def test_no_process_can_write_into_a_loaded_array(store: BundleStore) -> None:
    with store.writer() as writer:
        writer.array("a", np.arange(3))
        writer.publish(**FACTS)
    with pytest.raises(ValueError, match="read-only"):
        store.load().array("a")[0] = 1


@pytest.fixture
def bundle(store: BundleStore) -> Bundle:
    with store.writer() as writer:
        writer.array("a", np.arange(3))
        writer.publish(**FACTS)
    (store.directory / "secret.npy").write_bytes(b"outside")
    return store.load()


@pytest.mark.parametrize("name", ["../secret.npy", "/etc/passwd", "manifest.json", "b", "", "a/../a.npy"])
def test_only_listed_files_are_opened(bundle: Bundle, name: str) -> None:
    with pytest.raises(BundleRefusedError, match="is not in this bundle"):
        bundle.path(name)


def test_a_missing_part_is_named(bundle: Bundle) -> None:
    with pytest.raises(BundleRefusedError, match=r"retrieval/als\.npy: is not in this bundle"):
        bundle.array("retrieval/als")
    with pytest.raises(BundleRefusedError, match=r"a\.utf8\.npy"):
        bundle.ids("a")


def test_pickles_and_nonsense_are_refused_even_with_a_right_checksum(store: BundleStore) -> None:
    with store.writer() as writer:
        with writer.path("evil.npy").open("wb") as file:
            np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        writer.path("short.npy").write_bytes(b"\x93NUMPY\x01")
        writer.path("text.json").write_bytes(b"{")
        writer.path("model.safetensors").write_bytes(b"not one")
        writer.array("torn.utf8", np.zeros(3, np.uint8))
        writer.array("torn.offsets", np.array([0, 9]))
        writer.publish(**FACTS)
    bundle = store.load()
    for read, name in [
        (bundle.array, "evil"),
        (bundle.array, "short"),
        (bundle.json, "text"),
        (bundle.weights, "model"),
        (bundle.strings, "torn"),
    ]:
        with pytest.raises(BundleRefusedError, match=name):
            read(name)
