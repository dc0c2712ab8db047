"""What the how-to pages on a source and on a ranking feature say works: their files and lines, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = ("add-a-source.md", "add-a-ranking-feature.md")

TRAIN_AND_ASK = """
import json, sys
from pathlib import Path

import numpy as np

from shortlist_bundle import BundleStore
from shortlist_data.dataset import Dataset
from shortlist_data.synthetic import make_shop
from shortlist_layers.new_items import NewItems
from shortlist_ranking.ranker import Ranker
from shortlist_retrieval.retriever import Retriever
from shortlist_training.config import Recipe
from shortlist_training.publish import publish
from shortlist_training.recipe import train
from shortlist_training.table import prepare

if __name__ == "__main__":
    recipe, before, bundles = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    table = prepare(make_shop(items=200, users=150, seed=3, events_per_user=40).dataset, None)
    trained = train(table, Recipe(**recipe), 1, lambda _: None)
    publish(trained, bundles, 1)
    bundle, old = BundleStore(bundles).load(), BundleStore(before).load()
    new = NewItems.load(bundle, 5)
    retriever, ranker = Retriever.load(bundle, new), Ranker.load(bundle, new=new)
    queries = table.histories.slice(0, 8)
    candidates = retriever.retrieve(queries, 50)
    print(json.dumps({
        "proposed": dict(zip(candidates.sources, (candidates.ranks > 0).any(axis=(0, 1)).tolist())),
        "similar": Retriever.load(bundle).similar(3, 10).sources,
        "features": bundle.json("ranking/settings")["features"],
        "columns": len(ranker.scaling.mean),
        "spread": float(ranker.scaling.spread[-1]),
        "scored": bool(np.isfinite(ranker.rank(queries, candidates)[candidates.valid]).all()),
        "old_features": [feature.name for feature in Ranker.load(old).features],
        "old_sources": Retriever.load(old).sources,
    }))
"""


def follow(page: str, root: Path) -> None:
    """Do in the copy at `root` what a page says: write the file, import the class, add the last line."""
    text = (REPOSITORY / "docs/how-to" / page).read_text()
    file, registry = re.findall(r"`((?:retrieval|ranking)/\S+\.py)`[:,]", text)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    line = re.findall(r"```text\n(.*?)```", text, re.DOTALL)[-1]
    assert not (root / file).exists(), "one new file"
    (root / file).write_text(code)
    module = ".".join(Path(file).with_suffix("").parts[1:])
    name = line.strip().rstrip(",").removesuffix("()")
    lines = (root / registry).read_text().splitlines()
    start = next(i for i, each in enumerate(lines) if re.match(r"(SOURCES|FEATURES): ", each))
    lines.insert(lines.index(")", start), line.rstrip())
    imports = max(i for i, each in enumerate(lines[:start]) if each.startswith("from "))
    lines.insert(imports + 1, f"from {module} import {name}")
    (root / registry).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def answer(trained_bundle, tmp_path_factory):
    """What a tiny system says that is trained with both pages followed; `trained_bundle` is from before."""
    folder = tmp_path_factory.mktemp("how_to")
    for package in ("retrieval/shortlist_retrieval", "ranking/shortlist_ranking"):
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for page in PAGES:
        follow(page, folder)
    script = folder / "train_and_ask.py"
    script.write_text(TRAIN_AND_ASK)
    command = [sys.executable, str(script), json.dumps(trained_bundle.recipe)]
    command += [str(trained_bundle.bundles), str(folder / "bundles")]
    paths = os.pathsep.join((str(folder / "retrieval"), str(folder / "ranking")))
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def test_the_source_is_asked_and_left_out_of_similar_items(answer):
    assert list(answer["proposed"])[-1] == "rising"
    assert answer["proposed"]["rising"]
    assert "rising" not in answer["similar"]


def test_the_ranker_reads_the_feature(answer):
    assert answer["features"][-1] == "agreement"
    assert answer["columns"] == 2 * len(answer["proposed"]) + 6 + 1
    assert answer["spread"] > 0, "it differs between candidates"
    assert answer["scored"]


def test_a_bundle_from_before_serves_as_it_did(answer, trained_bundle):
    assert answer["old_features"] == answer["features"][:-1]
    assert answer["old_sources"] == [source.name for source in trained_bundle.trained.retriever.all_sources]
