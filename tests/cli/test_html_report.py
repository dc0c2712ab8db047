"""`--html`: the report of an evaluation, a training and a retraining, in one process, and what it is refused for."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace

import pytest

from shortlist_bundle import BundleStore
from shortlist_bundle.manifest import MANIFEST
from shortlist_bundle.reports import read_report
from shortlist_cli import html_report, main
from shortlist_cli.html_report import keep_report, to_be_reported, write_report
from shortlist_core.errors import DataError, NotFoundError
from shortlist_report.record import Example, Record
from shortlist_report.verdict import verdict
from shortlist_training.training_record import FILE, TrainingRecord


@pytest.fixture
def shortlist(monkeypatch, capsys):
    """Runs the command; returns exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["shortlist", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit:
            main.run()
        output = capsys.readouterr()
        return exit.value.code or 0, output.out, output.err

    return run


def sections(page):
    return dict(re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL))


def small_record():
    return Record("Evaluation", (), verdict("both stages", [], 5), "A test.")


def test_the_copy_beside_a_bundle_names_no_users(tmp_path, capsys):
    version, shown = "20261122-154250-1f3a9c", Example("somebody", "12 events.", (), ())
    keep_report(tmp_path, version, replace(small_record(), examples=(shown,)))
    page = read_report(tmp_path, version).decode()
    assert "somebody" not in page and "Reports beside bundles have no examples of users" in page
    keep_report(tmp_path / "missing", version, small_record())
    assert "No report is kept beside the bundles" in capsys.readouterr().err
    with pytest.raises(NotFoundError):
        read_report(tmp_path, "../x")


def test_the_report_of_an_evaluation(shortlist, trained_bundle, tmp_path):
    html, out = tmp_path / "report.html", tmp_path / "report.json"
    code, said, err = shortlist(
        "evaluate", "--data", trained_bundle.data, "--bundles", trained_bundle.bundles,
        "--since", trained_bundle.until, "--out", out, "--baselines", "--html", html,
    )  # fmt: skip
    assert code == 0, err
    assert f"Wrote the report to '{html}'. To read it: open {html.as_uri()} in a browser" in said
    found, page = json.loads(out.read_text()), html.read_text()
    assert found["verdict"]["sentence"] in said.replace("\n", " ")
    assert found["verdict"]["sentence"].startswith("Both stages are ")
    assert found["verdict"]["sentence"][:60] in page
    shown = sections(page)
    assert set(shown) >= {"systems", "segments", "calibration", "beyond", "training", "choices", "examples", "data"}
    for name in set(shown) - {"ablations"}:
        assert 'class="missing"' not in shown[name] or name == "data", name
    assert "--ablations" in shown["ablations"]
    for system, metrics in found["systems"].items():
        assert f"{system}</th><td>{metrics['ndcg@10']:.4f}</td>" in shown["systems"]
    assert shown["examples"].count("<article>") == 5
    assert shown["examples"].count("<li>") > 60
    assert "Because you" in shown["examples"] or "Popular" in shown["examples"]
    assert len(page.encode()) < 1_500_000


def test_an_older_bundle_has_a_report_without_what_it_did_not_record(shortlist, trained_bundle, tmp_path):
    """A bundle as it was published before trainings were recorded: without that file."""
    folder = tmp_path / "bundles"
    shutil.copytree(trained_bundle.bundles, folder)
    store = BundleStore(folder)
    bundle = store.load()
    assert TrainingRecord.load(bundle) is not None
    files = {name: entry for name, entry in bundle.manifest.files.items() if name != f"{FILE}.json"}
    older = bundle.manifest.model_copy(update={"files": files}).sealed(bundle.manifest.created_at)
    (folder / bundle.version / f"{FILE}.json").unlink()
    (folder / bundle.version / MANIFEST).write_bytes(older.to_bytes())
    (folder / bundle.version).rename(folder / older.version)
    store.activate(older.version)
    assert TrainingRecord.load(store.load()) is None
    html = tmp_path / "report.html"
    code, said, err = shortlist(
        "evaluate", "--data", trained_bundle.data, "--bundles", folder, "--since", trained_bundle.until,
        "--out", tmp_path / "report.json", "--html", html, "--json",
    )  # fmt: skip
    assert code == 0, err
    assert json.loads(said) == json.loads((tmp_path / "report.json").read_text())
    assert "Wrote the report to" in err
    shown = sections(html.read_text())
    for name in ("training", "choices"):
        assert "The bundle was trained before trainings were recorded" in shown[name]
    assert "No baseline was measured" in shown["systems"]
    assert "Measure the plain methods as well" in json.loads(said)["verdict"]["advice"]


def test_the_report_of_a_training(shortlist, trained_bundle, tmp_path):
    config = tmp_path / "tiny.toml"
    config.write_text("".join(f"{name} = {value}\n" for name, value in trained_bundle.recipe.items()))
    html = tmp_path / "report.html"
    html.write_text("an older report")
    code, said, err = shortlist(
        "train", "--data", trained_bundle.data, "--bundles", tmp_path / "bundles", "--until", trained_bundle.until,
        "--config", config, "--html", html,
    )  # fmt: skip
    assert code == 0, err
    assert "Wrote the report to" in said
    shown = sections(html.read_text())
    for name in ("systems", "calibration", "beyond", "training", "choices", "examples", "data"):
        assert len(shown[name]) > 500, name
    for what in ("Factors of ALS", "Seen items", "The order that is served"):
        assert what in shown["choices"]
    assert {"Ranker: NDCG@10", "Ranker: loss", "Two tower: loss"} <= set(
        re.findall("<h3>(.*?)</h3>", shown["training"])
    )
    record = TrainingRecord.load(BundleStore(tmp_path / "bundles").load())
    assert record.passes["both stages"][0][0] is None, "the start has no loss"
    assert len(record.passes["both stages"]) >= 2
    assert all(loss > 0 for fit in record.losses["two_tower"] for loss in fit)


@pytest.mark.parametrize("command", ["train", "retrain", "evaluate"])
@pytest.mark.parametrize("wrong", ["folder", "absent/report.html", "file/report.html"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(shortlist, trained_bundle, tmp_path, command, wrong):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    more = ("--since", trained_bundle.until, "--out", tmp_path / "out.json") if command == "evaluate" else ()
    bundles = trained_bundle.bundles if command == "evaluate" else tmp_path / "bundles"
    code, said, err = shortlist(
        command, "--data", trained_bundle.data, "--bundles", bundles, "--html", tmp_path / wrong, *more
    )
    assert code == 2
    assert "cannot write" in err and str(tmp_path / wrong) in err
    assert "Traceback" not in err + said
    assert "loading TensorFlow" not in err
    assert not (tmp_path / "bundles").exists()


def test_one_file_cannot_be_both_reports(tmp_path):
    with pytest.raises(DataError, match="cannot be both the JSON report and the HTML report"):
        to_be_reported(tmp_path / "report", tmp_path / "." / "report")
    to_be_reported(None, tmp_path / "report")


def test_a_report_takes_the_place_of_the_old_one_whole_or_not_at_all(tmp_path, monkeypatch):
    html, link = tmp_path / "report.html", tmp_path / "newest.html"
    html.write_text("old")
    html.chmod(0o640)
    link.symlink_to(html)
    write_report(link, small_record())
    assert link.is_symlink() and html.read_text().startswith("<!doctype html>")
    assert html.stat().st_mode & 0o777 == 0o640

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(html_report.os, "fdopen", full)
    before = html.read_text()
    with pytest.raises(DataError, match="No space left on device"):
        write_report(html, small_record())
    assert html.read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["newest.html", "report.html"]
