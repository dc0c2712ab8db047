"""The API keeps its own rules: field behaviour and comments everywhere, numbers that agree with the core's."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))

from proto_fields import FILES, METHODS, REQUEST_FIELDS, RESPONSE_FIELDS, SOURCES, behaviour, comments
from shortlist.v1 import event_pb2
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_core.types import EventType


def test_the_files_under_test_are_all_there_are() -> None:
    assert {f.name for f in FILES} == {f"shortlist/v1/{path.name}" for path in SOURCES}
    assert len(METHODS) >= 7
    assert len(REQUEST_FIELDS) > 50


def test_event_types_are_numbered_as_in_the_core() -> None:
    api = {name.removeprefix("EVENT_TYPE_"): number for name, number in event_pb2.EventType.items()}
    assert api.pop("UNSPECIFIED") == EventType.INTERACTION
    assert api == {e.name: int(e) for e in EventType if e is not EventType.INTERACTION}


def test_request_fields_say_whether_they_are_required() -> None:
    said = {name: behaviour(field) for name, field in REQUEST_FIELDS.items()}
    assert {name: says for name, says in said.items() if says not in (["REQUIRED"], ["OPTIONAL"])} == {}


def test_every_field_has_a_comment_of_whole_sentences() -> None:
    written = comments()
    assert [name for name in sorted(REQUEST_FIELDS | RESPONSE_FIELDS) if not written[name].endswith(".")] == []


def test_optional_request_fields_state_their_default() -> None:
    """Of a choice one is set, or the choice says what holds where none is."""
    written = comments()
    optional = [
        name
        for name, field in REQUEST_FIELDS.items()
        if behaviour(field) == ["OPTIONAL"]
        and (field.containing_oneof is None or field.containing_oneof.name.startswith("_"))
    ]
    assert [name for name in optional if not re.search(r"[Dd]efault|Unset:", written[name])] == []


def test_messages_for_one_user_take_the_same_fields() -> None:
    """One user of Recommend, of a batch and of a stream can be asked the same, so one converter reads all three.

    Lists of Recommend alone have pages.
    """
    kinds = (api.RecommendRequest, api.BatchRecommendQuery, api.StreamRecommendRequest)
    one, batch, stream = ({(f.name, f.type, f.is_repeated) for f in kind.DESCRIPTOR.fields} for kind in kinds)
    one = {field for field in one if field[0] != "page_token"}
    of_people = {"bundle_version"}  # for people who compare: whoever works through all users has no use for it
    assert stream < one and {name for name, *_ in one - stream} == of_people
    assert batch < one and {name for name, *_ in one - batch} == {"request_id", *of_people}


def test_no_two_methods_share_a_request_or_a_response() -> None:
    messages = [m.full_name for method in METHODS for m in (method.input_type, method.output_type)]
    assert len(messages) == len(set(messages))
    for method in METHODS:
        assert method.input_type.name == f"{method.name}Request"
        assert method.output_type.name == f"{method.name}Response"


def test_no_request_holds_the_request_of_another_method() -> None:
    requests = {m.input_type.full_name for m in METHODS}
    assert not [n for n, f in REQUEST_FIELDS.items() if f.message_type and f.message_type.full_name in requests]
