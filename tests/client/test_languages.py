"""Every client against real servers: each language's own tests as a process, the Python client in this one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import grpc
import live_vectors
import pytest
from certificates import Certificates
from live_servers import Restartable, Server
from shortlist import (
    DeadlineExceeded,
    Event,
    EventType,
    HealthStatus,
    ItemInput,
    NotFound,
    Options,
    PermissionDenied,
    ShortlistError,
    StreamRecommendRequest,
    Tls,
    Unauthenticated,
    Unavailable,
    errors,
)

pytestmark = [pytest.mark.clients, pytest.mark.timeout(1_800)]

CLIENTS = Path(__file__).parents[2] / "client"
TOKEN, READ_TOKEN = "token-for-reading-and-writing", "token-for-reading"
COMMANDS = {"go": ["go test -count=1 ./..."], "java": ["mvn -q -B test"], "node": ["npm ci", "npm test"]}
PATIENT = Options(timeout=live_vectors.SECONDS, batch_timeout=live_vectors.SECONDS)
Connect = Callable[..., Any]
Environment = dict[str, str]


@pytest.fixture(scope="module")
def environment(
    trained_bundle: Any, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """Running servers, and the variables that tell the clients' tests of them."""
    folder = tmp_path_factory.mktemp("servers")
    (folder / "tokens").write_text(f"{hashed(TOKEN)} read write\n{hashed(READ_TOKEN)} read\n")
    pair = ("--tls-cert", str(certificates.path("server.pem")), "--tls-key", str(certificates.path("server.key")))
    with ExitStack() as ending:

        def start(name: str, *arguments: str) -> Server:
            server = Server(folder / name, trained_bundle.bundles, *arguments)
            ending.callback(server.kill)
            return server

        plain = start("plain")
        secure = start("secure", *pair, "--token-file", str(folder / "tokens"))
        mutual = start("mutual", *pair, "--tls-client-ca", str(certificates.path("root.pem")))
        restartable = ending.enter_context(Restartable(lambda: start("restartable")))
        still = start("still")  # nobody writes to it: what is popular stays, and with it the answers of the table
        still_address = f"127.0.0.1:{still.port()}"
        vectors = folder / "vectors.json"
        with grpc.insecure_channel(still_address) as channel:
            vectors.write_text(json.dumps(live_vectors.answered(channel)), encoding="utf-8")
        yield {
            "SHORTLIST_TEST_ADDRESS": f"127.0.0.1:{plain.port()}",
            "SHORTLIST_TEST_VECTORS_ADDRESS": still_address,
            "SHORTLIST_TEST_TLS_ADDRESS": f"localhost:{secure.port()}",
            "SHORTLIST_TEST_CA": str(certificates.path("root.pem")),
            "SHORTLIST_TEST_TOKEN": TOKEN,
            "SHORTLIST_TEST_READ_TOKEN": READ_TOKEN,
            "SHORTLIST_TEST_MTLS_ADDRESS": f"localhost:{mutual.port()}",
            "SHORTLIST_TEST_CLIENT_CERT": str(certificates.path("client.pem")),
            "SHORTLIST_TEST_CLIENT_KEY": str(certificates.path("client.key")),
            "SHORTLIST_TEST_RESTART_ADDRESS": restartable.address,
            "SHORTLIST_TEST_RESTART_CONTROL": restartable.control,
            "SHORTLIST_TEST_VECTORS": str(vectors),
        }


def hashed(token: str) -> str:
    """A token as the server's file has it."""
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


