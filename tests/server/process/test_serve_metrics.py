"""A server's page of metrics adds its workers up, lasts until its end, and outlives dead workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import Counter
from pathlib import Path

import pytest
import server_fakes as fakes
from certificates import Certificates
from loopback import refuses
from prometheus_client.mmap_dict import MmapedDict
from scrape import scrape
from serve_process import Run, address, children, drains, finish
from server_fakes import Gate
from shortlist import Client, Options
from waiting import PATIENCE, eventually


def page(process: subprocess.Popen[str]) -> str:
    """Where a server whose first line is read shows its metrics."""
    assert process.stdout is not None
    process.stdout.readline()
    line = process.stdout.readline()
    match = re.fullmatch(r"metrics at http://(127\.0\.0\.1:\d+)/metrics\n", line)
    assert match, line
    return match[1]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_metrics_are_served_until_the_end_and_then_the_port_is_free(
    serve: Run, gate: Gate, end: signal.Signals
) -> None:
    process = serve("--metrics-address", "127.0.0.1:0", FAKE_RANKER_GATE=str(gate.path))
    client, where = Client(address(process), Options(timeout=PATIENCE, max_attempts=1)), page(process)
    calling = threading.Thread(target=lambda: client.recommend("ann", 3))
    with gate.shut():
        calling.start()
        gate.reached()
        process.send_signal(end)
        drains(client)
        now = scrape(where)
        assert now.value("shortlist_requests_pending", kind="recommendations") == 1
        assert len(now.series("shortlist_bundle_info")) == 1
    calling.join(PATIENCE)
    code, errors = finish(process)
    assert code == 0 and "Traceback" not in errors
    assert refuses(where)
    client.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_metrics_of_all_workers_are_added_up_and_outlive_them(serve: Run, tmp_path: Path, end: signal.Signals) -> None:
    process = serve("--workers", "2", "--metrics-address", "127.0.0.1:0", "--reuse", "0", TMPDIR=str(tmp_path))
    where, metrics = address(process), page(process)
    calls, met = 0, Counter[int]()
    while len(met) < 2 or calls < 10:  # each connection may reach another worker
        with Client(where, Options(timeout=PATIENCE)) as client:
            assert client.recommend("ann", 3).items
        calls += 1
        [folder] = tmp_path.glob("shortlist-metrics-*")
        met = Counter(calls_of(folder))
        assert calls < 200
    now = scrape(metrics)
    assert now.calls("Recommend") == {"OK": calls}
    assert now.series("shortlist_recommendations_total") == {("computed",): calls, ("reused",): 0}
    assert now.series("shortlist_stage_seconds_count", stage="rank") == {(): calls}
    assert list(now.series("shortlist_bundle_info").values()) == [1]
    assert list(now.series("shortlist_bundle_items").values()) == [fakes.ITEMS]
    assert set(now.series("shortlist_requests_pending").values()) == {0}
    assert '"ann"' not in now.text and "pid" not in now.text

    dead = max(met, key=lambda pid: met[pid])
    os.kill(dead, signal.SIGKILL)

    def replaced() -> bool:
        assert scrape(metrics).calls("Recommend") == {"OK": calls}  # no scrape sees less meanwhile, or more
        return dead not in (now_there := children(process)) and len(now_there) == 2

    eventually(replaced)
    with Client(where, Options(timeout=PATIENCE, wait_for_ready=True)) as client:
        assert client.recommend("ann", 3).items
    # The new worker may listen before it has its bundle: a call that it refuses is tried again, and counts as well.
    assert scrape(metrics).calls("Recommend")["OK"] == calls + 1
    assert not list(folder.glob(f"*_{dead}.db"))

    process.send_signal(end)
    code, errors = finish(process)
    assert code == 0 and "Traceback" not in errors
    assert refuses(metrics) and not folder.exists()


def calls_of(folder: Path) -> list[int]:
    """The workers, by process id, that have answered anything, as often as they have."""
    answers = []
    for path in folder.glob("counter_*.db"):
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)):
            if "shortlist_recommendations_total" in key:
                answers += [int(path.stem.removeprefix("counter_"))] * int(value)
    return answers


def test_a_folder_that_another_program_counts_in_is_left_alone(serve: Run, tmp_path: Path) -> None:
    process = serve("--metrics-address", "127.0.0.1:0", PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "none"))
    with Client(address(process), Options(timeout=PATIENCE)) as client:
        client.recommend("ann", 3)
    assert scrape(page(process)).calls("Recommend") == {"OK": 1}


def test_other_machines_may_scrape_where_that_is_asked_for(serve: Run, certificates: Certificates) -> None:
    pair = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("server.key")))
    process = serve("--address", "0.0.0.0:0", "--metrics-address", "0.0.0.0:0", "--insecure", *pair)
    assert process.stdout is not None
    process.stdout.readline()
    assert process.stdout.readline().startswith("TLS, with the certificate")  # what is said to be insecure is not this
    line = process.stdout.readline()
    match = re.fullmatch(
        r"metrics at http://0\.0\.0\.0:(\d+)/metrics, plain text that other machines can reach.*\n", line
    )
    assert match, line
    assert scrape(f"127.0.0.1:{match[1]}").series("shortlist_bundle_info")
