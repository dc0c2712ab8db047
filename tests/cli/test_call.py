"""`shortlist call` against a real server: what a person reads, and the exit code a script sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any, get_args

import grpc
import pytest
from certificates import Certificates
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import EventType
from shortlist.v1.event_service_pb2_grpc import EventServiceServicer, add_EventServiceServicer_to_server
from shortlist.v1.recommendation_service_pb2_grpc import (
    RecommendationServiceServicer,
    add_RecommendationServiceServicer_to_server,
)
from typer.testing import CliRunner, Result

from shortlist_cli.call import Kind, app

HITS = [parts.SourceHit(name="two_tower", rank=3, score=0.9)]
WHY = parts.Reason(text="Because you bought Tea")
ITEM = parts.RecommendedItem(item_id="i1", title="[red]Kettle\x1b[2J", score=0.5, sources=HITS, reason=WHY)
DROPS = [parts.Drop(reason=parts.DROP_REASON_SEEN, count=4), parts.Drop(reason=99, count=1)]
TRACE = [parts.StageTrace(stage=parts.STAGE_FILTER, entered_count=9, left_count=4, drops=DROPS, duration_micros=1500)]


class Server(RecommendationServiceServicer, EventServiceServicer):
    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.failure: status_pb2.Status | None = None

    def _enter(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        if self.failure:
            context.abort_with_status(rpc_status.to_status(self.failure))

    def Recommend(self, request: Any, context: Any) -> api.RecommendResponse:
        self._enter(request, context)
        flags = [parts.DEGRADATION_RANKER_LATE]
        trace = TRACE if request.include_trace else []
        return api.RecommendResponse(
            request_id="r1", bundle_version="b1", items=[ITEM] * (request.user_id == "u1"), degraded=flags, trace=trace
        )

    def Retrieve(self, request: Any, context: Any) -> api.RetrieveResponse:
        self._enter(request, context)
        return api.RetrieveResponse(items=[parts.ScoredItem(item_id="i2", sources=HITS)])

    def Rank(self, request: Any, context: Any) -> api.RankResponse:
        self._enter(request, context)
        return api.RankResponse(items=[parts.ScoredItem(item_id="i3")], unknown_item_ids=["i4"])

    def SimilarItems(self, request: Any, context: Any) -> api.SimilarItemsResponse:
        self._enter(request, context)
        return api.SimilarItemsResponse(items=[parts.ScoredItem(item_id="i5", score=0.25)])

    def WriteEvents(self, request: Any, context: Any) -> event_api.WriteEventsResponse:
        self._enter(request, context)
        return event_api.WriteEventsResponse(accepted_count=len(request.events))


class Shell:
    """Runs `shortlist call ...` against the server."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--address", self.address], env={"COLUMNS": "160"})


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def call(server: Server) -> Iterator[Shell]:
    running = grpc.server(futures.ThreadPoolExecutor(4))
    add_RecommendationServiceServicer_to_server(server, running)
    add_EventServiceServicer_to_server(server, running)
    healthy = health.HealthServicer()
    healthy.set("shortlist.v1.EventService", health_pb2.HealthCheckResponse.NOT_SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(healthy, running)
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    yield Shell(f"127.0.0.1:{port}")
    running.stop(None).wait()


def test_recommend_shows_items_with_source_and_reason(call: Shell) -> None:
    result = call("recommend", "--user", "u1")
    assert result.exit_code == 0
    for shown in ("i1", "[red]Kettle", "0.5", "two_tower #3", "Because you bought Tea", "ranker late", "bundle b1"):
        assert shown in result.stdout
    assert "\x1b" not in result.stdout


def test_recommend_passes_its_options_on(call: Shell, server: Server) -> None:
    options = "--count 7 --candidates 50 --exclude i8 --exclude i9 --category tea --keep-seen --diversity 0.5"
    call("recommend", "--user", "u1", *options.split())
    (sent,) = server.requests
    assert (sent.count, sent.candidate_count, sent.diversity, sent.seen_items_policy) == (7, 50, 0.5, 2)
    assert (list(sent.excluded_item_ids), list(sent.filter.included_categories)) == (["i8", "i9"], ["tea"])


@pytest.mark.parametrize("command", [("recommend",), ("retrieve",), ("rank", "--item", "i3")])
def test_attributes_are_keys_and_values(call: Shell, server: Server, command: tuple[str, ...]) -> None:
    assert call(*command, "--attribute", "country=France", "--attribute", "motto=a=b").exit_code == 0
    sent = [(each.key, each.value) for each in server.requests[-1].user_attributes]
    assert sent == [("country", "France"), ("motto", "a=b")]


def test_trace_shows_the_stages_and_survives_a_reason_it_does_not_know(call: Shell) -> None:
    result = call("recommend", "--user", "u1", "--trace")
    assert "seen 4, 99 1" in result.stdout
    assert "1.50" in result.stdout


def test_json_is_json_and_nothing_else(call: Shell) -> None:
    answer = json.loads(call("recommend", "--user", "u1", "--trace", "--json").stdout)
    assert answer["items"][0]["reason"]["text"] == "Because you bought Tea"
    assert answer["trace"][0]["entered_count"] == 9


def test_retrieve_rank_and_similar(call: Shell, server: Server) -> None:
    assert "two_tower #3" in call("retrieve", "--user", "u1", "--count", "5").stdout
    assert server.requests[-1].candidate_count == 5
    ranked = call("rank", "--user", "u1", "--item", "i3", "--item", "i4")
    assert "unknown to the serving bundle: i4" in ranked.stdout
    assert list(server.requests[-1].item_ids) == ["i3", "i4"]
    assert "0.25" in call("similar", "--item", "i1").stdout


def test_events_writes_one_event_per_item(call: Shell, server: Server) -> None:
    result = call("events", "--user", "u1", "--item", "i1", "--item", "i2", "--type", "purchase", "--value", "2")
    assert result.stdout == "2 written, 0 known already\n"
    sent = server.requests[0].events
    assert [(e.item_id, e.event_type, e.value) for e in sent] == [
        ("i1", EventType.EVENT_TYPE_PURCHASE, 2.0),
        ("i2", EventType.EVENT_TYPE_PURCHASE, 2.0),
    ]


def test_every_event_type_can_be_written() -> None:
    names = [name.removeprefix("EVENT_TYPE_").lower() for name, _ in EventType.items()]
    assert list(get_args(Kind)) == names[1:]


def test_events_without_a_value_leave_it_to_the_server(call: Shell, server: Server) -> None:
    call("events", "--user", "u1", "--item", "i1")
    assert not server.requests[0].events[0].HasField("value")


def test_health_is_also_an_exit_code(call: Shell) -> None:
    healthy, not_serving = call("health"), call("health", "--service", "shortlist.v1.EventService")
    assert (healthy.exit_code, healthy.stdout) == (0, "SERVING\n")
    assert (not_serving.exit_code, not_serving.stdout) == (1, "NOT_SERVING\n")


def test_a_refused_request_names_every_field_in_one_line(call: Shell, server: Server) -> None:
    violations = [{"field": "count", "description": "is 1 to 500"}, {"field": "user_id", "description": "is too long"}]
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.BadRequest(field_violations=violations))
    server.failure = status_pb2.Status(code=3, message="no", details=[detail])
    result = call("recommend", "--user", "u1", "--count", "-1")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "count: is 1 to 500; user_id: is too long" in result.stderr


