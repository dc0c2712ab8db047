"""Labels beside the current bundle: who has one, when it goes, and that nothing half-written is read."""

from collections.abc import Callable

import pytest

from shortlist_bundle import BundleStore, Labels, Manifest
from shortlist_core.errors import BundleRefusedError, InvalidArgumentError, NotFoundError

Publish = Callable[..., Manifest]


@pytest.fixture
def versions(store: BundleStore, publish: Publish) -> list[str]:
    """Three bundles, the last one current."""
    return [publish(seed=seed).version for seed in range(3)]


def test_labels_are_there_for_everybody_until_they_are_taken_off(store: BundleStore, versions: list[str]) -> None:
    first, second, _ = versions
    assert store.labels() == Labels()
    store.set_canary(first, 0.25)
    store.set_shadow(second)
    labels = BundleStore(store.directory).labels()
    assert labels.canary is not None and (labels.canary.version, labels.canary.share) == (first, 0.25)
    assert labels.shadow is not None and labels.shadow.version == second
    assert (store.remove_canary(), store.remove_shadow()) == (first, second)
    assert store.labels() == Labels()
    for remove in (store.remove_canary, store.remove_shadow):
        with pytest.raises(NotFoundError):
            remove()


def test_a_bundle_has_one_label(store: BundleStore, versions: list[str]) -> None:
    first, second, third = versions
    store.set_canary(first, 0.25)
    store.set_shadow(first)
    assert store.labels().canary is None and store.labels().versions() == {first}
    store.activate(first)
    assert store.labels() == Labels()
    store.set_canary(third, 0.25)
    store.rollback()
    assert store.current() == third and store.labels() == Labels()
    for label in (lambda: store.set_canary(third, 0.5), lambda: store.set_shadow(third)):
        with pytest.raises(InvalidArgumentError, match="current"):
            label()
    store.set_canary(second, 0.5)


def test_a_canary_that_is_taken_off_is_remembered_until_the_next(store: BundleStore, versions: list[str]) -> None:
    first, second, _ = versions
    store.set_canary(first, 0.25)
    store.take_off(second, "not this one")
    assert store.labels().canary is not None
    store.take_off(first, "bad")
    store.take_off(first, "said by another worker as well")
    taken_off = store.labels().taken_off
    assert store.labels().canary is None and taken_off is not None
    assert (taken_off.version, taken_off.reason) == (first, "bad")
    store.set_canary(second, 0.25)
    assert store.labels().taken_off is None


def test_labelled_bundles_are_not_pruned(store: BundleStore, versions: list[str], publish: Publish) -> None:
    first, second, _ = versions
    publish(seed=3)
    store.set_shadow(first)
    assert store.prune(keep=0) == [second]


def test_a_damaged_bundle_gets_no_label(store: BundleStore, versions: list[str]) -> None:
    path = store.directory / versions[0] / "items/price.npy"
    path.write_bytes(path.read_bytes()[:-1])
    for label in (lambda: store.set_canary(versions[0], 0.5), lambda: store.set_shadow(versions[0])):
        with pytest.raises(BundleRefusedError):
            label()
    assert store.labels() == Labels()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"canary":{"version":"../x","share":0.5}}', '{"other":1}'])
def test_labels_that_are_none_are_refused_by_name(store: BundleStore, versions: list[str], content: str) -> None:
    (store.directory / "LABELS").write_text(content)
    with pytest.raises(BundleRefusedError, match="LABELS: "):
        store.labels()
    with pytest.raises(BundleRefusedError):  # and nothing moves that would have to write them
        store.activate(versions[0])
    assert store.current() == versions[2]


def test_the_stamp_tells_every_change(store: BundleStore, versions: list[str]) -> None:
    stamps = [store.stamp()]
    for change in (
        lambda: store.activate(versions[0]),
        lambda: store.rollback(),
        lambda: store.set_canary(versions[0], 0.5),
        lambda: store.set_canary(versions[0], 0.6),
        lambda: store.remove_canary(),
    ):
        change()
        stamps.append(store.stamp())
    assert len(set(stamps)) == len(stamps)
    assert store.stamp() == stamps[-1]


def test_a_manifest_is_read_without_the_files(store: BundleStore, versions: list[str]) -> None:
    path = store.directory / versions[0] / "items/price.npy"
    path.unlink()
    assert store.manifest(versions[0]).version == versions[0]
    (path.parents[1] / "manifest.json").unlink()
    with pytest.raises(BundleRefusedError, match=r"manifest\.json: is missing"):
        store.manifest(versions[0])
