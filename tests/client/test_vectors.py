"""The table of vectors is what its script makes, covers the API, and binds the Python client too."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, symbol_database
from google.protobuf.descriptor import Descriptor
from live_vectors import METHODS, TABLE, VECTORS
from shortlist.v1 import (
    bundle_service_pb2,
    catalog_service_pb2,
    event_pb2,
    filter_pb2,
    placement_pb2,
    recommendation_pb2,
    rule_pb2,
    user_service_pb2,
)

MESSAGES = TABLE["messages"]
SERVICES = {"BundleService", "PlacementService"}
OPERATORS = {name for name, method in METHODS.items() if method.containing_service.name in SERVICES}
"""Methods for operators, which of all clients the Python client alone has; their messages are in the table."""


@pytest.mark.system
def test_the_table_is_current(tmp_path: Path) -> None:
    copied = shutil.copytree(VECTORS.parent, tmp_path / "vectors", ignore=shutil.ignore_patterns("*.json"))
    subprocess.run([sys.executable, copied / "make.py"], check=True)
    made = (copied / "vectors.json").read_text(encoding="utf-8")
    assert made == VECTORS.read_text(encoding="utf-8"), "vectors.json is out of date: run `make vectors`"


def test_every_request_and_response_and_every_method_is_in_the_table() -> None:
    types = {each["type"] for each in MESSAGES}
    assert {kind.full_name for m in METHODS.values() for kind in (m.input_type, m.output_type)} <= types
    assert {call["method"] for call in TABLE["calls"]} == set(METHODS) - OPERATORS
    assert len({each["name"] for each in (*MESSAGES, *TABLE["calls"])}) == len(MESSAGES) + len(TABLE["calls"])


def parsed(vector: dict[str, Any]) -> Any:
    return json_format.ParseDict(vector["json"], symbol_database.Default().GetSymbol(vector["type"])())


def test_every_field_is_set_somewhere_and_every_enum_value_stands_somewhere() -> None:
    fields: set[str] = set()
    numbers: dict[str, set[int]] = {}

    def walk(message: Any) -> None:
        for field, value in message.ListFields():
            fields.add(field.full_name)
            for each in value if field.is_repeated and not is_map(field.message_type) else [value]:
                if field.enum_type:
                    numbers.setdefault(field.enum_type.name, set()).add(each)
                elif field.message_type and field.message_type.full_name.startswith("shortlist."):
                    walk(each)

    for vector in MESSAGES:
        walk(parsed(vector))
    modules = (
        *(bundle_service_pb2, catalog_service_pb2, event_pb2, filter_pb2, placement_pb2, recommendation_pb2),
        *(rule_pb2, user_service_pb2),
    )
    kinds = [kind for module in modules for kind in module.DESCRIPTOR.message_types_by_name.values()]
    kinds += [kind for m in METHODS.values() for kind in (m.input_type, m.output_type)]
    assert {field.full_name for kind in kinds for field in kind.fields} <= fields
    for enum in (enum for module in modules for enum in module.DESCRIPTOR.enum_types_by_name.values()):
        assert {value.number for value in enum.values} - {0} <= numbers[enum.name]


def is_map(kind: Descriptor | None) -> bool:
    return kind is not None and kind.GetOptions().map_entry


@pytest.mark.parametrize("vector", MESSAGES, ids=lambda vector: vector["name"])
def test_message(vector: dict[str, Any]) -> None:
    message, wire = parsed(vector), base64.b64decode(vector["wire"])
    assert message.SerializeToString(deterministic=True) == wire
    assert type(message).FromString(wire) == message


def test_no_two_requests_can_share_a_batch() -> None:
    """The last bits of a score depend on the company that a request has, and so must have none."""
    keys = []
    for call in TABLE["calls"]:
        if "error" in call or METHODS[call["method"]].containing_service.name != "RecommendationService":
            continue
        content = call["request"]
        asked = content if isinstance(content, list) else content.get("queries", [content])
        keys += [(call["method"], each.get("candidateCount"), len(set(each.get("itemIds", [])))) for each in asked]
    assert len(set(keys)) == len(keys), json.dumps(sorted(map(str, keys)))
