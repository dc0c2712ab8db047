import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from shortlist_bundle import BundleStore, Manifest
from shortlist_core.errors import BundleRefusedError, NotFoundError, UnavailableError

Publish = Callable[..., Manifest]


def hidden(store: BundleStore) -> list[str]:
    """What is neither a bundle nor one of the files that are always there or overwritten the next time."""
    names = {entry.name for entry in store.directory.iterdir() if entry.name.startswith(".")}
    return sorted(names - {".lock", ".CURRENT.new"})


def test_an_empty_store_says_so(store: BundleStore) -> None:
    assert store.versions() == []
    assert store.current() is None
    with pytest.raises(UnavailableError, match="there is no bundle") as caught:
        store.load()
    assert caught.value.reason == "NO_BUNDLE"
    with pytest.raises(NotFoundError):
        store.rollback()


@pytest.mark.parametrize("version", ["20200101-000000-abcdef", "../bundles", "", "CURRENT", "latest"])
def test_an_unknown_version_is_not_found(store: BundleStore, publish: Publish, version: str) -> None:
    publish()
    for reach in (store.verify, store.activate, *([store.load] if version else [])):
        with pytest.raises(NotFoundError) as caught:
            reach(version)
        assert caught.value.reason == "BUNDLE_NOT_FOUND"


def test_versions_are_different_and_in_order_within_one_second(store: BundleStore, publish: Publish) -> None:
    published = [publish().version for _ in range(5)]
    assert store.versions() == published
    assert len(set(published)) == 5
    assert store.current() == published[-1]


def test_publishing_without_activating_leaves_current(store: BundleStore, publish: Publish) -> None:
    first = publish(seed=1).version
    second = publish(seed=2, activate=False).version
    assert store.load().version == first
    assert store.load(second).json("features") == {"seed": 2}
    store.activate(second)
    assert store.load().json("features") == {"seed": 2}


def test_rollback_goes_back_through_what_was_active(store: BundleStore, publish: Publish) -> None:
    a, b, c = (publish(seed=seed).version for seed in range(3))
    store.activate(a)
    store.activate(a)  # nothing new: must not become its own predecessor
    assert store.rollback() == c == store.current()
    assert store.rollback() == b
    with pytest.raises(NotFoundError):  # a was active before b, but has been rolled back from since
        store.rollback()
    assert store.current() == b


def test_rollback_to_a_damaged_bundle_is_refused(store: BundleStore, publish: Publish) -> None:
    old, new = publish(seed=1).version, publish(seed=2).version
    (store.directory / old / "features.json").write_text("{}")
    with pytest.raises(BundleRefusedError, match=r"features\.json"):
        store.rollback()
    assert store.current() == new


def test_a_current_that_names_no_version_is_refused(store: BundleStore, publish: Publish) -> None:
    publish()
    (store.directory / "CURRENT").write_text("../../etc\n")
    with pytest.raises(BundleRefusedError, match="CURRENT"):
        store.load()


def test_prune_keeps_what_is_new_current_or_a_way_back(store: BundleStore, publish: Publish) -> None:
    versions = [publish(seed=seed).version for seed in range(6)]
    store.activate(versions[1])  # the way back is now versions[5]
    assert store.prune(keep=1) == [versions[0], *versions[2:5]]
    assert store.versions() == [versions[1], versions[5]]
    assert store.rollback() == versions[5]
    assert hidden(store) == []


def test_prune_spares_a_bundle_that_somebody_reads(store: BundleStore, publish: Publish) -> None:
    versions = [publish(seed=seed).version for seed in range(4)]
    reader = store.load(versions[0])
    assert store.prune(keep=1) == [versions[1]]
    assert reader.json("features") == {"seed": 0}  # opened only now
    del reader
    assert store.prune(keep=1) == [versions[0]]


def test_loading_follows_current_when_the_version_it_had_read_was_pruned(
    store: BundleStore, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned, *_, newest = (publish(seed=seed).version for seed in range(3))
    assert pruned in store.prune(keep=1)
    answers = iter([pruned])
    current = store.current
    monkeypatch.setattr(store, "current", lambda: next(answers, None) or current())
    assert store.load().version == newest
    with pytest.raises(NotFoundError):  # the one who asks for a version by name gets no other
        store.load(pruned)


def test_publishers_at_the_same_time_do_not_harm_each_other(store: BundleStore, publish: Publish) -> None:
    with ThreadPoolExecutor(8) as pool:
        manifests = list(pool.map(publish, range(24)))
    assert sorted(manifest.version for manifest in manifests) == store.versions()
    for manifest in manifests:
        assert store.load(manifest.version).json("features") == {"seed": manifest.seed}
    assert store.current() in store.versions()
    assert hidden(store) == []


@pytest.mark.parametrize("rounds", [10, pytest.param(1024, marks=pytest.mark.slow)])
def test_readers_always_get_one_whole_bundle_while_others_come_and_go(
    store: BundleStore, publish: Publish, rounds: int
) -> None:
    publish()
    going = threading.Event()

    def read() -> int:
        loads = 0
        while not going.is_set():
            bundle = store.load()
            seed = bundle.manifest.seed
            assert bundle.json("features") == {"seed": seed}
            assert (bundle.array("items/price") == np.arange(40.0) + seed).all()
            loads += 1
        return loads

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(rounds):
                publish(seed=number)
                store.prune(keep=1)
                store.rollback()
                store.activate(store.versions()[-1])
        finally:
            going.set()
        assert min(reader.result() for reader in readers) > 0
