"""What the dashboard and the alerts ask, asked of a real Prometheus that scrapes a real server."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from deployment import DEPLOY, ROOT, alerts, panel_expressions
from loopback import free_address
from shortlist import Client, Event, EventType, Options
from waiting import eventually

sys.path.append(str(ROOT / "tests/server"))

import server_fakes

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{alerts}]
scrape_configs: [{{job_name: shortlist, static_configs: [{{targets: ["{target}"]}}]}}]
"""
VARIABLES = {"$__rate_interval": "1m", "$job": ".*", "$instance": ".*", "$method": "Recommend"}
NEVER_HERE = {"Parts that failed and began again"}  # unless one did

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Iterator[str]:
    """A server over fakes that has answered and stored something; the address of its metrics."""
    folder = tmp_path_factory.mktemp("shop")
    server_fakes.publish(folder / "bundles")
    options = ["--bundles", folder / "bundles", "--state", "sqlite::memory:", "--address", "127.0.0.1:0"]
    command = [sys.executable, "-P", server_fakes.PROGRAM, "serve", *options, "--metrics-address", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            address = server.stdout.readline().removeprefix("SERVING on ").split(": ")[0]
            metrics = next(line for line in server.stdout if line.startswith("metrics at http://"))
            with Client(address, Options(timeout=30)) as client:  # a busy machine takes its time
                client.recommend("ann", count=5)
                client.write_events([Event(user_id="ann", item_id="i1", event_type=EventType.EVENT_TYPE_PURCHASE)])
                yield metrics.removeprefix("metrics at http://").split("/")[0]
        finally:
            server.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def prometheus(scraped: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Asks a path of the API of a Prometheus that has scraped this server a few times."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("this machine has no prometheus: `make check-deploy` installs it where it can")
    folder, address = tmp_path_factory.mktemp("prometheus"), free_address()
    config = folder / "prometheus.yaml"
    config.write_text(CONFIG.format(alerts=DEPLOY / "prometheus/alerts.yaml", target=scraped))
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder}", f"--web.listen-address={address}"]

    def ask(path: str, **parameters: str) -> Any:
        with urlopen(f"http://{address}/api/v1/{path}?{urlencode(parameters)}") as answer:
            return json.load(answer)["data"]

    def scraped_thrice() -> bool:
        try:
            return bool(ask("query", query="count_over_time(up[1m]) >= 3")["result"])
        except OSError:  # it does not listen yet
            return False

    with subprocess.Popen([program, *options], stderr=subprocess.DEVNULL) as process:
        try:
            eventually(scraped_thrice)
            yield ask
        finally:
            process.terminate()


@pytest.mark.parametrize(("title", "expression"), [*panel_expressions()])
def test_a_panel_shows_something(prometheus: Ask, title: str, expression: str) -> None:
    query = re.sub(r"\$\w+", lambda variable: VARIABLES[variable[0]], expression)

    def found() -> list[Any]:
        result: list[Any] = prometheus("query", query=query)["result"]
        return result  # empty as well after a scrape that took too long

    assert eventually(found) if title not in NEVER_HERE else found() == []


def test_alerts_are_evaluated_and_none_fires_on_a_server_that_is_well(prometheus: Ask) -> None:
    def evaluated() -> list[dict[str, Any]]:
        rules = [rule for group in prometheus("rules")["groups"] for rule in group["rules"]]
        return rules if rules and all(rule["health"] != "unknown" for rule in rules) else []

    rules = eventually(evaluated)
    assert {rule["name"]: rule["health"] for rule in rules} == {rule["alert"]: "ok" for rule in alerts()}
    assert {rule["name"] for rule in rules if rule["state"] == "firing"} == set()
