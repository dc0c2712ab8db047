from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from shortlist_bench import ghz_report

Write = Callable[..., Path]


pytestmark = pytest.mark.system


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes what ghz would: calls as (milliseconds, status), ten of them ending each second."""

    def make(calls: list[tuple[float, str]], seconds: float = 10, **options: Any) -> Path:
        details = [
            {
                "timestamp": f"2026-11-24T07:{each // 600:02}:{each / 10 % 60:09.6f}789Z",
                "latency": int(millis * 1e6),
                "error": "" if status == "OK" else f"rpc error: code = {status}",
                "status": status,
            }
            for each, (millis, status) in enumerate(calls)
        ]
        options = {"call": "shortlist.v1.RecommendationService/Recommend", "load-schedule": "const", **options}
        path = tmp_path / "run.json"
        report = {"options": options, "count": len(calls), "total": seconds * 1e9, "details": details or None}
        path.write_text(json.dumps(report))
        return path

    return make


def report(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "shortlist_bench.ghz_report", path, *arguments], capture_output=True, text=True
    )


def test_percentiles_are_those_of_the_ok_answers_by_nearest_rank(write: Write) -> None:
    run = ghz_report.read(write([(n, "OK") for n in range(1_000, 0, -1)] + [(0.1, "Unavailable")] * 100))
    assert [run.percentile(p) for p in ghz_report.PERCENTILES] == [500, 950, 990, 999]
    assert run.goodput == 100
    assert run.error_percent == pytest.approx(100 / 11)


def test_errors_that_fail_fast_make_nothing_look_fast(write: Write) -> None:
    ended = report(write([(20, "OK")] * 90 + [(0.1, "ResourceExhausted")] * 8 + [(1_000, "DeadlineExceeded")] * 2))
    assert ended.returncode == 0
    assert "goodput        9.0 OK answers a second (90)" in ended.stdout
    assert "errors       10.00 %  ResourceExhausted 8  DeadlineExceeded 2" in ended.stdout
    rows = {line[:12].strip(): line[12:].split() for line in ended.stdout.splitlines()}
    assert rows["OK answers"] == ["20.00"] * 4
    assert rows["all calls"] == ["20.00", "never", "never", "never"]


def test_gates_name_every_limit_that_is_broken(write: Write) -> None:
    path = write([(10, "OK")] * 98 + [(90, "OK")] + [(5, "Unavailable")])
    kept = ["--min-goodput", "9.9", "--max-errors", "1", "--max-p50", "10", "--max-p99", "90", "--max-p99.9", "90"]
    assert report(path, *kept).returncode == 0
    broken = report(path, "--min-goodput", "10", "--max-errors", "0.5", "--max-p95", "10", "--max-p99.9", "80")
    assert broken.returncode == 1
    assert [line for line in broken.stdout.splitlines() if line.startswith("LIMIT")] == [
        "LIMIT: goodput 9.9 is below 10 OK answers a second",
        "LIMIT: errors 1.00 % are above 0.5 %",
        "LIMIT: p99.9 90.00 is above 80 ms",
    ]


@pytest.mark.parametrize("calls", [[], [(3, "Unavailable")] * 5])
def test_a_run_without_an_answer_passes_no_gate(write: Write, calls: list[tuple[float, str]]) -> None:
    path = write(calls)
    assert report(path).returncode == 0
    for limit in (["--min-goodput", "0.1"], ["--max-p50", "1000"]):
        ended = report(path, *limit)
        assert (ended.returncode, ended.stderr) == (1, "")


def test_calls_that_were_asked_for_and_not_made_are_missed(write: Write) -> None:
    calls = [(10, "OK")] * 90
    assert "CAUTION" in report(write(calls, rps=10)).stdout
    assert "CAUTION" not in report(write(calls, rps=9)).stdout
    assert "CAUTION" not in report(write(calls, rps=10, **{"load-schedule": "step"})).stdout
    assert (
        "CAUTION" not in report(write(calls, rps=10, duration=int(9e9))).stdout
    )  # the tenth second waited for answers


@pytest.mark.parametrize("calls", [[], [(3, "Unavailable")], [(1, "OK")] * 25 + [(3, "Aborted")] * 7])
def test_the_plot_is_a_picture(write: Write, tmp_path: Path, calls: list[tuple[float, str]]) -> None:
    picture = tmp_path / "run.svg"
    assert report(write(calls), "--plot", str(picture)).returncode == 0
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"details": [], "options": {}}', '{"details": [3], "options": {}}']
)
def test_what_ghz_did_not_write_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)
    assert refused(path) == f"ghz_report.py: {path} is not what `ghz --format json` writes"


def test_wrong_usage_is_refused_in_one_line(write: Write, tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.json")
    assert "--max-p99" in refused(write([]), "--max-p99", "fast")
    assert "--max-errors" in refused(write([]), "--max-errors", "-1")
    assert "No such file" in refused(write([]), "--plot", str(tmp_path / "none" / "run.svg"))


def refused(path: Path, *arguments: str) -> str:
    ended = report(path, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    return line
