from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    "ceiling_ratio", "cpu_ratio", "tutorial_ratio", "lone_p50_over_parts", "ann_recall_at_500",
    "p50_growth_10k_to_10m", "two_workers_ratio", "bytes_per_item", "private_mb_per_worker", "seconds_to_serving",
    "filtered_p99_ratio", "event_write_p50_ms", "item_searchable_seconds",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".tools/bin/ghz").exists(), reason="ghz is not there: make tools")
def test_the_whole_benchmark_on_a_few_hundred_items(tmp_path: Path) -> None:
    options = ["--items", "700", "--seconds", "1", "--bundles", str(tmp_path / "bundles"), "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "shortlist_bench", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "latest.json").read_text())
    assert run.keys() >= KEYS
    assert {key for key in KEYS if run[key] is None} == {"p50_growth_10k_to_10m"}
    assert {key for key in KEYS if run[key] is None} == run["reasons"].keys()
    measured = run["sizes"]["700"]["server"]
    assert measured["event_in_next_answer"]
    assert all(load["failed"] == 0 for load in [*measured["closed"], *run["sizes"]["700"]["again"]["closed"]])
    assert all(rate > 0 for rate in run["training"].values()) and len(run["training"]) == 3
    assert "peak / ceiling" in done.stdout
    assert (tmp_path / "latest.svg").read_text().startswith("<svg")


def test_says_what_is_missing_without_a_load_generator(tmp_path: Path) -> None:
    for name in ("bench", "protos"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".bundles", "results"))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "shortlist_bench"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "bench")},  # the copy, which has no .tools beside it
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "make tools" in done.stderr and "Traceback" not in done.stderr


def test_the_ceiling_and_ratios() -> None:
    from shortlist_bench.measure import derive

    def load(goodput: float, p50: float = 2.0, server_ms: float = 8.0) -> dict[str, float]:
        return {"goodput": goodput, "p50_ms": p50, "p99_ms": 3 * p50, "server_ms": server_ms}

    workers = {
        "goodput": 120.0,
        "alone": load(75),
        "workers": 2,
        "private_mb": [300.0, 500.0],
        "item_searchable_seconds": 0.1,
    }
    result = {
        "parts": {"faiss_ms": 1.0, "ranker_flops_ms": 2.0, "ann_recall_at_500": 0.9},
        "echo": {"lone": load(800, 1.0), "loaded": load(1_000, server_ms=0.2)},  # a millisecond each
        "server": {"closed": [load(60, 8.0), load(100, server_ms=6.4)], "events": load(10), "seconds_to_serving": 5.0},
        "again": {"closed": [load(500, 1.2), load(900, 60.0)], "seconds_to_serving": 4.0},
        "tutorial": load(20),
        "filtered": {"p99_ratio": 1.5},
        "workers": workers,
        "bytes_per_item": 100.0,
    }
    derived = derive(result)
    assert derived["parts_ceiling_per_second"] == pytest.approx(250)
    assert derived["ceiling_ratio"] == pytest.approx(0.4)
    assert derived["cpu_ratio"] == pytest.approx(0.5)  # 3.2 of 6.4 ms, at the peak
    assert derived["tutorial_ratio"] == pytest.approx(5)
    assert derived["lone_p50_over_parts"] == pytest.approx(2)
    assert derived["two_workers_ratio"] == pytest.approx(1.6)
    assert derived["two_workers_over_peak"] == pytest.approx(1.2)
    assert derived["again_lone_p50_ms"] == 1.2 and derived["again_peak_per_second"] == 900
    assert derived["filtered_p99_ratio"] == 1.5
    assert derived["seconds_to_serving"] == 4
    assert derived["private_mb_per_worker"] == pytest.approx(400)


def test_profile_counts_recursion_once() -> None:
    from shortlist_bench.profile import count

    alone, together, total = count(["run (a/b.py:1);work (a/c.py:2);work (a/c.py:3) 7", "run (a/b.py:1) 3"])
    assert total == 10
    assert alone == {"work (a/c.py)": 7, "run (a/b.py)": 3}
    assert together == {"run (a/b.py)": 10, "work (a/c.py)": 7}


def test_profile_knows_our_functions_wherever_they_are_installed() -> None:
    from shortlist_bench.profile import tables

    stacks = ["run (asyncio/runners.py:1);rank (/a/server/shortlist_server/pipeline/stages.py:2) 7"]
    _, ours = tables(stacks, 1)
    assert [*ours.columns[0].cells] == ["rank (shortlist_server/pipeline/stages.py)"]


def test_failed_calls_are_no_goodput() -> None:
    from shortlist_bench.ghz import _read

    details = [{"latency": 4e6, "status": "OK"}] * 6 + [{"latency": 1e3, "status": "ResourceExhausted"}] * 4
    load = _read({"details": details, "total": 2e9}, 1, 1.0, 0.6)
    assert (load.goodput, load.failed, load.p50_ms, load.client_cores) == (3.0, 4, 4.0, 0.5)
    assert load.server_ms == pytest.approx(100)  # for each answer


def test_processor_time_counts_the_processes_that_a_server_started() -> None:
    from shortlist_bench.machine import processor_seconds

    spin = "import time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True)\ninput()"
    python = [sys.executable, "-P", "-c"]
    command = [*python, f"import subprocess\nsubprocess.run([*{python}, {spin!r}])"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        assert processor_seconds(parent.pid) >= 0.25
        parent.communicate(b"\n")
