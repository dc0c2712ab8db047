"""Exit codes and reports of a retraining, as cron sees them."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from shortlist_cli import main
from shortlist_training.retrain import BusyError, Outcome, Retraining

GATE = {
    "protocol": {"test_users": 1_234, "since": "2024-01-01T00:00:00+00:00"},
    "systems": {
        name: {"ndcg@10": 0.1, "hit@10": 0.5, "recall@100": 0.2, "recall@500": 0.6}
        for name in ("current bundle", "trial")
    },
    "difference": {"mean": -0.01, "ci95": [-0.02, 0.01]},
    "tolerance": 0.02,
}


@pytest.fixture
def retrain(trained_bundle, tmp_path, monkeypatch, capsys):
    """Runs the command with an outcome given beforehand; returns exit code, stdout, stderr."""

    def run(outcome, *more):
        def done(self, dataset, bundles, announce):
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(Retraining, "run", done)
        command = ["shortlist", "retrain", "--data", trained_bundle.data, "--bundles", tmp_path / "b", *more]
        monkeypatch.setattr(sys, "argv", [*map(str, command)])
        with pytest.raises(SystemExit) as exit:
            main.run()
        said = capsys.readouterr()
        assert "\r" not in said.out + said.err and "\x1b" not in said.out + said.err, "nobody watches"
        return exit.value.code or 0, said.out, said.err

    return run


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (Outcome(published="v2", active=True, warm=True, gate=GATE), 0, "Published v2, warm start, now current"),
        (Outcome(published="v2", forced=True), 0, "Published v2 by --force, cold start, not current"),
        (Outcome("refused", "worse", "v1", gate=GATE), 3, "Not published: refused. worse."),
        (Outcome("too little is new", "3 users"), 4, "Not published: too little is new. 3 users."),
    ],
)
def test_the_exit_code_tells_what_became_of_it(retrain, tmp_path, outcome, code, said):
    got, out, _ = retrain(outcome, "--report", tmp_path / "report.json")
    assert got == code
    assert said in out
    assert ("-0.0100 (95 % interval -0.0200 to +0.0100)" in out) == (outcome.gate is not None)
    assert json.loads((tmp_path / "report.json").read_text()) == outcome.to_json()


def test_the_outcome_as_json_is_that_of_the_report(retrain, monkeypatch):
    outcome = Outcome("refused", "worse", "v1", gate=GATE)
    code, out, _ = retrain(outcome, "--json")
    assert code == 3
    assert json.loads(out) == outcome.to_json() | {"verdict": None, "html": None}
    monkeypatch.setenv("COLUMNS", "80")
    tables = [line for line in retrain(outcome)[1].splitlines() if line[:1] in "│┃┏┡├└"]
    assert tables and max(map(len, tables)) <= 80 and any("0.1000" in line and "0.6000" in line for line in tables)


def test_how_long_it_takes_is_said_beforehand_once_or_twice(retrain, trained_bundle, tmp_path):
    alone = retrain(Outcome(published="v2"))[2]
    assert "This takes about" in alone and "for a trial" not in alone, "there is no bundle to compare with"
    shutil.copytree(trained_bundle.bundles, tmp_path / "b", dirs_exist_ok=True)
    assert "for a trial; and about as long again for the bundle" in retrain(Outcome(published="v2"))[2]


def test_another_one_at_work_is_a_code_of_its_own(retrain):
    code, _, err = retrain(BusyError("another retraining is at work in b"))
    assert (code, err.strip().splitlines()[-1]) == (5, "error: another retraining is at work in b")


def test_a_report_that_cannot_be_written_is_found_out_at_once(retrain, tmp_path):
    code, _, err = retrain(AssertionError("must not be reached"), "--report", tmp_path / "no" / "report.json")
    assert code == 2
    assert "cannot write" in err


def test_a_folder_that_cannot_be_written_is_one_line(trained_bundle, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    command = ["shortlist", "retrain", "--data", trained_bundle.data, "--bundles", tmp_path / "file"]
    monkeypatch.setattr(sys, "argv", [*map(str, command)])
    with pytest.raises(SystemExit) as exit:
        main.run()
    assert exit.value.code == 2
    assert capsys.readouterr().err == f"error: '{tmp_path}/file' is no folder\n"


def test_a_mistake_leaves_no_report_that_says_under_way(retrain, tmp_path):
    report = tmp_path / "report.json"
    events = f"sqlite:{tmp_path / 'none.sqlite'}"
    code, _, err = retrain(AssertionError("must not be reached"), "--report", report, "--events", events)
    assert (code, err.strip()) == (2, f"error: {tmp_path / 'none.sqlite'}: there is no such file of live events")
    assert not report.exists()
