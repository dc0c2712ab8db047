"""What the comment of a request field promises is what the server enforces: every limit, from both sides of it."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

sys.path.append(str(Path(__file__).parent))

from proto_fields import METHODS, REQUEST_FIELDS, behaviour, comments
from shortlist.v1.event_pb2 import EventType

from shortlist_core.errors import InvalidArgumentError
from shortlist_server.rpc import validate

WHOLE = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
NUMBERS = (*WHOLE, FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)
NO_ACTIONS = (EventType.EVENT_TYPE_UNSPECIFIED, EventType.EVENT_TYPE_IMPRESSION)
# What a field needs beside it, or in it, where any text or nothing does not do.
GIVEN: dict[str, dict[str, Any]] = {
    "shortlist.v1.Rule": {"diversity": {}},
    "shortlist.v1.Cap": {"each": {"category": True}, "most": 1},
    "shortlist.v1.Grouping": {"category": True},
    "shortlist.v1.ItemSelector": {"long_tail": {}},
    "shortlist.v1.AgeRange": {"at_least_seconds": 0},
    "shortlist.v1.Condition": {"available": True},
    "shortlist.v1.NumberRange": {"at_least": 0},
    "shortlist.v1.TimeCondition": {"since": {"seconds": 1}},
    "shortlist.v1.GetBundleReportRequest": {"bundle_version": "20261122-154250-1f3a9c"},
    "shortlist.v1.ActivateBundleRequest": {"bundle_version": "20261122-154250-1f3a9c", "label": "BUNDLE_LABEL_CANARY"},
}


@dataclass(frozen=True)
class Limits:
    """A range, both ends in it, of a number, of how many entries there are, or of how many characters."""

    low: int
    high: int
    clamped: bool  # more is no mistake
    zero_is_default: bool
    no_nan: bool

    @classmethod
    def read(cls, comment: str) -> Limits | None:
        """The limits that a comment states, if it says what becomes of a request beyond them."""
        found = re.search(r"(-?[\d,]+) to ([\d,]+)(?:, both inclusive| characters)", comment)
        longest = re.search(r"At most ([\d,]+) characters", comment)
        if not (found or longest) or "refused" not in comment:
            return None
        low, high = (found[1], found[2]) if found else ("0", longest[1])  # type: ignore[index]
        whole = [int(number.replace(",", "")) for number in (low, high)]
        defaulted = bool(re.search(r"\b0 \(the default\)", comment))
        return cls(*whole, f"more is taken as {high}" in comment, defaulted, "NaN" in comment)

    def sizes(self, number: bool) -> tuple[list[float], list[float]]:
        """What is accepted at the limits, and what is refused one step beyond."""
        accepted: list[float] = [self.low, self.high]
        refused: list[float] = [math.nan] if self.no_nan else []
        (accepted if self.clamped else refused).append(self.high + 1)
        lowest = min(0, self.low) if self.zero_is_default else self.low
        accepted.append(lowest)
        if number or lowest > 0:
            refused.append(lowest - 1)
        return accepted, refused


def filled(message: Descriptor, text: str = "a") -> Message:
    """A message with all that is required in it, every text in it `text`."""
    made = GetMessageClass(message)(**GIVEN.get(message.full_name, {}))
    for field in message.fields:
        if behaviour(field) == ["REQUIRED"] and field.name not in GIVEN.get(message.full_name, {}):
            put(made, field, 1, text)
    return made


def put(message: Message, field: FieldDescriptor, size: float, text: str = "a") -> None:
    """Give a field a number, a text of that many characters, or that many entries that differ."""
    if field.message_type is not None and not field.is_repeated:
        if size:
            getattr(message, field.name).CopyFrom(filled(field.message_type))
    elif field.is_repeated:
        numbers = field.cpp_type in NUMBERS
        entries = [i + 1.0 if numbers else f"{text}{i}" for i in range(int(size))]
        getattr(message, field.name).extend(filled(field.message_type, e) if field.message_type else e for e in entries)
    elif field.enum_type is not None:
        allowed = [number for number in field.enum_type.values_by_number if number not in NO_ACTIONS]
        setattr(message, field.name, allowed[int(text[1:] or 0) % len(allowed)] if size else 0)
    elif field.cpp_type in NUMBERS:
        setattr(message, field.name, int(size) if field.cpp_type in WHOLE else size)
    else:
        setattr(message, field.name, text[:1] * int(size) if size != 1 else text)


def places(message: Descriptor, above: tuple[FieldDescriptor, ...] = ()) -> Iterator[tuple[FieldDescriptor, ...]]:
    """The ways from a request down to each of its fields; into lists of conditions in lists no further than one."""
    for field in message.fields:
        yield (*above, field)
        if field.message_type is None or sum(each.message_type == field.message_type for each in above) > 1:
            continue
        if field.message_type.full_name.startswith("shortlist."):
            yield from places(field.message_type, (*above, field))


def request_with(method: MethodDescriptor, way: tuple[FieldDescriptor, ...], size: float) -> tuple[Message, str]:
    """A request that is right but for the field at the end of the way, and how the server names that field."""
    request = at = filled(method.input_type)
    path = ""
    for field in way[:-1]:
        if field.is_repeated:
            at.ClearField(field.name)
            getattr(at, field.name).append(filled(field.message_type))
            at = getattr(at, field.name)[0]
        else:
            if not at.HasField(field.name):
                put(at, field, 1)
            at = getattr(at, field.name)
        path += f"{field.name}[0]." if field.is_repeated else f"{field.name}."
    at.ClearField(way[-1].name)
    put(at, way[-1], size)
    return request, path + way[-1].name


def validator(method: MethodDescriptor) -> Callable[[Any], Any]:
    """What reads the requests of a method."""
    name = {"StreamRecommend": "Recommend"}.get(method.name, method.name)
    return getattr(validate, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower())


def refused(method: MethodDescriptor, request: Message) -> list[str]:
    """The fields that the server refuses."""
    try:
        validator(method)(request)
    except InvalidArgumentError as error:
        return [violation.field for violation in error.violations]
    return []


def test_every_limited_request_field_states_its_range_and_what_lies_beyond() -> None:
    written = comments()
    limited = [n for n, f in REQUEST_FIELDS.items() if f.is_repeated or (f.cpp_type in NUMBERS and not f.has_presence)]
    assert len(limited) > 20
    assert [name for name in limited if Limits.read(written[name]) is None] == []


def test_every_stated_limit_is_enforced_where_it_is_stated() -> None:
    """Accepted at the limit, refused one past it, and refused by name; every field that is not is listed."""
    broken, tried = [], 0
    limits = {name: Limits.read(comment) for name, comment in comments().items()}
    for method in METHODS:
        for way in places(method.input_type):
            field = way[-1]
            if (stated := limits[field.full_name]) is None:
                continue
            accepted, beyond = stated.sizes(not field.is_repeated and field.cpp_type in NUMBERS)
            for size in accepted + beyond:
                tried += 1
                request, path = request_with(method, way, size)
                expected = [path] if size in beyond else []
                if (found := refused(method, request)) != expected:
                    broken.append(f"{method.name} {path} of {size}: refused are {found}, should be {expected}")
                elif stated.clamped and size > stated.high and stated.high not in validator(method)(request):
                    broken.append(f"{method.name} {path} of {size}: is not taken as {stated.high}")
    assert not broken, "\n".join(broken)
    assert tried > 150


def test_what_is_required_is_asked_for_by_name_and_what_is_optional_is_not() -> None:
    broken = []
    for method in METHODS:
        for way in places(method.input_type):
            if behaviour(way[-1]) == ["REQUIRED"]:
                request, path = request_with(method, way, 0)
                if refused(method, request) != [path]:
                    broken.append(f"{method.name} {path}: refused are {refused(method, request)}")
        if method.input_type.fields and (found := refused(method, filled(method.input_type))):
            broken.append(f"{method.name}: {found} are refused, and nothing else is required")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("comment", "limits"),
    [
        ("1 to 500, both inclusive, outside of that refused. 0 (the default): 20.", Limits(1, 500, False, True, False)),
        ("1 to 1,000, both inclusive; more is taken as 1,000, less refused.", Limits(1, 1_000, True, False, False)),
        ("At most 1,024 characters, longer is refused.", Limits(0, 1_024, False, False, False)),
        ("Some of it.", None),
    ],
)
def test_limits_are_read_from_comments(comment: str, limits: Limits | None) -> None:
    assert Limits.read(comment) == limits
