import errno
from pathlib import Path

import numpy as np
import pytest

from shortlist_bundle import BundleStore
from shortlist_core.errors import DataError, UnavailableError

FACTS = {"as_of_micros": 5, "seed": 7, "settings": {}, "metrics": {}}


def left_over(store: BundleStore) -> list[str]:
    return [entry.name for entry in store.directory.iterdir() if entry.name not in (".lock", "CURRENT")]


def test_leaving_without_publishing_leaves_nothing(store: BundleStore) -> None:
    with store.writer() as writer:
        writer.array("a", np.arange(3))
    assert left_over(store) == []
    with pytest.raises(RuntimeError, match="training failed"), store.writer() as writer:
        writer.array("a", np.arange(3))
        raise RuntimeError("training failed")
    assert left_over(store) == []
    assert store.current() is None


@pytest.mark.parametrize("name", ["../a", "/a", "", "a//b", "a/../b", ".hidden", "a/.b", "a b", "a\n", "x" * 300])
def test_names_cannot_leave_the_bundle(store: BundleStore, name: str) -> None:
    with store.writer() as writer, pytest.raises(ValueError, match="cannot be the name of a file"):
        writer.path(name)


def test_the_manifest_cannot_be_written_by_hand(store: BundleStore) -> None:
    with store.writer() as writer, pytest.raises(ValueError, match=r"manifest\.json"):
        writer.json("manifest", {})


def test_scratch_is_no_part_of_the_bundle_and_goes_with_its_workspace(store: BundleStore) -> None:
    with store.writer() as writer:
        with writer.scratch() as folder:
            (folder / "large").write_bytes(b"x")
            assert folder.parent.parent == store.directory  # so that it goes as what a killed publisher leaves does
            writer.array("a", np.arange(3))
        writer.publish(**FACTS)
    assert set(store.load().manifest.files) == {"a.npy"}


def test_a_name_is_written_once(store: BundleStore) -> None:
    with store.writer() as writer:
        writer.array("a", np.arange(3))
        with pytest.raises(ValueError, match="before"):
            writer.array("a", np.arange(4))


@pytest.mark.parametrize("array", [np.array([None]), np.array(["a", 1], dtype=object), np.zeros(2, [("a", "O")])])
def test_objects_are_not_stored(store: BundleStore, array: np.ndarray) -> None:
    with store.writer() as writer:
        with pytest.raises(TypeError, match="Python objects"):
            writer.array("a", array)
        with pytest.raises(TypeError, match="Python objects"):
            writer.weights("w", {"x": array})


def test_an_id_twice_is_the_data_s_fault(store: BundleStore) -> None:
    with store.writer() as writer, pytest.raises(DataError, match="'a' occurs more than once"):
        writer.ids("ids", ["a", "b", "a"])


def test_what_was_promised_must_be_there_and_nothing_else(store: BundleStore) -> None:
    with store.writer() as writer:
        index = writer.path("items.faiss")
        with pytest.raises(ValueError, match=r"never written: items\.faiss"):
            writer.publish(**FACTS)
        index.write_bytes(b"")
        beside = index.with_name("items.faiss.tmp")
        beside.write_bytes(b"")
        with pytest.raises(ValueError, match=r"without its knowledge: items\.faiss\.tmp"):
            writer.publish(**FACTS)
        beside.unlink()
        writer.publish(**FACTS)
    assert store.load().path("items.faiss").read_bytes() == b""


def test_settings_and_metrics_are_kept_as_json(store: BundleStore) -> None:
    with store.writer() as writer:
        writer.publish(
            as_of_micros=123,
            seed=9,
            settings={"sizes": (1, 2), "rate": np.float32(0.5)},
            metrics={"auc": float("nan"), "ndcg": {"@10": np.float64(0.25), "@20": [float("inf")]}},
        )
    manifest = store.load().manifest
    assert (manifest.as_of_micros, manifest.seed) == (123, 9)
    assert manifest.settings == {"sizes": [1, 2], "rate": 0.5}
    assert manifest.metrics == {"auc": None, "ndcg": {"@10": 0.25, "@20": [None]}}
    assert manifest.libraries["numpy"] == np.__version__


def test_a_full_disk_is_one_line_and_leaves_nothing(store: BundleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with store.writer() as writer:
        monkeypatch.setattr(np, "save", full)
        with pytest.raises(UnavailableError, match=r"cannot write a\.npy: No space left on device"):
            writer.array("a", np.arange(3))
    assert left_over(store) == []


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot write in"), BundleStore(tmp_path / "file" / "b").writer():
        pass
