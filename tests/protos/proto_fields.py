"""The fields of the API, and the comment that stands before each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor
from shortlist.v1 import (
    action_pb2,
    bundle_service_pb2,
    catalog_service_pb2,
    context_attribute_pb2,
    event_pb2,
    event_service_pb2,
    filter_pb2,
    placement_pb2,
    placement_service_pb2,
    recommendation_pb2,
    recommendation_service_pb2,
    rule_pb2,
    user_attribute_pb2,
    user_service_pb2,
)

SOURCES = sorted((Path(__file__).parents[2] / "protos/shortlist/v1").glob("*.proto"))
FILES: list[FileDescriptor] = [
    module.DESCRIPTOR
    for module in (
        action_pb2,
        bundle_service_pb2,
        catalog_service_pb2,
        context_attribute_pb2,
        event_pb2,
        event_service_pb2,
        filter_pb2,
        placement_pb2,
        placement_service_pb2,
        recommendation_pb2,
        recommendation_service_pb2,
        rule_pb2,
        user_attribute_pb2,
        user_service_pb2,
    )
]
METHODS: list[MethodDescriptor] = [m for f in FILES for s in f.services_by_name.values() for m in s.methods]

_MESSAGE = re.compile(r"message (\w+) {")
_FIELD = re.compile(r"\s+(?:(?:repeated|optional) )?(?:[\w.]+|map<[\w., ]+>) (\w+) = \d+")


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


def behaviour(field: FieldDescriptor) -> list[str]:
    """What `google.api.field_behavior` says of a field."""
    numbers = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return [field_behavior_pb2.FieldBehavior.Name(number) for number in numbers]


def comments() -> dict[str, str]:
    """The comment directly above every field, by the field's full name; empty where there is none.

    Read from the text: the compiler, which keeps comments, cannot run in one process with TensorFlow.
    """
    found: dict[str, str] = {}
    for source in SOURCES:
        message, above = "", []
        for line in source.read_text().splitlines():
            if line.lstrip().startswith("//"):
                above.append(line.lstrip().removeprefix("//").strip())
                continue
            if opens := _MESSAGE.match(line):
                message = opens[1]
            if field := _FIELD.match(line):
                found[f"shortlist.v1.{message}.{field[1]}"] = " ".join(above)
            above = []
    return found
