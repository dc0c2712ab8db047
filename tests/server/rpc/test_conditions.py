"""Conditions of a request's filter: what they become, and every limit that their comments promise."""

from __future__ import annotations

from typing import Any

import pytest
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.filter_pb2 import Condition, ConditionList, Filter

from shortlist_core.errors import InvalidArgumentError
from shortlist_core.spans import Span
from shortlist_core.types import SECOND
from shortlist_server.rpc import validate
from shortlist_server.system import filters
from shortlist_server.system.conditions.attribute import HasAttribute, NumberWithin, TimeWithin
from shortlist_server.system.conditions.included_categories import IncludedCategories
from shortlist_server.system.conditions.lists import AllOf, AnyOf, NoneOf
from shortlist_server.system.conditions.offer import AgeWithin, Available, PriceWithin


def read(condition: Condition) -> filters.Filter:
    return validate.recommend(api.RecommendRequest(filter=Filter(condition=condition))).filter


def refused(**condition: Any) -> list[tuple[str, str]]:
    """The fields below `filter.condition` that are refused, and why."""
    try:
        read(Condition(**condition))
    except InvalidArgumentError as error:
        return [(each.field.removeprefix("filter.condition"), each.description) for each in error.violations]
    return []


def nested(depth: int, inner: Condition) -> Condition:
    for _ in range(depth):
        inner = Condition(any_of=ConditionList(conditions=[inner]))
    return inner


def test_each_kind_of_condition_is_read_as_it_is_meant() -> None:
    conditions = [
        Condition(category={"any_of": ["b", "a", "a"]}),
        Condition(attribute={"key": "colour", "any_of": ["red"]}),
        Condition(number={"key": "litres", "range": {"above": 1, "at_most": 2}}),
        Condition(time={"key": "best_before", "since": {"seconds": 60}, "before": {"seconds": 61, "nanos": 1}}),
        Condition(price={"below": 20}),
        Condition(available=False),
        Condition(age={"at_least_seconds": 0, "at_most_seconds": 60}),
    ]
    expected = [
        IncludedCategories(("a", "b")),
        HasAttribute("colour", ("red",)),
        NumberWithin("litres", Span(1, 2, with_lower=False)),
        TimeWithin("best_before", Span(60 * SECOND, 61 * SECOND + 1, with_upper=False)),
        PriceWithin(Span(upper=20, with_upper=False)),
        Available(False),
        AgeWithin(Span(0, 60)),
    ]
    assert [read(condition).conditions for condition in conditions] == [(each,) for each in expected]


def test_lists_mean_the_same_in_any_order_and_however_often_something_stands_there() -> None:
    cheap, there = Condition(price={"at_most": 9}), Condition(available=True)
    for name, kind in (("all_of", AllOf), ("any_of", AnyOf), ("none_of", NoneOf)):
        one = read(Condition(**{name: ConditionList(conditions=[cheap, there, cheap])}))
        assert one == read(Condition(**{name: ConditionList(conditions=[there, cheap])}))
        [condition] = one.conditions
        assert isinstance(condition, kind) and set(condition.conditions) == {
            PriceWithin(Span(upper=9)),
            Available(True),
        }


def test_a_filter_of_all_fields_is_met_by_what_meets_all() -> None:
    message = Filter(included_categories=["a"], excluded_categories=["b"], condition=Condition(available=True))
    filter = validate.similar_items(api.SimilarItemsRequest(item_id="i", filter=message)).filter
    assert len(filter.conditions) == 3 and not filter.timed
    assert read(nested(2, Condition(age={"at_most_seconds": 1}))).timed


def test_lists_are_as_deep_and_hold_as_much_as_the_api_says() -> None:
    inner, path = Condition(available=True), ".any_of.conditions[0]" * 4
    assert read(nested(4, inner))
    assert refused(any_of=nested(5, inner).any_of) == [(f"{path}.any_of", "must stand in at most 3 lists")]
    assert refused(any_of={"conditions": [inner] * 100}) == []
    two = {"conditions": [Condition(all_of={"conditions": [inner] * n}) for n in (50, 51)]}
    assert refused(any_of=two) == [("", "must hold at most 100 conditions")]


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        ({}, ""),
        ({"price": {}}, ".price"),
        ({"price": {"at_least": float("nan")}}, ".price.at_least"),
        ({"price": {"below": float("inf")}}, ".price.below"),
        ({"price": {"at_least": 2, "at_most": 1}}, ".price.at_most"),
        ({"price": {"at_least": 2, "below": 2}}, ".price.below"),
        ({"number": {"key": "k"}}, ".number.range"),
        ({"number": {"key": " ", "range": {"at_least": 1}}}, ".number.key"),
        ({"number": {"key": "k", "range": {}}}, ".number.range"),
        ({"time": {"key": "k"}}, ".time"),
        ({"time": {"key": "k", "since": {"seconds": 5}, "before": {"seconds": 5}}}, ".time.before"),
        ({"time": {"key": "k", "since": {"seconds": 2**60}}}, ".time.since"),
        ({"time": {"key": "k", "before": {"nanos": -1}}}, ".time.before"),
        ({"age": {}}, ".age"),
        ({"age": {"at_least_seconds": 2, "at_most_seconds": 1}}, ".age.at_most_seconds"),
        ({"age": {"at_least_seconds": -1}}, ".age.at_least_seconds"),
        ({"attribute": {"key": "k", "any_of": ["x", ""]}}, ".attribute.any_of[1]"),
        ({"attribute": {"key": "k", "any_of": ["x" * 129]}}, ".attribute.any_of[0]"),
        ({"category": {"any_of": ["a", "b\n"]}}, ".category.any_of[1]"),
        ({"none_of": {"conditions": [Condition(available=True), Condition()]}}, ".none_of.conditions[1]"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_path(condition: dict[str, Any], field: str) -> None:
    assert [path for path, _ in refused(**condition)] == [field]


def test_every_violation_is_listed_at_once() -> None:
    inner = [Condition(price={}), Condition(number={"range": {}}), Condition()]
    fields = ["conditions[0].price", "conditions[1].number.key", "conditions[1].number.range", "conditions[2]"]
    assert [path for path, _ in refused(all_of={"conditions": inner})] == [f".all_of.{field}" for field in fields]
    assert [path for path, _ in refused(all_of={})] == [".all_of.conditions"]
