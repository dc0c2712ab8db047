"""`shortlist bundle` on a folder, as an operator meets it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shortlist_bundle import BundleStore
from shortlist_cli import main

Shell = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    """Three bundles, the last one current."""
    store = BundleStore(tmp_path / "bundles")
    for seed in range(3):
        with store.writer() as writer:
            writer.array("items/prices", np.arange(8.0) + seed)
            writer.publish(as_of_micros=seed, seed=seed, settings={}, metrics={"items": 8, "ndcg": 0.25})
    return store


@pytest.fixture
def shell(store: BundleStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `shortlist bundle ... --bundles FOLDER`; returns exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["shortlist", "bundle", *arguments, "--bundles", str(store.directory)])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as ended:
            main.run()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


def damage(store: BundleStore, version: str) -> None:
    path = store.directory / version / "items/prices.npy"
    path.write_bytes(path.read_bytes()[:-1])


def test_the_list_is_newest_first_with_labels(shell: Shell, store: BundleStore) -> None:
    first, second, third = store.versions()
    shell("activate", first, "--label", "canary", "--share", "0.1")
    shell("activate", second, "--label", "shadow")
    code, out, _ = shell("list")
    lines = [line for line in out.splitlines() if "2026" in line or "20" in line[:6]]
    assert code == 0
    assert [line.split("│")[1].strip() for line in lines] == [third, second, first]
    assert [line.split("│")[2].strip() for line in lines] == ["stable", "shadow", "canary 10.0%"]


def test_a_list_goes_on_past_a_manifest_that_cannot_be_read(shell: Shell, store: BundleStore) -> None:
    (store.directory / store.versions()[0] / "manifest.json").write_text("{")
    code, out, _ = shell("list")
    assert code == 0
    assert "manifest.json: is not JSON" in " ".join(out.split()) and store.versions()[2] in out


def test_an_empty_folder_is_no_mistake_of_the_list(shell: Shell, store: BundleStore, tmp_path: Path) -> None:
    store.directory = tmp_path / "none"
    store.directory.mkdir()
    assert shell("list")[:2] == (0, f"there is no bundle in '{tmp_path}/none' yet\n")
    assert shell("show")[0] == 2


def test_one_bundle_is_shown_with_its_metrics(shell: Shell, store: BundleStore) -> None:
    code, out, _ = shell("show")
    assert code == 0 and store.current() in out and "0.2500" in out and "numpy" in out


def test_activate_and_rollback_move_current(shell: Shell, store: BundleStore) -> None:
    first, _, third = store.versions()
    assert shell("activate", first) == (0, f"{first} is current now\n", "")
    assert store.current() == first
    assert shell("rollback") == (0, f"{third} is current again\n", "")
    assert store.current() == third


def test_labels_come_and_go(shell: Shell, store: BundleStore) -> None:
    first, _, third = store.versions()
    shell("activate", first, "--label", "canary")
    assert store.labels().canary is not None and store.labels().canary.share == 0.05
    assert shell("rollback", "--label", "canary") == (0, f"{first} is no canary any more\n", "")
    code, _, errors = shell("rollback", "--label", "shadow")
    assert (code, errors) == (2, "error: there is no bundle 'with the label shadow'\n")
    assert store.current() == third


def test_a_damaged_bundle_is_refused_with_file_and_check(shell: Shell, store: BundleStore) -> None:
    first, _, third = store.versions()
    damage(store, first)
    line = f"bundle {first} refused: items/prices.npy: has 191 bytes instead of 192"
    assert shell("activate", first) == (2, "", f"error: {line}\n")
    assert store.current() == third
    code, out, errors = shell("verify")
    assert (code, errors) == (2, f"error: {line}\n")
    assert out.count("all as published") == 2 and f"{first}: items/prices.npy: has 191" in out
    assert shell("verify", third)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["activate", "20200101-000000-abcdef"], "there is no bundle '20200101-000000-abcdef'"),
        (["activate", "x", "--share", "0.5"], "--share: needs --label canary"),
        (["activate", "x", "--label", "canary", "--share", "1.5"], "--share: must be above 0 to 1, not 1.5"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(shell: Shell, arguments: list[str], message: str) -> None:
    assert shell(*arguments) == (2, "", f"error: {message}\n")


def test_prune_keeps_what_is_used(shell: Shell, store: BundleStore) -> None:
    first, second, third = store.versions()
    shell("activate", first, "--label", "shadow")
    assert shell("prune", "--keep", "0")[1] == "0 removed, 3 left\n"  # current, the one before, and a shadow
    shell("rollback", "--label", "shadow")
    assert shell("prune", "--keep", "0")[1] == f"removed {first}\n1 removed, 2 left\n"
    assert store.versions() == [second, third]


def test_no_server_is_one_line_and_exit_code_1(shell: Shell) -> None:
    code, _, errors = shell("rollback", "--address", "127.0.0.1:9")
    assert code == 1 and errors.startswith("Error: no server can be reached at 127.0.0.1:9;")
