from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_pb2 import ContextEvent, Event
from shortlist.v1.user_attribute_pb2 import UserAttribute

from shortlist_core.errors import InvalidArgumentError
from shortlist_core.types import EventType
from shortlist_server.rpc import validate
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.filters import Filter


def broken(read, request) -> list[str]:
    """The paths of the fields that are refused."""
    try:
        read(request)
    except InvalidArgumentError as error:
        return [violation.field for violation in error.violations]
    return []


def recommend(**fields) -> list[str]:
    return broken(validate.recommend, api.RecommendRequest(**fields))


@pytest.mark.parametrize("id", ["a", "x" * 128, "\U0001f375" * 128, "a b", "Ä", "a\u00a0b", "\u200b"])
def test_ids_within_the_rule_pass(id: str) -> None:
    assert recommend(user_id=id, request_id=id, excluded_item_ids=[id]) == []


@pytest.mark.parametrize(
    "id",
    ["x" * 129, " a", "a ", "a\u00a0", "\u3000a", "a\nb", "a\n", "a\x00", "a\x7fb", "a\x9fb", "a\u2028b", "a\u2029"],
)
def test_ids_beyond_the_rule_are_refused(id: str) -> None:
    assert recommend(user_id=id, request_id=id, excluded_item_ids=["a", id]) == [
        "request_id",
        "user_id",
        "excluded_item_ids[1]",
    ]


def test_empty_ids_are_defaults_where_optional_and_refused_where_required() -> None:
    assert recommend(user_id="", request_id="") == []
    assert recommend(excluded_item_ids=[""], context_events=[ContextEvent()]) == [
        "context_events[0].item_id",
        "excluded_item_ids[0]",
    ]
    assert broken(validate.similar_items, api.SimilarItemsRequest()) == ["item_id"]


@pytest.mark.parametrize(
    ("field", "passing", "refused"),
    [
        ("count", [0, 1, 500], [-1, 501]),
        ("candidate_count", [0, 1, 2_000], [-1, 2_001]),
        ("diversity", [0, 0.5, 1], [-0.01, 1.01, float("nan"), float("inf")]),
        ("context_events", [[], [ContextEvent(item_id="i")] * 500], [[ContextEvent(item_id="i")] * 501]),
        ("user_attributes", [[], [UserAttribute(key="k", value="v")] * 20], [[UserAttribute(key="k", value="v")] * 21]),
        ("excluded_item_ids", [[], ["i"] * 1_000], [["i"] * 1_001]),
        ("seen_items_policy", [0, 1, 2, 3], [4, -1]),
    ],
)
def test_limits_are_those_of_the_api_and_inclusive(field: str, passing: list, refused: list) -> None:
    for value in passing:
        assert recommend(**{field: value}) == []
    for value in refused:
        assert recommend(**{field: value}) == [field]


def test_every_attribute_needs_a_key_and_a_value_within_the_rule_for_ids() -> None:
    long = UserAttribute(key="k" * 129, value="v" * 129)
    assert recommend(user_attributes=[UserAttribute(key="k" * 128, value="é" * 128)]) == []
    assert recommend(user_attributes=[UserAttribute(), UserAttribute(key="k", value="a\nb"), long]) == [
        "user_attributes[0].key",
        "user_attributes[0].value",
        "user_attributes[1].value",
        "user_attributes[2].key",
        "user_attributes[2].value",
    ]


def test_categories_rank_and_batch_have_their_limits() -> None:
    for part in ("included_categories", "excluded_categories"):
        assert recommend(filter={part: ["c"] * 100}) == []
        assert recommend(filter={part: ["c"] * 101}) == [f"filter.{part}"]
        assert recommend(filter={part: ["c", " "]}) == [f"filter.{part}[1]"]
    assert broken(validate.rank, api.RankRequest()) == ["item_ids"]
    assert broken(validate.rank, api.RankRequest(item_ids=["i"] * 2_000)) == []
    assert broken(validate.rank, api.RankRequest(item_ids=["i"] * 2_001)) == ["item_ids"]
    query = api.BatchRecommendQuery()
    assert broken(validate.batch_recommend, api.BatchRecommendRequest(queries=[query] * 64)) == []
    assert broken(validate.batch_recommend, api.BatchRecommendRequest(queries=[query] * 65)) == ["queries"]


def test_defaults_are_those_of_the_api() -> None:
    query = validate.recommend(api.RecommendRequest())
    assert (query.count, query.candidate_count, query.diversity.strength) == (20, 400, 0)
    assert query.seen_items is None and not query.filter and query.request_id
    assert validate.retrieve(api.RetrieveRequest()).count == 400
    assert validate.similar_items(api.SimilarItemsRequest(item_id="i")).count == 20
    assert validate.recommend(api.RecommendRequest(count=500, candidate_count=3)).candidate_count == 500


def test_equal_filters_are_equal_values_whatever_their_order() -> None:
    one = validate.recommend(api.RecommendRequest(filter={"included_categories": ["b", "a", "b"]}))
    assert one.filter == Filter((IncludedCategories(("a", "b")),))


def write(**fields) -> list[str]:
    event = Event(**({"event_id": "e", "user_id": "u", "item_id": "i"} | fields))
    return broken(validate.write_events, event_api.WriteEventsRequest(events=[event]))


def test_events_have_their_limits() -> None:
    assert write(session_id="", attribution_token="x" * 1_024, value=-1.5, event_type=8) == []
    assert write(attribution_token="x" * 1_025) == ["events[0].attribution_token"]
    assert write(session_id="\t") == ["events[0].session_id"]
    assert write(event_type=9) == ["events[0].event_type"]
    for value in (float("nan"), float("inf"), float("-inf")):
        assert write(value=value) == ["events[0].value"]
    for missing in ("event_id", "user_id", "item_id"):
        assert write(**{missing: ""}) == [f"events[0].{missing}"]


def test_times_reach_from_the_epoch_to_a_day_from_now() -> None:
    now = int(time.time())
    for seconds in (0, now, now + 86_390):
        assert write(event_time={"seconds": seconds}) == []
    for wrong in (
        {"seconds": -1},
        {"seconds": now + 86_410},
        {"seconds": 1, "nanos": -1},
        {"seconds": 1, "nanos": 1_000_000_000},
        {"seconds": 2**62},
        {"seconds": -(2**63)},
    ):
        assert write(event_time=wrong) == ["events[0].event_time"]


def test_what_an_event_leaves_out_is_filled_in() -> None:
    before = time.time_ns() // 1_000
    [event] = validate.write_events(
        event_api.WriteEventsRequest(events=[Event(event_id="e", user_id="u", item_id="i")])
    )
    assert before <= event.time <= time.time_ns() // 1_000
    assert (event.type, event.value) == (EventType.INTERACTION, 1.0)
    zero = Event(event_id="e", user_id="u", item_id="i", value=0, event_time={"seconds": 1, "nanos": 2_999})
    [event] = validate.write_events(event_api.WriteEventsRequest(events=[zero]))
    assert (event.time, event.value) == (1_000_002, 0.0)


@given(st.text(max_size=140))
def test_whoever_passes_as_an_id_keeps_the_rule(text: str) -> None:
    passes = "user_id" not in recommend(user_id=text.encode("utf-8", "replace").decode())
    text = text.encode("utf-8", "replace").decode()
    controls = any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in text)
    assert passes == (len(text) <= 128 and not controls and text == text.strip())
