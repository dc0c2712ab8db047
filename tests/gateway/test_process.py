"""The gateway between its callers and its server: deadlines, tokens, TLS, starting and ending."""

from __future__ import annotations

import re
import signal
import threading
from pathlib import Path

import httpx
import pytest
from certificates import Certificates
from gateway_process import RECOMMEND, Process, Run
from loopback import refuses, taken_address
from server_fakes import Gate
from typer.testing import CliRunner
from waiting import eventually

import shortlist_cli.main
from shortlist_core.errors import ShortlistError
from shortlist_server.rpc.token_file import new_token

EVENTS = "/shortlist.v1.EventService/WriteEvents"


def test_the_deadline_reaches_the_server(serve: Run, put_before: Run) -> None:
    gateway = put_before(serve(FAKE_RANKER_SECONDS="2").address)
    response = gateway.post(json={"userId": "ann"}, headers={"Connect-Timeout-Ms": "500"})
    assert response.json()["degraded"] == ["DEGRADATION_RANKER_LATE"]


def test_a_caller_that_leaves_ends_its_call_on_the_server(serve: Run, put_before: Run, tmp_path: Path) -> None:
    server = serve(FAKE_RANKER_SECONDS="2")
    gateway = put_before(server.address)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"http://{gateway.address}{RECOMMEND}", json={"userId": "ann"}, timeout=0.5)
    eventually(lambda: '"code": "CANCELLED"' in server.log())


def test_tokens_are_passed_on(serve: Run, put_before: Run, tmp_path: Path) -> None:
    token, line = new_token(["read"])
    (tmp_path / "tokens").write_text(line)
    gateway = put_before(serve("--token-file", str(tmp_path / "tokens")).address)
    bearer = {"Authorization": f"Bearer {token}"}
    assert gateway.post(json={"userId": "ann"}, headers=bearer).status_code == 200
    missing = gateway.post(json={"userId": "ann"})
    assert (missing.status_code, missing.json()["code"]) == (401, "unauthenticated")
    refused = gateway.post(EVENTS, {"events": [{"eventId": "e", "userId": "u", "itemId": "i"}]}, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")


def test_the_server_is_asked_over_tls_as_the_environment_says(
    serve: Run, put_before: Run, certificates: Certificates
) -> None:
    path = certificates.path
    pair = ("--tls-cert", str(path("server.pem")), "--tls-key", str(path("server.key")))
    server = serve(*pair, "--tls-client-ca", str(path("root.pem")))
    files = {"ROOT_CERTIFICATES": "root.pem", "CERTIFICATE_CHAIN": "client.pem", "PRIVATE_KEY": "client.key"}
    environment = {f"SHORTLIST_{name}": str(path(file)) for name, file in files.items()}
    assert put_before(server.address, **environment).post(json={"userId": "ann"}).status_code == 200


def test_without_a_server_it_says_so(put_before: Run) -> None:
    gateway = put_before("127.0.0.1:1")
    response = gateway.post(json={}, headers={"Connect-Timeout-Ms": "2000"})
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    health = gateway.get("/healthz")
    assert (health.status_code, health.json()) == (503, {"status": "UNREACHABLE"})


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_accepted_calls_finish_and_exits_zero(
    serve: Run, put_before: Run, tmp_path: Path, end: signal.Signals
) -> None:
    gate = Gate(tmp_path / "gate")
    gateway = put_before(serve(FAKE_RANKER_GATE=str(gate.path)).address)
    answers: list[int] = []
    calling = threading.Thread(target=lambda: answers.append(gateway.post(json={"userId": "ann"}).status_code))
    with gate.shut():
        calling.start()
        gate.reached()
        gateway.popen.send_signal(end)
        eventually(lambda: refuses(gateway.address))
        assert not answers
    calling.join(20)
    assert answers == [200]
    assert gateway.popen.wait(10) == 0
    assert gateway.log() == ""


def end_of(*arguments: str) -> str:
    """The one line with which a start that cannot be is refused."""
    result = CliRunner().invoke(shortlist_cli.main.app, ["gateway", *arguments])
    assert isinstance(result.exception, ShortlistError), result.output
    line = str(result.exception)
    assert "\n" not in line
    return line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--address", "0.0.0.0:0"], "address: 0.0.0.0:0: other machines can reach it.*--insecure"),
        (["--server", "shop.example:50051"], "server: shop.example:50051: .*SHORTLIST_ROOT_CERTIFICATES"),
        (["--address", "nowhere"], "address: 'nowhere' is not HOST:PORT"),
        (["--server", "nowhere"], "server: 'nowhere' is not HOST:PORT"),
        (["--allow-origin", "shop.example"], "allow_origins: must be SCHEME://HOST.*, not .shop.example."),
    ],
)
def test_what_is_not_safe_or_cannot_be_is_refused(arguments: list[str], message: str) -> None:
    assert re.search(message, end_of(*arguments))


def test_a_port_in_use_is_refused() -> None:
    with taken_address() as where:
        assert re.match(f"cannot listen on {where}: ", end_of("--address", where))


def test_other_machines_may_be_served_where_that_is_asked_for(run: Run, server: Process) -> None:
    assert run("gateway", "--address", "0.0.0.0:0", "--server", server.address, "--insecure").address


def test_pages_of_named_origins_may_call(run: Run, server: Process) -> None:
    origins = "--allow-origin", "https://shop.example", "--allow-origin", "http://localhost:5173"
    gateway = run("gateway", "--address", "127.0.0.1:0", "--server", server.address, *origins)
    answer = gateway.post(json={"userId": "ann"}, headers={"Origin": "http://localhost:5173"})
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
