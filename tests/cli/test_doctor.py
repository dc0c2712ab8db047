"""`shortlist doctor`: what it finds about a machine, a server, its metrics and a folder of bundles, and its advice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import grpc
import numpy as np
import pytest
from call_server import ITEM, Server
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from listening import listening
from shortlist.v1 import bundle_service_pb2 as bundle_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.bundle_service_pb2_grpc import BundleServiceServicer, add_BundleServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import add_RecommendationServiceServicer_to_server
from typer.testing import CliRunner

from shortlist_bundle import BundleStore
from shortlist_cli.checkup import machine
from shortlist_cli.checkup.metrics_text import Metrics
from shortlist_cli.checkup.traffic import findings
from shortlist_cli.main import app

VERSION = "20260101-000000-abcdef"
NOW = 1_767_225_600.0 + 3_600  # an hour after the version was published
Looked = dict[str, dict[str, Any]]


def look(*arguments: str) -> tuple[int, Looked]:
    """The exit code of `shortlist doctor`, and its findings by the check's name."""
    result = CliRunner().invoke(app, ["doctor", *arguments, "--json"])
    found = json.loads(result.output)
    return result.exit_code, {each["check"]: each for findings in found.values() for each in findings}


def test_a_machine_is_looked_at_without_options(monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = look()
    assert list(found) == [
        *("versions", "cores", "memory", "open files", "temporary folder", "clock", "compiled loops"),
    ]
    assert code == (1 if any(each["verdict"] == "bad" for each in found.values()) else 0)
    assert "Shortlist" in found["versions"]["found"]
    monkeypatch.setattr(machine.resource, "getrlimit", lambda _: (1_024, 1_048_576))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/nowhere")
    _, found = look()
    assert found["open files"]["verdict"] == "warning" and "LimitNOFILE=" in found["open files"]["advice"]
    assert found["compiled loops"]["verdict"] == "warning" and "NUMBA_CACHE_DIR" in found["compiled loops"]["advice"]


def test_a_control_group_counts_for_cores_and_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text(f"{1 << 30}\n")
    (tmp_path / "memory.current").write_text(f"{1 << 29}\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    code, found = look()
    assert "the control group allows 0.5" in found["cores"]["found"] and found["cores"]["verdict"] == "warning"
    assert found["memory"]["found"] == "0.5 of 1.0 GiB free" and found["memory"]["verdict"] == "bad" and code == 1


class Serving(Server, BundleServiceServicer):
    """A server in good order, unless a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.denied = False
        self.recall = 0.98
        self.published = datetime.now(UTC) - timedelta(hours=5)
        self.degraded: list[Any] = []
        self.refusal = ""

    def Recommend(self, request: Any, context: Any) -> api.RecommendResponse:
        return api.RecommendResponse(items=[ITEM] * 10, degraded=self.degraded)

    def GetServingBundle(self, request: Any, context: Any) -> bundle_api.GetServingBundleResponse:
        if self.denied:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "not allowed")
        serving = bundle_api.ServingState(stable_bundle_version=VERSION, refusal=self.refusal)
        return bundle_api.GetServingBundleResponse(serving=serving)

    def ListBundles(self, request: Any, context: Any) -> bundle_api.ListBundlesResponse:
        bundle = bundle_api.Bundle(bundle_version=VERSION)
        bundle.create_time.FromDatetime(self.published)
        bundle.metrics.add(name="index_recall_at_500", value=self.recall)
        return bundle_api.ListBundlesResponse(bundles=[bundle])


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Serving, str]]:
    serving, healthy = Serving(), health.HealthServicer()
    healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    with listening(
        partial(add_RecommendationServiceServicer_to_server, serving),
        partial(add_BundleServiceServicer_to_server, serving),
        partial(health_pb2_grpc.add_HealthServicer_to_server, healthy),
    ) as address:
        yield serving, address


def test_a_server_in_good_order(running: tuple[Serving, str]) -> None:
    _, address = running
    code, found = look("--address", address)
    assert code == 0 and {each["verdict"] for each in found.values()} == {"good"}
    assert list(found) == ["health", "answers", "bundle", "bundle age", "index recall"]
    assert found["bundle age"]["found"].startswith("published 5.0 hours ago")


def test_what_ails_a_server_is_told_with_what_to_do(
    running: tuple[Serving, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    serving, address = running
    ails = {"recall": 0.5, "published": datetime.now(UTC) - timedelta(days=8), "degraded": [2], "refusal": "no files"}
    for name, value in ails.items():
        monkeypatch.setattr(serving, name, value)
    code, found = look("--address", address)
    assert code == 1
    verdicts = {name: each["verdict"] for name, each in found.items()}
    assert verdicts == {
        "health": "good",
        "answers": "warning",
        "bundle": "bad",
        "bundle age": "warning",
        "index recall": "bad",
    }
    assert "no files" in found["bundle"]["found"] and "shortlist retrain" in found["bundle age"]["advice"]
    assert all(each["advice"] for each in found.values() if each["verdict"] != "good")


def test_what_a_token_may_not_ask_is_unknown(running: tuple[Serving, str], monkeypatch: pytest.MonkeyPatch) -> None:
    serving, address = running
    monkeypatch.setattr(serving, "denied", True)
    code, found = look("--address", address)
    assert code == 0 and found["bundle"]["verdict"] == "unknown" and "admin" in found["bundle"]["advice"]


def test_a_server_that_is_away_is_bad() -> None:
    code, found = look("--address", "127.0.0.1:1", "--metrics-address", "127.0.0.1:1")
    assert code == 1 and found["health"]["verdict"] == found["metrics"]["verdict"] == "bad"


GOOD = f"""
# TYPE shortlist_bundle_info gauge
shortlist_bundle_info{{label="stable",version="{VERSION}"}} 1.0
shortlist_followed_timestamp_seconds{{log="events"}} {NOW - 0.5}
shortlist_followed_timestamp_seconds{{log="catalog"}} {NOW}
shortlist_store_available 1.0
grpc_server_handled_total{{grpc_code="OK",grpc_service="shortlist.v1.RecommendationService"}} 1000.0
shortlist_recommendations_total{{made="computed"}} 900.0
shortlist_recommendations_total{{made="reused"}} 100.0
shortlist_degraded_total{{flag="ranker_late"}} 10.0
shortlist_parts_restarted_total{{part="in_flight"}} 0.0
"""


def by_check(text: str) -> Looked:
    return {each.check: vars(each) for each in findings(Metrics.parse(text), NOW)}


def test_metrics_in_good_order() -> None:
    found = by_check(GOOD)
    assert {name: each["verdict"] for name, each in found.items() if name != "bundle age"} == dict.fromkeys(
        ["event lag", "catalog lag", "failed calls", "refused calls", "degraded"], "good"
    )
    assert found["event lag"]["found"] == "0.5 s" and found["degraded"]["found"].startswith("1.00% of 1,000 answers")


@pytest.mark.parametrize(
    ("was", "now", "check", "verdict"),
    [
        (f"{NOW - 0.5}", f"{NOW - 90}", "event lag", "bad"),
        (f"{NOW - 0.5}", f"{NOW - 20}", "event lag", "warning"),
        ("available 1.0", "available 0.0", "store", "bad"),
        ("shortlist_bundle_info", "shortlist_other", "serving bundle", "bad"),
        ('"ranker_late"} 10', '"ranker_late"} 100', "degraded", "warning"),
        ('part="in_flight"} 0', 'part="in_flight"} 2', "restarted parts", "warning"),
        ('grpc_code="OK"', 'grpc_code="INTERNAL"', "failed calls", "bad"),
        ('grpc_code="OK"', 'grpc_code="RESOURCE_EXHAUSTED"', "refused calls", "bad"),
    ],
)
def test_metrics_of_what_ails_a_server(was: str, now: str, check: str, verdict: str) -> None:
    assert was in GOOD
    found = by_check(GOOD.replace(was, now))[check]
    assert found["verdict"] == verdict and found["advice"]


def test_the_page_of_a_server_is_read() -> None:
    with page(GOOD) as address:
        _, found = look("--metrics-address", address)
    assert found["degraded"]["found"].startswith("1.00%")


@contextmanager
def page(text: str) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> BundleStore:
    store = BundleStore(tmp_path / "bundles")
    with store.writer() as writer:
        writer.array("items/prices", np.arange(8.0))
        metrics = {"items": 8, "index_recall_at_500": 0.99}
        writer.publish(as_of_micros=0, seed=1, settings={}, metrics=metrics, activate=False)
    return store


def test_a_folder_of_bundles(folder: BundleStore) -> None:
    (version,) = folder.versions()
    _, found = look("--bundles", str(folder.directory))
    assert found["folder"]["verdict"] == "bad" and "shortlist train" in found["folder"]["advice"]  # nothing is current
    folder.activate(version)
    code, found = look("--bundles", str(folder.directory))
    assert code == 0 and {"files", "bundle age", "index recall", "space"} < found.keys()
    assert found["index recall"]["found"] == "0.990 at 500" and found["bundle age"]["verdict"] == "good"
    prices = folder.directory / version / "items/prices.npy"
    prices.write_bytes(prices.read_bytes()[:-1])
    code, found = look("--bundles", str(folder.directory))
    assert code == 1 and found["files"]["verdict"] == "bad" and "items/prices" in found["files"]["found"]


def test_the_table_fits_a_terminal_of_80_columns(folder: BundleStore, monkeypatch: pytest.MonkeyPatch) -> None:

    shown = CliRunner().invoke(app, ["doctor", "--bundles", str(folder.directory)], env={"COLUMNS": "80"})
    assert shown.exit_code == 1 and max(map(len, shown.output.splitlines())) <= 80
