"""Messages of the API as JSON documents: every field that is set, under its name in the protos."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message


def message(of: Message) -> dict[str, Any]:
    """The message as an object of JSON."""
    content: dict[str, Any] = MessageToDict(of, preserving_proto_field_name=True)
    return content
