"""The reference says of the API what the protos say, and its OpenAPI file is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from shortlist.v1 import (
    bundle_service_pb2,
    catalog_service_pb2,
    event_pb2,
    event_service_pb2,
    placement_service_pb2,
    recommendation_service_pb2,
    user_service_pb2,
)

from shortlist_reference.__main__ import FOLDER, PACKAGE, PROTOS, write
from shortlist_reference.paragraphs import cell, wrapped
from shortlist_reference.protos.comments import Api, compile_api

FILES = (
    recommendation_service_pb2,
    event_service_pb2,
    catalog_service_pb2,
    user_service_pb2,
    placement_service_pb2,
    bundle_service_pb2,
)
API = FOLDER / "api"
SERVICE = recommendation_service_pb2.DESCRIPTOR.services_by_name["RecommendationService"]


@pytest.fixture(scope="module")
def api() -> Api:
    return compile_api(PROTOS, PACKAGE)


@pytest.fixture(scope="module")
def openapi() -> Any:
    return json.loads((API / "openapi.json").read_text())


@pytest.mark.system
def test_what_is_committed_is_what_is_generated(tmp_path: Path) -> None:
    write(tmp_path)
    made = [path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")]
    assert {path: (tmp_path / path).read_text() for path in made} == {
        path: (FOLDER / path).read_text() for path in made
    }
    assert {path.name for path in API.iterdir()} == {path.name for path in made if path.parent.name == "api"}


def test_the_openapi_file_is_valid(openapi: Any) -> None:
    validate(openapi)


def test_every_unary_method_is_a_path_and_no_streaming_one_is(openapi: Any) -> None:
    services = [service for file in FILES for service in file.DESCRIPTOR.services_by_name.values()]
    paths = {
        f"/{m.containing_service.full_name}/{m.name}" for s in services for m in s.methods if not m.server_streaming
    }
    assert set(openapi["paths"]) == paths


def test_fields_are_described_as_protojson_writes_them(openapi: Any) -> None:
    schemas = openapi["components"]["schemas"]
    event = schemas["shortlist.v1.Event"]
    assert list(event["properties"]) == [field.json_name for field in event_pb2.Event.DESCRIPTOR.fields]
    assert event["required"] == ["eventId", "userId", "itemId"]
    assert event["properties"]["eventTime"]["format"] == "date-time"
    assert schemas["shortlist.v1.StageTrace"]["properties"]["durationMicros"]["type"] == "string"
    assert schemas["shortlist.v1.EventType"]["enum"] == event_pb2.EventType.keys()
    assert event["properties"]["userId"]["description"] == "Who did it. Follows the rule for ids."


def test_every_message_field_and_value_is_on_its_page_with_its_comment(api: Api) -> None:
    for file in api.files:
        page = (API / file.name.rpartition("/")[2].replace(".proto", ".md")).read_text()
        for message in file.message_types_by_name.values():
            assert f"\n## {message.name}\n\n{wrapped(api.comment(message))}\n" in page
            for field in message.fields:
                assert f"| {field.number} | `{field.name}` |" in page and cell(api.comment(field)) in page
        for enum in file.enum_types_by_name.values():
            assert all(f"`{value.name}` | {api.comment(value)}" in page for value in enum.values)
