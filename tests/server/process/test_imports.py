"""What a process has loaded, and when: stage one needs no Keras, and what `worker.prepare` sets comes in time."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.system
SLOW = ("keras", "tensorflow", "faiss", "prometheus_client", "polars")


def loaded(program: str, *arguments: str) -> set[str]:
    """Which of the slow libraries a process has loaded once it has run this."""
    told = f"{program}\nimport sys\nprint(*(name for name in {SLOW} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told, *arguments], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["worker", "supervisor", "app"])
def test_a_process_that_is_to_serve_has_loaded_no_model_library(module: str) -> None:
    """FAISS reads OMP_NUM_THREADS as it is loaded, prometheus_client where it counts, TensorFlow the device."""
    assert loaded(f"import shortlist_server.process.{module}") == set()


def test_stage_one_loads_and_answers_without_keras(trained_bundle: Any) -> None:
    program = """
import sys
from pathlib import Path
from shortlist_bundle import BundleStore
from shortlist_bundle.histories import Histories
from shortlist_layers.new_items import NewItems
from shortlist_retrieval.retriever import Retriever
bundle = BundleStore(Path(sys.argv[1])).load()
histories = Histories.load(bundle)
retriever = Retriever.load(bundle, NewItems.load(bundle, 2))
candidates = retriever.retrieve(histories.queries([histories.ids[0], histories.ids[1]]), 50)
assert candidates.valid.all() and "two_tower" in candidates.sources
"""
    assert loaded(program, str(trained_bundle.bundles)) == {"faiss"}


def test_commands_are_listed_without_being_imported() -> None:
    program = """
import sys
from typer.testing import CliRunner
from shortlist_cli.main import app
listed = CliRunner().invoke(app, ["--help"])
assert listed.exit_code == 0 and "retrain" in listed.output
assert not {"numpy", "grpc", "shortlist_cli.train"} & set(sys.modules)
"""
    assert loaded(program) == set()
