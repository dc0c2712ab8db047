"""Calls that every client must make with the same outcome; the answers that succeed are asked of the running server.

The last bits of a score depend on how many requests share a batch, and requests share one where method, filter and
number of candidates agree. So no two requests here agree in all three: each has its own `candidateCount` (for Rank, its
own number of items). Context events have a time, so that no answer depends on the clock.
"""

from __future__ import annotations

from typing import Any

CONTEXT = [
    {"itemId": "i000011", "eventType": "EVENT_TYPE_PURCHASE", "eventTime": "2023-11-20T10:00:00.000001Z"},
    {"itemId": "i000044", "eventType": "EVENT_TYPE_RATING", "eventTime": "2023-11-20T11:00:00Z", "value": 0.0},
    {"itemId": "no-such-item", "eventTime": "2023-11-20T12:00:00Z"},
]
OFFER = {
    "condition": {
        "allOf": {
            "conditions": [
                {"price": {"atLeast": 1.5, "below": 400}},
                {"available": True},
                {"noneOf": {"conditions": [{"category": {"anyOf": ["Candles"]}}, {"attribute": {"key": "no such"}}]}},
            ]
        }
    }
}
HOME = {"includedCategories": ["Home", "Garden"], "excludedCategories": ["Candles"]}


def call(name: str, method: str, request: Any, error: dict[str, Any] | None = None) -> dict[str, Any]:
    """One row of the table."""
    return {"name": name, "method": method, "request": request} | ({"error": error} if error else {})


def invalid(*fields: str) -> dict[str, Any]:
    """The error that lists violations of these fields; sorted."""
    return {"code": "INVALID_ARGUMENT", "reason": "INVALID_ARGUMENT", "fields": list(fields), "metadata": {}}


