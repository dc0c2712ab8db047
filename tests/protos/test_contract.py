"""The API keeps its own rules: field behaviour and comments everywhere, numbers that agree with the core's."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api import field_behavior_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from shortlist.v1 import (
    bundle_service_pb2,
    catalog_service_pb2,
    event_pb2,
    event_service_pb2,
    filter_pb2,
    recommendation_pb2,
    recommendation_service_pb2,
    user_attribute_pb2,
    user_service_pb2,
)

from shortlist_core.types import EventType

PROTOS = Path(__file__).parents[2] / "protos"
FILES: list[FileDescriptor] = [
    module.DESCRIPTOR
    for module in (
        bundle_service_pb2,
        catalog_service_pb2,
        event_pb2,
        event_service_pb2,
        filter_pb2,
        recommendation_pb2,
        recommendation_service_pb2,
        user_attribute_pb2,
        user_service_pb2,
    )
]
METHODS: list[MethodDescriptor] = [m for f in FILES for s in f.services_by_name.values() for m in s.methods]


def reachable(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    """Every field of a message of ours, and of the messages in it."""
    if message.full_name in seen or not message.full_name.startswith("shortlist."):
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type is not None:
            yield from reachable(field.message_type, seen)


REQUEST_FIELDS = {f.full_name: f for m in METHODS for f in reachable(m.input_type, set())}
RESPONSE_FIELDS = {f.full_name: f for m in METHODS for f in reachable(m.output_type, set())}


def behaviour(name: str) -> list[str]:
    numbers = REQUEST_FIELDS[name].GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return [field_behavior_pb2.FieldBehavior.Name(number) for number in numbers]


@pytest.fixture(scope="module")
def comments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The leading comment of every field of every message, by full name."""
    out = tmp_path_factory.mktemp("descriptors") / "set.bin"
    sources = sorted(str(path) for path in (PROTOS / "shortlist/v1").glob("*.proto"))
    # A process of its own: the compiler and TensorFlow bring a protobuf each, and crash in one process.
    compiler = [sys.executable, "-P", "-m", "grpc_tools.protoc", f"-I{PROTOS}", "--include_source_info", f"-o{out}"]
    subprocess.run([*compiler, *sources], check=True)
    found = {}
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        for location in file.source_code_info.location:
            if len(location.path) == 4 and location.path[0] == 4 and location.path[2] == 2:
                message = file.message_type[location.path[1]]
                name = f"{file.package}.{message.name}.{message.field[location.path[3]].name}"
                found[name] = " ".join(location.leading_comments.split())
    return found


def test_the_files_under_test_are_all_there_are() -> None:
    assert {f.name for f in FILES} == {f"shortlist/v1/{p.name}" for p in (PROTOS / "shortlist/v1").glob("*.proto")}
    assert len(METHODS) >= 7
    assert len(REQUEST_FIELDS) > 50


def test_event_types_are_numbered_as_in_the_core() -> None:
    api = {name.removeprefix("EVENT_TYPE_"): number for name, number in event_pb2.EventType.items()}
    assert api.pop("UNSPECIFIED") == EventType.INTERACTION
    assert api == {e.name: int(e) for e in EventType if e is not EventType.INTERACTION}


@pytest.mark.parametrize("name", sorted(REQUEST_FIELDS))
def test_request_fields_say_whether_they_are_required(name: str) -> None:
    assert behaviour(name) in (["REQUIRED"], ["OPTIONAL"])


@pytest.mark.parametrize("name", sorted(REQUEST_FIELDS | RESPONSE_FIELDS))
def test_fields_have_a_comment(name: str, comments: dict[str, str]) -> None:
    assert comments[name].endswith(".")


LIMITED = sorted(
    name
    for name, f in REQUEST_FIELDS.items()
    if f.is_repeated or f.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_FLOAT)
)


@pytest.mark.parametrize("name", LIMITED)
def test_limited_request_fields_state_range_and_what_lies_beyond(name: str, comments: dict[str, str]) -> None:
    assert re.search(r"[\d,]+ to [\d,]+", comments[name]), "no range"
    assert "both inclusive" in comments[name], "inclusive or not?"
    assert "refused" in comments[name]


@pytest.mark.parametrize("name", sorted(n for n in REQUEST_FIELDS if "OPTIONAL" in behaviour(n)))
def test_optional_request_fields_state_their_default(name: str, comments: dict[str, str]) -> None:
    assert re.search(r"[Dd]efault|Unset:", comments[name])


def test_messages_for_one_user_take_the_same_fields() -> None:
    """One user of Recommend, of a batch and of a stream can be asked the same, so one converter reads all three."""
    api = recommendation_service_pb2
    kinds = (api.RecommendRequest, api.BatchRecommendQuery, api.StreamRecommendRequest)
    one, batch, stream = ({(f.name, f.type, f.is_repeated) for f in kind.DESCRIPTOR.fields} for kind in kinds)
    assert one == stream
    assert {name for name, *_ in one - batch} == {"request_id"}
    assert batch < one


def test_no_two_methods_share_a_request_or_a_response() -> None:
    messages = [m.full_name for method in METHODS for m in (method.input_type, method.output_type)]
    assert len(messages) == len(set(messages))
    for method in METHODS:
        assert method.input_type.name == f"{method.name}Request"
        assert method.output_type.name == f"{method.name}Response"


def test_no_request_holds_the_request_of_another_method() -> None:
    requests = {m.input_type.full_name for m in METHODS}
    assert not [n for n, f in REQUEST_FIELDS.items() if f.message_type and f.message_type.full_name in requests]
