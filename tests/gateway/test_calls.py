"""What a caller with nothing but HTTP and JSON gets."""

from __future__ import annotations

import base64
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from gateway_process import RECOMMEND, Process
from google.protobuf.json_format import Parse
from google.rpc.error_details_pb2 import BadRequest
from jsonschema import Draft202012Validator
from shortlist import Client
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

from shortlist_bundle import BundleStore
from shortlist_gateway.app import OPENAPI
from shortlist_gateway.methods import methods

PLACEMENT = {"name": "home", "rules": [{"name": "top", "pin": {"itemIds": ["i3"]}}]}
REQUESTS = {
    "RecommendationService/Recommend": {"userId": "ann", "count": 3, "includeTrace": True},
    "RecommendationService/BatchRecommend": {"queries": [{"userId": "ann", "count": 2}, {"userId": "bob"}]},
    "RecommendationService/Retrieve": {"userId": "ann", "candidateCount": 5, "includeTrace": True},
    "RecommendationService/Rank": {"userId": "ann", "itemIds": ["i1", "i2", "nothing"]},
    "RecommendationService/SimilarItems": {"itemId": "i1", "count": 4},
    "UserService/UpsertUsers": {"users": [{"userId": "u", "userAttributes": [{"key": "country", "value": "France"}]}]},
    "UserService/GetUser": {"userId": "ann"},
    "UserService/ExportUser": {"userId": "ann", "pageSize": 2},
    "UserService/DeleteUser": {"userId": "nobody"},
    "EventService/WriteEvents": {
        "events": [{"eventId": "e1", "userId": "u", "itemId": "i1", "eventTime": "2024-01-01T00:00:00Z", "value": 0}]
    },
    "CatalogService/UpsertItems": {"items": [{"itemId": "i39", "title": "Tea", "categories": ["tea"], "price": 0}]},
    "CatalogService/DeleteItems": {"itemIds": ["nothing"]},
    "CatalogService/GetItem": {"itemId": "i1"},
    "CatalogService/ListItems": {"pageSize": 3},
    "BundleService/ListBundles": {"pageSize": 1},
    "BundleService/GetServingBundle": {},
    "BundleService/ActivateBundle": {"bundleVersion": "THE NEWEST", "label": "BUNDLE_LABEL_STABLE"},
    "BundleService/RollbackBundle": {},
    "BundleService/GetBundleReport": {"bundleVersion": "THE NEWEST"},
    "PlacementService/ListPlacements": {},
    "PlacementService/SetPlacements": {"placements": [PLACEMENT], "validateOnly": True},
    "PlacementService/PreviewPlacement": {"placement": PLACEMENT, "query": {"userId": "ann"}},
}
OPENAPI_DOCUMENT = json.loads(OPENAPI.read_text())


def check(answer: Any, schema: str) -> None:
    """Fail where an answer is not what the OpenAPI file says."""
    components = {"components": OPENAPI_DOCUMENT["components"]}
    Draft202012Validator({"$ref": f"#/components/schemas/{schema}", **components}).validate(answer)


def test_there_is_a_request_for_every_unary_method() -> None:
    assert {f"/shortlist.v1.{name}" for name in REQUESTS} == {m.path for m in methods().values() if not m.streams}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_unary_method_answers_as_the_openapi_file_says(gateway: Process, bundles: Path, name: str) -> None:
    path = f"/shortlist.v1.{name}"
    request = json.loads(json.dumps(REQUESTS[name]).replace("THE NEWEST", BundleStore(bundles).versions()[-1]))
    response = gateway.post(path, request)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith("application/json")
    assert set(response.json()) <= {f.json_name for f in methods()[path].response.DESCRIPTOR.fields}
    check(response.json(), methods()[path].response.DESCRIPTOR.full_name)


def test_the_answer_is_the_one_of_grpc(gateway: Process, server: Process) -> None:
    request = {
        "requestId": "r",
        "userId": "ann",
        "count": 4,
        "diversity": 0.5,
        "filter": {"includedCategories": ["tea"]},
    }
    got = Parse(gateway.post(json=request).text, RecommendResponse())
    with Client(server.address) as client:
        expected = client.recommend("ann", 4, request_id="r", filter={"included_categories": ["tea"]}, timeout=10)
    assert list(got.items) == list(expected.items) and got.items
    assert (got.request_id, got.bundle_version) == ("r", expected.bundle_version)


def test_names_may_be_those_of_the_protos(gateway: Process) -> None:
    assert len(gateway.post(json={"user_id": "ann", "count": 2}).json()["items"]) == 2