CALLS = [
    call("recommend", "Recommend", {"requestId": "r-1", "userId": "u000001", "count": 5, "candidateCount": 101}),
    call("recommend: nobody known", "Recommend", {"requestId": "r-2", "userId": "nobody", "candidateCount": 102}),
    call(
        "recommend: only context events",
        "Recommend",
        {"requestId": "r-3", "contextEvents": CONTEXT, "count": 7, "candidateCount": 103},
    ),
    call(
        "recommend: only what else is known of the user",
        "Recommend",
        {
            "requestId": "r-10",
            "userAttributes": [{"key": "country", "value": "日本"}],
            "count": 7,
            "candidateCount": 111,
        },
    ),
    call(
        "recommend: a token of a page that no server made",
        "Recommend",
        {"requestId": "r-13", "candidateCount": 112, "pageToken": "QUJDRA"},
        invalid("page_token"),
    ),
    call(
        "recommend: broken attributes",
        "Recommend",
        {
            "userId": "u000001",
            "userAttributes": [{"key": "country"}, {"key": " a", "value": "b"}],
            "contextAttributes": [{"key": "device", "value": "\n"}],
        },
        invalid("context_attributes[0].value", "user_attributes[0].value", "user_attributes[1].key"),
    ),
    call(
        "recommend: every rule",
        "Recommend",
        {
            "requestId": "r-4",
            "userId": "u000001",
            "contextEvents": CONTEXT,
            "count": 10,
            "candidateCount": 104,
            "excludedItemIds": ["i000000", "i000001"],
            "filter": HOME,
            "seenItemsPolicy": "SEEN_ITEMS_POLICY_KEEP",
            "diversity": 0.3,
        },
    ),
    call(
        "recommend: a filter that matches nothing",
        "Recommend",
        {"requestId": "r-5", "userId": "u000001", "filter": {"includedCategories": ["カテゴリー"]}},
    ),
    call(
        "recommend: conditions",
        "Recommend",
        {"requestId": "r-6", "userId": "u000001", "count": 5, "candidateCount": 120, "filter": OFFER},
    ),
    call(
        "recommend: conditions that cannot be",
        "Recommend",
        {"filter": {"condition": {"anyOf": {"conditions": [{"price": {"atLeast": 2, "atMost": 1}}, {"age": {}}, {}]}}}},
        invalid(
            "filter.condition.any_of.conditions[0].price.at_most",
            "filter.condition.any_of.conditions[1].age",
            "filter.condition.any_of.conditions[2]",
        ),
    ),
    call(
        "recommend: ids in Unicode",
        "Recommend",
        {"requestId": "要求-👩🏽‍🚀", "userId": "caf\u00e9", "count": 1, "candidateCount": 105},
    ),
    call(
        "recommend: every violation",
        "Recommend",
        {"requestId": " r", "count": 501, "candidateCount": -1, "excludedItemIds": ["i1", ""], "diversity": 1.5},
        invalid("candidate_count", "count", "diversity", "excluded_item_ids[1]", "request_id"),
    ),
    call(
        "recommend: enum number from the future",
        "Recommend",
        {"userId": "u000001", "seenItemsPolicy": 77, "contextEvents": [{"itemId": "i000011", "eventType": 77}]},
        invalid("context_events[0].event_type", "seen_items_policy"),
    ),
    call(
        "batch",
        "BatchRecommend",
        {
            "requestId": "b-1",
            "queries": [
                {"userId": "u000001", "count": 3, "candidateCount": 106},
                {"contextEvents": CONTEXT, "count": 3, "candidateCount": 107},
                {"userId": "nobody", "count": 2, "candidateCount": 108, "filter": HOME},
            ],
        },
    ),
    call(
        "batch: one broken query",
        "BatchRecommend",
        {"queries": [{"userId": "u000001"}, {"userId": "u000002", "count": -1}]},
        invalid("queries[1].count"),
    ),
    call("batch: no query", "BatchRecommend", {}, invalid("queries")),
    call(
        "stream: one of three fails",
        "StreamRecommend",
        [
            {"requestId": "s-1", "userId": "u000001", "count": 2, "candidateCount": 109},
            {"requestId": "s-2", "userId": "u000002", "count": -1},
            {"requestId": "s-3", "contextEvents": CONTEXT, "count": 2, "candidateCount": 110},
        ],
    ),
    call("stream: no message", "StreamRecommend", []),
    call("retrieve", "Retrieve", {"requestId": "t-1", "userId": "u000001", "candidateCount": 30}),
    call(
        "retrieve: every rule",
        "Retrieve",
        {
            "requestId": "t-2",
            "userId": "u000003",
            "contextEvents": CONTEXT,
            "candidateCount": 31,
            "excludedItemIds": ["i000000"],
            "filter": HOME,
            "seenItemsPolicy": "SEEN_ITEMS_POLICY_KEEP",
        },
    ),
    call("retrieve: too many", "Retrieve", {"candidateCount": 2_001}, invalid("candidate_count")),
    call(
        "rank",
        "Rank",
        {"requestId": "k-1", "userId": "u000001", "itemIds": ["i000005", "no-such-item", "i000007", "i000005"]},
    ),
    call(
        "rank: with context events",
        "Rank",
        {"requestId": "k-2", "contextEvents": CONTEXT, "itemIds": ["i000005", "i000006", "i000007", "i000008"]},
    ),
    call(
        "rank: by actions that the bundle does not have",
        "Rank",
        {
            "requestId": "k-3",
            "userId": "u000001",
            "itemIds": ["i000005", "i000006", "i000007", "i000008", "i000009"],
            "actionWeights": [{"action": "EVENT_TYPE_PURCHASE", "weight": 1.5}],
            "includeActionProbabilities": True,
        },
    ),
    call(
        "recommend: broken weights of actions",
        "Recommend",
        {
            "actionWeights": [
                {"action": "EVENT_TYPE_PURCHASE", "weight": 1_000.5},
                {"action": "EVENT_TYPE_PURCHASE", "weight": 1},
                {"action": "EVENT_TYPE_IMPRESSION", "weight": "NaN"},
                {"weight": 1},
            ],
        },
        invalid(
            "action_weights[0].weight",
            "action_weights[1].action",
            "action_weights[2].action",
            "action_weights[2].weight",
            "action_weights[3].action",
        ),
    ),
    call("rank: no item", "Rank", {"userId": "u000001"}, invalid("item_ids")),
    call(
        "rank: a context without a value",
        "Rank",
        {"userId": "u000001", "itemIds": ["i000001"], "contextAttributes": [{"key": "device"}]},
        invalid("context_attributes[0].value"),
    ),
    call(
        "similar items",
        "SimilarItems",
        {"requestId": "m-1", "itemId": "i000001", "count": 5, "excludedItemIds": ["i000002"], "filter": HOME},
    ),
    call(
        "similar items: unknown item",
        "SimilarItems",
        {"itemId": "品物"},
        {"code": "NOT_FOUND", "reason": "ITEM_NOT_FOUND", "fields": [], "metadata": {"item": "品物"}},
    ),
    call(
        "write events: every violation",
        "WriteEvents",
        {
            "events": [
                {"eventId": "vector-1", "userId": "nobody", "itemId": "i000001", "value": "Infinity"},
                {"eventId": "vector-2", "itemId": "i000001", "eventTime": "1969-12-31T23:59:59.500Z"},
            ]
        },
        invalid("events[0].value", "events[1].event_time", "events[1].user_id"),
    ),
    call("write events: none", "WriteEvents", {}, invalid("events")),
    call(
        "upsert items: every violation",
        "UpsertItems",
        {
            "items": [
                {"itemId": " ", "title": "t" * 1_001, "price": "NaN"},
                {"itemId": "i1", "categories": ["", "Home", "Home"]},
                {"itemId": "i1", "price": -1},
            ]
        },
        invalid(
            "items[0].item_id",
            "items[0].price",
            "items[0].title",
            "items[1].categories[0]",
            "items[1].categories[2]",
            "items[2].item_id",
            "items[2].price",
        ),
    ),
    call("upsert items: none", "UpsertItems", {}, invalid("items")),
    call(
        "delete items: every violation",
        "DeleteItems",
        {"itemIds": ["i1", "", "a\nb"]},
        invalid("item_ids[1]", "item_ids[2]"),
    ),
    call("get item", "GetItem", {"itemId": "i000001"}),
    call(
        "get item: unknown item",
        "GetItem",
        {"itemId": "品物"},
        {"code": "NOT_FOUND", "reason": "ITEM_NOT_FOUND", "fields": [], "metadata": {"item": "品物"}},
    ),
    call("list items: first page", "ListItems", {"pageSize": 3}),
    call(
        "list items: every violation",
        "ListItems",
        {"pageSize": -1, "pageToken": "x" * 1_025},
        invalid("page_size", "page_token"),
    ),
    call(
        "upsert users: every violation",
        "UpsertUsers",
        {
            "users": [
                {"userId": " ", "userAttributes": [{"key": "", "value": "France"}]},
                {"userId": "u1", "userAttributes": [{"key": "country"}]},
                {"userId": "u1"},
            ]
        },
        invalid(
            "users[0].user_attributes[0].key",
            "users[0].user_id",
            "users[1].user_attributes[0].value",
            "users[2].user_id",
        ),
    ),
    call("upsert users: none", "UpsertUsers", {}, invalid("users")),
    call("get user", "GetUser", {"userId": "u000001"}),
    call("get user: nobody known", "GetUser", {"userId": "利用者-五"}),
    call("get user: no id", "GetUser", {}, invalid("user_id")),
    call("export user: first page", "ExportUser", {"userId": "u000001", "pageSize": 2}),
    call("export user: nobody known", "ExportUser", {"userId": "nobody"}),
    call(
        "export user: every violation",
        "ExportUser",
        {"userId": " u", "pageSize": -1, "pageToken": "x" * 1_025},
        invalid("page_size", "page_token", "user_id"),
    ),
    call("delete user: nobody known", "DeleteUser", {"userId": "nobody-to-forget"}),
    call("delete user: no id", "DeleteUser", {}, invalid("user_id")),
]
