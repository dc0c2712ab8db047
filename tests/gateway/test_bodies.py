"""How much a body may hold, and what is told of one that is refused."""

from __future__ import annotations

import json

import pytest
from shortlist.v1.recommendation_service_pb2 import BatchRecommendRequest

from shortlist_gateway.bodies import MAX_PARTS, parsed
from shortlist_gateway.connect import ConnectError


@pytest.mark.parametrize("values", ['""', "1", "{}", "[]", "[[]]", '{"a":{}}', "null", "-0.0e1"])
def test_values_are_counted_whatever_they_are(values: str) -> None:
    body = '{"queries": [' + ",".join([values] * (MAX_PARTS + 1)) + "]}"
    with pytest.raises(ConnectError, match=f"more than {MAX_PARTS:,} objects, lists and commas"):
        parsed(BatchRecommendRequest, body.encode())


@pytest.mark.parametrize("text", [",", "{[", '\\"{,', "\\\\", "\\u002c,"])
def test_what_stands_within_texts_is_not_counted(text: str) -> None:
    body = '{"requestId": "' + text * (MAX_PARTS + 1) + '"}'
    request = parsed(BatchRecommendRequest, body.encode())
    assert request.request_id == json.loads(body)["requestId"]


@pytest.mark.parametrize("body", ['{"requestId": "' + '\\"' * 2_000_000, '{"requestId": "' + ",\\" * 400_000])
def test_a_text_without_an_end_is_passed_over_once(body: str) -> None:
    with pytest.raises(ConnectError, match="is no shortlist"):
        parsed(BatchRecommendRequest, body.encode())


def test_the_largest_request_of_the_api_is_no_bomb() -> None:
    names = [f"item-{number:0100}" for number in range(1_000)]
    event = {"itemId": names[0], "eventType": "EVENT_TYPE_PURCHASE", "value": 1.0, "eventTime": "2024-01-01T00:00:00Z"}
    condition = {"includedCategories": ["c"] * 100, "excludedCategories": ["c"] * 100}
    attributes = [{"key": "k", "value": "v"}] * 20
    query = {"userId": "u", "contextEvents": [event] * 500, "excludedItemIds": ["i"] * 1_000, "filter": condition}
    body = json.dumps({"queries": [query | {"userAttributes": attributes}] * 64}).encode()
    assert len(parsed(BatchRecommendRequest, body).queries) == 64


def test_a_refusal_does_not_repeat_what_it_refuses() -> None:
    with pytest.raises(ConnectError) as refused:
        parsed(BatchRecommendRequest, b'{"queries": "' + b"secret" * 100_000 + b'"}')
    assert len(str(refused.value)) < 500
