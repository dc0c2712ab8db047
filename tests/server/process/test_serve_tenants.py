"""`shortlist serve --tenants`: one server for several, as one process or more."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
import server_fakes as fakes
from serve_process import Ended, Run, finish
from shortlist import Client, Options
from shortlist.v1.event_pb2 import Event
from two_tenants import TENANTS, tokens_in
from waiting import PATIENCE

from shortlist_server.rpc.token_file import new_token


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two tenants with a published bundle each."""
    for tenant in TENANTS:
        fakes.publish(tmp_path / tenant / "bundles")
    (tmp_path / "tenants.toml").write_text("".join(f'[{each}]\nbundles = "{each}/bundles"\n' for each in TENANTS))
    return tmp_path / "tenants.toml"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_tenants_are_served_apart_by_all_workers(file: Path, tmp_path: Path, serve: Run, workers: str) -> None:
    tokens = tokens_in(tmp_path / "tokens", ("read", "write"))
    arguments = ["--tenants", str(file), "--token-file", str(tmp_path / "tokens"), "--workers", workers]
    process = serve("--log-level", "debug", *arguments)
    assert process.stdout is not None
    serving = re.fullmatch(r"SERVING on (127\.0\.0\.1:\d+): 2 tenants\n", process.stdout.readline())
    assert serving
    for tenant in TENANTS:
        assert re.fullmatch(rf"tenant {tenant}: bundle \S+, 40 items\n", process.stdout.readline())
    with Client(serving[1], Options(timeout=PATIENCE, token=tokens["acme"])) as client:
        client.write_events([Event(event_id="e", user_id="new", item_id="i39")])
    for _ in range(4):  # each connection may reach another worker
        for tenant, best in {"acme": "i38", "beta": "i39"}.items():
            with Client(serving[1], Options(timeout=PATIENCE, token=tokens[tenant])) as client:
                assert client.recommend("new", 1).items[0].item_id == best
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    assert code == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    calls = {(line["method"].rpartition("/")[2], line["tenant"]) for line in lines if line["event"] == "call"}
    assert calls == {("WriteEvents", "acme"), ("Recommend", "acme"), ("Recommend", "beta")}
    assert {line["tenant"] for line in lines if line["event"] == "serving"} == set(TENANTS)
    assert {each.name for each in tmp_path.glob("*/state.sqlite")} == {"state.sqlite"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bundles", "b"], "error: --tenants: takes the place of --bundles and --state.*"),
        (["--state", "sqlite:s"], "error: --tenants: takes the place of --bundles and --state.*"),
        ([], "error: .*tokens, line 2: there is no tenant 'gamma': say tenant=NAME, one of acme, beta"),
        (["--token-file", "/no/such/file"], "error: cannot read the token file /no/such/file.*"),
        (["--tenants", "/no/such/file"], "error: cannot read the file of tenants /no/such/file: No such file.*"),
    ],
)
def test_mistakes_are_one_line_and_exit_status_2(
    file: Path, tmp_path: Path, ended: Ended, arguments: list[str], message: str
) -> None:
    lines = [new_token(tenant=tenant)[1] for tenant in ("acme", "gamma")]
    (tmp_path / "tokens").write_text("\n".join(lines))
    given = ["--address", "127.0.0.1:0", "--tenants", str(file), "--token-file", str(tmp_path / "tokens"), *arguments]
    code, errors = ended(*given)
    assert code == 2
    assert re.fullmatch(rf"{message}\n", errors), errors


def test_tenants_without_tokens_are_refused(file: Path, ended: Ended) -> None:
    code, errors = ended("--tenants", str(file))
    assert code == 2
    assert re.fullmatch(r"error: .*--tenants needs --token-file: a call belongs to the tenant of its token\n", errors)


def test_who_names_neither_bundles_nor_tenants_is_told(ended: Ended) -> None:
    code, errors = ended()
    assert code == 2
    assert errors == "error: --bundles: name the folder of bundles that is to be served\n"