@pytest.mark.parametrize("name", COMMANDS)
def test_language(name: str, environment: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    tool = COMMANDS[name][0].split()[0]
    if shutil.which(tool) is None:
        if os.environ.get("CI"):
            with capfd.disabled():
                print(f"\n*** client/{name} IS NOT TESTED: this machine has no `{tool}` ***")
        pytest.skip(f"client/{name} is not tested: this machine has no `{tool}`")
    for command in COMMANDS[name]:
        ended = subprocess.run(
            command.split(),
            cwd=CLIENTS / name,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ended.returncode:
            pytest.fail(f"`{command}` in client/{name} ended with {ended.returncode}:\n{ended.stdout}", pytrace=False)


CALLED = {
    "Recommend": "recommend",
    "BatchRecommend": "batch_recommend",
    "Retrieve": "retrieve",
    "Rank": "rank",
    "SimilarItems": "similar_items",
    "WriteEvents": "write_events",
    "UpsertItems": "upsert_items",
    "DeleteItems": "delete_items",
    "GetItem": "get_item",
    "ListItems": "list_items",
    "UpsertUsers": "upsert_users",
    "GetUser": "get_user",
    "ExportUser": "export_user",
    "DeleteUser": "delete_user",
}


def outcome(client: Any, call: dict[str, Any]) -> Any:
    """What a call of the table ends with, made as a user of the client makes it."""
    request = live_vectors.request(call)
    if call["method"] == "StreamRecommend":
        return list(client.stream_recommend(request, timeout=live_vectors.SECONDS))
    required = {"Rank": ["user_id", "item_ids"], "BatchRecommend": ["queries"], "WriteEvents": ["events"]}
    required |= {"UpsertItems": ["items"], "UpsertUsers": ["users"]}
    required |= {method: ["user_id"] for method in ("GetUser", "ExportUser", "DeleteUser")}
    fields = {name: getattr(request, name) for name in required.get(call["method"], [])}
    fields |= {field.name: value for field, value in request.ListFields()}
    return getattr(client, CALLED[call["method"]])(**fields)


@pytest.mark.parametrize("index", range(len(live_vectors.TABLE["calls"])))
def test_python_call(index: int, environment: Environment, connect: Connect) -> None:
    call = json.loads(Path(environment["SHORTLIST_TEST_VECTORS"]).read_text(encoding="utf-8"))["calls"][index]
    client = connect(environment["SHORTLIST_TEST_VECTORS_ADDRESS"], PATIENT)
    if "answer" in call:
        assert outcome(client, call) == live_vectors.answer(call), call["name"]
        return
    with pytest.raises(ShortlistError) as caught:
        outcome(client, call)
    error = caught.value
    assert {
        "code": error.code.name,
        "reason": error.reason,
        "fields": sorted(violation.field for violation in error.violations),
        "metadata": error.metadata,
    } == call["error"], call["name"]


def test_python_writes_events_once_and_the_next_answer_knows_of_them(
    environment: Environment, connect: Connect, request: pytest.FixtureRequest
) -> None:
    client, user = connect(environment["SHORTLIST_TEST_ADDRESS"], PATIENT), request.node.name
    first = client.recommend(user, 1).items[0].item_id
    bought = Event(user_id=user, item_id=first, event_type=EventType.EVENT_TYPE_PURCHASE)
    written = [client.write_events([bought]) for _ in range(2)]
    assert [(each.accepted_count, each.duplicate_count) for each in written] == [(1, 0), (0, 1)]
    assert first not in {item.item_id for item in client.recommend(user, 100).items}


def test_python_deadline(environment: Environment, connect: Connect) -> None:
    with pytest.raises(DeadlineExceeded):
        connect(environment["SHORTLIST_TEST_ADDRESS"]).recommend("u000001", timeout=0.0005)


def test_python_stream_names_what_failed(environment: Environment, connect: Connect) -> None:
    messages = [StreamRecommendRequest(request_id=f"r{n}", count=-1 if n == 7 else 1) for n in range(40)]
    answers = list(connect(environment["SHORTLIST_TEST_ADDRESS"]).stream_recommend(messages, timeout=60))
    assert [each.request_id for each in answers] == [each.request_id for each in messages]
    (failed,) = (each for each in answers if each.HasField("error"))
    assert failed.request_id == "r7"
    assert errors.from_status(failed.error).violations[0].field == "count"


def test_python_health(environment: Environment, connect: Connect) -> None:
    client = connect(environment["SHORTLIST_TEST_ADDRESS"])
    assert client.health() == client.health("shortlist.v1.EventService") == HealthStatus.SERVING


def test_python_over_several_addresses(environment: Environment, connect: Connect) -> None:
    address = environment["SHORTLIST_TEST_ADDRESS"]
    client = connect(f"ipv4:{address},{environment['SHORTLIST_TEST_RESTART_ADDRESS']}", PATIENT)
    assert all(client.recommend("u000001", 1).items for _ in range(4))


def secure(connect: Connect, environment: Environment, **options: Any) -> Any:
    tls = Tls(Path(environment["SHORTLIST_TEST_CA"]).read_bytes())
    return connect(environment["SHORTLIST_TEST_TLS_ADDRESS"], replace(PATIENT, tls=tls, **options))


def test_python_with_tls_and_a_token(environment: Environment, connect: Connect) -> None:
    event = Event(user_id="python-tls", item_id="i000001")
    client = secure(connect, environment, token=TOKEN)
    assert client.recommend("u000001", 1).items
    assert client.write_events([event]).accepted_count == 1
    assert client.upsert_items([ItemInput(item_id="python-tls", title="Tea")]).created_count == 1
    reader = secure(connect, environment, token=lambda: READ_TOKEN)
    assert reader.get_item("python-tls").item.title == "Tea"
    assert reader.recommend("u000001", 1).items
    with pytest.raises(PermissionDenied):
        reader.write_events([event])
    with pytest.raises(PermissionDenied):
        reader.delete_items(["python-tls"])
    assert client.delete_items(["python-tls"]).deleted_count == 1
    with pytest.raises(NotFound):
        reader.get_item("python-tls")
    with pytest.raises(Unauthenticated):
        secure(connect, environment).recommend("u000001", 1)


def test_python_shows_its_own_certificate(environment: Environment, connect: Connect) -> None:
    root, key, chain = (Path(environment[f"SHORTLIST_TEST_{name}"]) for name in ("CA", "CLIENT_KEY", "CLIENT_CERT"))
    for tls, known in [(Tls(*map(Path.read_bytes, (root, key, chain))), True), (Tls(root.read_bytes()), False)]:
        client = connect(environment["SHORTLIST_TEST_MTLS_ADDRESS"], replace(PATIENT, tls=tls))
        if known:
            assert client.recommend("u000001", 1).items
        else:
            with pytest.raises(Unavailable):
                client.recommend("u000001", 1)


def test_python_outlives_a_restart(environment: Environment, connect: Connect) -> None:
    client = connect(environment["SHORTLIST_TEST_RESTART_ADDRESS"], Options(timeout=60, wait_for_ready=True))
    assert client.recommend("u000001", 1).items
    host, port = environment["SHORTLIST_TEST_RESTART_CONTROL"].split(":")
    with socket.create_connection((host, int(port))) as control, control.makefile("rw") as lines:
        assert told(lines, "wait") == "serving"
        assert told(lines, "restart") == "stopped"
        assert client.recommend("u000001", 1).items
        assert told(lines, "wait") == "serving"


def told(control: TextIO, order: str) -> str:
    print(order, file=control, flush=True)
    return control.readline().strip()
