"""The command line from data to lists and a report, in one process."""

import json
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from shortlist_bundle import BundleStore
from shortlist_cli import main
from shortlist_data.dataset import Dataset


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


def test_training_again_from_the_command_line_gives_the_same_metrics(shortlist, trained_bundle, tmp_path):
    config = tmp_path / "tiny.toml"
    config.write_text("".join(f"{name} = {value}\n" for name, value in trained_bundle.recipe.items()))
    options = ("--until", trained_bundle.until, "--config", config, "--seed", trained_bundle.seed)
    code, out, err = shortlist("train", "--data", trained_bundle.data, "--bundles", tmp_path / "bundles", *options)
    assert code == 0, err
    published = BundleStore(tmp_path / "bundles").load()
    assert f"Published {published.version} in '{tmp_path / 'bundles'}', now current" in out
    assert published.manifest.metrics == pytest.approx(trained_bundle.load().manifest.metrics, abs=1e-6)

    config.write_text("slices = 1\ntower_steps = 10\nsequence_batches = 0\nranker_epochs = 1\nqueries_per_slice = 50\n")
    options = (*options, "--no-activate", "--ablations", "price,context", "--json")
    code, out, err = shortlist("train", "--data", trained_bundle.data, "--bundles", tmp_path / "bundles", *options)
    assert code == 0, err
    assert "training the ranker without price" in err
    assert "no ranker without the context of requests: the ranker reads nothing of it here" in err
    newest = BundleStore(tmp_path / "bundles").load(max(BundleStore(tmp_path / "bundles").versions()))
    assert newest.manifest.settings["ablations"] == newest.json("ranking/ablations") == ["price"]
    told = json.loads(out)
    assert (told["version"], told["current"], told["metrics"]) == (newest.version, False, newest.manifest.metrics)
    assert BundleStore(tmp_path / "bundles").current() == published.version


def test_lists_for_a_file_of_users(shortlist, trained_bundle, tmp_path):
    users, out = tmp_path / "users.txt", tmp_path / "lists.csv"
    users.write_text("u000001\n\nu000002\nnobody\nu000001\n")
    code, said, _ = shortlist(
        "recommend", "--bundles", trained_bundle.bundles, "--users", users, "--out", out, "--count", 7
    )
    assert code == 0
    assert "3 users (1 of them without history in the bundle)" in said
    frame = pl.read_csv(out, schema_overrides={"user_id": pl.String, "item_id": pl.String})
    assert frame.columns == ["user_id", "rank", "item_id", "score"]
    taken = pl.read_parquet(trained_bundle.data / "interactions.parquet").filter(
        pl.col("timestamp") < pl.lit(trained_bundle.until).str.to_datetime(time_zone="UTC")
    )
    for user in ("u000001", "u000002", "nobody"):
        own = frame.filter(pl.col("user_id") == user)
        assert own["rank"].to_list() == [1, 2, 3, 4, 5, 6, 7]
        assert own["score"].is_sorted(descending=True)
        assert own["item_id"].n_unique() == 7
        assert not set(own["item_id"]) & set(taken.filter(pl.col("user_id") == user)["item_id"])


def test_a_report_against_the_plain_methods(shortlist, trained_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = tmp_path / "report.json"
    code, said, err = shortlist(
        "evaluate", "--data", trained_bundle.data, "--bundles", trained_bundle.bundles,
        "--since", trained_bundle.until, "--out", out, "--baselines",
    )  # fmt: skip
    assert code == 0, err
    report = json.loads(out.read_text())
    assert report["bundle"] == trained_bundle.load().version
    text = json.dumps(report)
    for system in ("Shortlist: both stages", "Shortlist: stage one alone", "two-tower source alone", "EASE"):
        assert system in text
    tables = [line for line in said.splitlines() if line[:1] in "│┃┏┡├└"]
    assert tables and max(map(len, tables)) <= 80
    assert f"{report['systems']['EASE']['ndcg@10']:.4f}" in "".join(tables)


def ahead(folder):
    """The data, with one interaction of a clock that is wrong."""
    data = Dataset.read(folder)
    odd = data.interactions.tail(1).with_columns(timestamp=pl.lit(datetime(2999, 1, 1, tzinfo=UTC)))
    odd = odd.cast(data.interactions.schema)
    return Dataset.of(pl.concat([data.interactions, odd]), data.items, data.users)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--data", "{tmp}/absent", "--bundles", "{tmp}/b"], "there is no such folder"),
        (["train", "--data", "{tmp}", "--bundles", "{tmp}/b"], "interactions.parquet is missing"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--until", "2001-01-01"], "training needs at least 50"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--until", "soon"], "is not a time"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--config", "{tmp}/no.toml"], "cannot read"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--device", "gpu"], "no GPU can be used here"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--ablations", "txt,price,sound"],
         "there is no input 'txt'; did you mean 'text'?; --ablations: there is no input 'sound'"),
        (["retrain", "--data", "{data}", "--bundles", "{tmp}/c", "--device", "gpu"], "no GPU can be used here"),
        (["recommend", "--bundles", "{bundles}", "--users", "{tmp}/no", "--out", "{tmp}/o"], "cannot read"),
        (["recommend", "--bundles", "{bundles}", "--users", "{tmp}/empty", "--out", "{tmp}/o"], "no user ids"),
        (["recommend", "--bundles", "{tmp}/none", "--users", "{tmp}/one", "--out", "{tmp}/o"], "there is no folder"),
        (["recommend", "--bundles", "{bundles}", "--users", "{tmp}/one", "--out", "{tmp}/no/o"], "cannot write"),
        (["recommend", "--bundles", "{bundles}", "--users", "{tmp}/one", "--out", "{tmp}/o.parquet"], "as CSV alone"),
        (["evaluate", "--data", "{data}", "--bundles", "{bundles}", "--since", "2023-11-15", "--out", "{tmp}/no/o"],
         "cannot write"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/one"], "is no folder"),
        (["train", "--data", "{data}", "--bundles", "{tmp}/b", "--until", "2999-01-01"], "lies in the future"),
        (["train", "--data", "{tmp}/ahead", "--bundles", "{tmp}/b"], "train with --until 20"),
        (["retrain", "--data", "{tmp}/ahead", "--bundles", "{tmp}/b"], "1 of 11,529 interactions lie"),
        (["data", "synthetic", "--out", "{tmp}/one/data"], "cannot be made"),
        (["data", "synthetic-vectors", "--items", "100", "--bundles", "{tmp}/one"], "is a file"),
        (["evaluate", "--data", "{data}", "--bundles", "{bundles}", "--since", "2023-06-01", "--out", "{tmp}/o"],
         "has seen data after 2023-06-01"),
        (["evaluate", "--data", "{data}", "--bundles", "{bundles}", "--since", "2030-01-01", "--out", "{tmp}/o"],
         "the newest at 2023-12-30"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(shortlist, trained_bundle, tmp_path, monkeypatch, arguments, message):
    monkeypatch.setattr("keras.distribution.list_devices", lambda kind: [])
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "one").write_text("u000001\n")
    ahead(trained_bundle.data).write(tmp_path / "ahead")
    places = {"tmp": tmp_path, "data": trained_bundle.data, "bundles": trained_bundle.bundles}
    code, out, err = shortlist(*(argument.format(**places) for argument in arguments))
    assert code == 2
    assert message in err
    assert "Traceback" not in err + out
    assert "preparing the data" not in err, "what can be checked before the work is"
    assert err.strip().splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "b").exists(), "a mistake publishes nothing"