def test_a_refused_request_names_its_fields(gateway: Process) -> None:
    response = gateway.post(json={"count": -1, "candidateCount": 5000})
    assert response.status_code == 400
    check(response.json(), "connect.Error")
    assert response.json()["code"] == "invalid_argument"
    details = {each["type"]: each for each in response.json()["details"]}
    assert details["google.rpc.ErrorInfo"]["debug"]["reason"] == "INVALID_ARGUMENT"
    value = details["google.rpc.BadRequest"]["value"]
    bad = BadRequest.FromString(base64.b64decode(value + "=" * (-len(value) % 4)))
    assert {each.field for each in bad.field_violations} == {"count", "candidate_count"}
    assert "=" not in value


def test_what_does_not_exist_is_not_found(gateway: Process) -> None:
    response = gateway.post("/shortlist.v1.RecommendationService/SimilarItems", {"itemId": "nothing"})
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["details"][0]["debug"]["metadata"] == {"item": "nothing"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b"null",
        b'{"cuont": 3}',
        b'{"count": "many"}',
        b'{"count": 1e99}',
        b'{"count": 99999999999}',
        b'{"userId": "\xff"}',
        b'{"userId": "\\ud800"}',
        b'{"seenItemsPolicy": "NONE_SUCH"}',
        b'{"count": 1, "count": 2}',
        b'{"filter": ' * 5000 + b"}" * 5000,
        b"[" * 100_000,
        b'{"count": ' + b"9" * 10_000 + b"}",
    ],
    ids=range(15),
)
def test_a_body_that_is_no_such_message_is_refused(gateway: Process, body: bytes) -> None:
    response = gateway.post(content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_argument")
    assert "\n" not in response.json()["message"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_beyond_the_limit_is_refused(gateway: Process, chunked: bool) -> None:
    body = b'{"userId": "' + b"x" * (16 << 20) + b'"}'
    content = iter([body]) if chunked else body  # without a length that could be looked at first
    response = gateway.post(content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (413, "resource_exhausted")
    assert gateway.post(json={"userId": "ann"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 415, "invalid_argument"),
        ({"Content-Type": "application/proto"}, 415, "invalid_argument"),
        ({}, 415, "invalid_argument"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 501, "unimplemented"),
        ({"Content-Type": "application/json", "Connect-Protocol-Version": "2"}, 400, "invalid_argument"),
        ({"Content-Type": "application/json", "Authorization": "Bearer \u00e9"}, 401, "unauthenticated"),
        ({"Content-Type": "application/json", "Connect-Timeout-Ms": "soon"}, 400, "invalid_argument"),
        ({"Content-Type": "application/json", "Connect-Timeout-Ms": "0"}, 504, "deadline_exceeded"),
    ],
)
def test_headers_that_cannot_be_followed(gateway: Process, headers: dict[str, str], status: int, code: str) -> None:
    response = gateway.post(content=b"{}", headers={name: value.encode() for name, value in headers.items()})
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_a_body_that_does_not_come_is_not_waited_for(gateway: Process) -> None:
    host, port = gateway.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = (f"POST {RECOMMEND} HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 100")
        connection.sendall("\r\n".join([*lines, "Connect-Timeout-Ms: 200", "", "{"]).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 504 ")


def test_headers_of_a_connect_client_are_followed(gateway: Process) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8", "Connect-Protocol-Version": "1"}
    headers["Connect-Timeout-Ms"] = "5000"
    assert gateway.post(content=b'{"userId": "ann"}', headers=headers).status_code == 200


def test_paths_that_are_no_unary_method(gateway: Process) -> None:
    unknown = gateway.post("/shortlist.v1.RecommendationService/Nothing", {})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unimplemented")
    streaming = gateway.post("/shortlist.v1.RecommendationService/StreamRecommend", {})
    assert (streaming.status_code, streaming.json()["code"]) == (501, "unimplemented")
    assert "streams" in streaming.json()["message"]
    got = gateway.get(RECOMMEND)
    assert (got.status_code, got.headers["Allow"]) == (405, "POST")


def test_the_gateway_tells_what_it_is(gateway: Process) -> None:
    about = gateway.get("/")
    assert about.status_code == 200 and "/openapi.json" in about.text
    assert gateway.get("/openapi.json").json() == OPENAPI_DOCUMENT
    health = gateway.get("/healthz")
    assert (health.status_code, health.json()) == (200, {"status": "SERVING"})