def test_what_the_server_says_is_passed_on(call: Shell, server: Server) -> None:
    server.failure = status_pb2.Status(code=5, message="there is no item 'i1'")
    result = call("similar", "--item", "i1")
    assert (result.exit_code, result.stderr) == (1, f"Error: {call.address}: there is no item 'i1'\n")


def test_nobody_there_says_where_and_what_to_do() -> None:
    result = Shell("127.0.0.1:1")("recommend")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
    assert "shortlist serve" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("recommend", "--count", "many"),
        ("recommend", "--count", "99999999999"),
        ("events", "--user", "u1", "--item", "i1", "--type", "stare"),
        ("events", "--user", "u1"),
    ],
)
def test_bad_usage_is_exit_code_two(call: Shell, server: Server, arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert server.requests == []


def test_unreadable_root_certificates_are_named(call: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", "missing.pem")
    result = call("health")
    assert result.exit_code == 2
    assert "missing.pem" in result.stderr


@pytest.fixture
def secure(server: Server, certificates: Certificates) -> Iterator[Shell]:
    """A server that asks for a client's certificate."""
    running = grpc.server(futures.ThreadPoolExecutor(4))
    add_RecommendationServiceServicer_to_server(server, running)
    pair = (certificates["server.key"], certificates["server.pem"])
    port = running.add_secure_port(
        "127.0.0.1:0", grpc.ssl_server_credentials([pair], certificates["root.pem"], require_client_auth=True)
    )
    running.start()
    yield Shell(f"127.0.0.1:{port}")
    running.stop(None).wait()


def test_certificates_come_from_the_environment(
    secure: Shell, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"ROOT_CERTIFICATES": "root.pem", "CERTIFICATE_CHAIN": "client.pem", "PRIVATE_KEY": "client.key"}
    for name, file in files.items():
        monkeypatch.setenv(f"SHORTLIST_{name}", str(certificates.path(file)))
    assert secure("recommend", "--user", "u1").exit_code == 0


def test_an_empty_certificate_file_is_no_leave_to_speak_plain_text(
    secure: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", str(tmp_path / "empty.pem"))
    result = secure("recommend", "--user", "u1")
    assert result.exit_code == 2
    assert "is empty" in result.stderr


@pytest.mark.parametrize("root", [None, "client.pem", "root.pem"])
def test_tls_that_does_not_come_about_is_said_so(
    secure: Shell, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, root: str | None
) -> None:
    if root:
        monkeypatch.setenv("SHORTLIST_ROOT_CERTIFICATES", str(certificates.path(root)))
    result = secure("recommend", "--user", "u1")
    assert result.exit_code == 1
    assert "the TLS handshake fails" in result.stderr
