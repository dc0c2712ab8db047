"""Messages whose bytes every client must read and write alike: (name, type, the message as protojson)."""

from __future__ import annotations

from typing import Any

INFO = "type.googleapis.com/google.rpc.ErrorInfo"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
RETRY = "type.googleapis.com/google.rpc.RetryInfo"

EVENT_TYPES = ["VIEW", "CLICK", "CART", "PURCHASE", "LIKE", "DISLIKE", "IMPRESSION", "RATING"]
DROP_REASONS = ["SEEN", "EXCLUDED", "FILTERED", "DELETED", "DUPLICATE", "BELOW_CUT", "UNKNOWN", "SHOWN"]
STAGES = ["HYDRATE", "RETRIEVE", "FILTER", "RANK", "SELECT"]
DEGRADATIONS = [
    *("RANKER_SKIPPED", "RANKER_LATE", "SOURCE_FAILED", "STATE_UNAVAILABLE", "POPULAR_FALLBACK", "RULES_SKIPPED"),
]
RULE_OUTCOMES = ["KEPT", "NOT_NOW", "NOT_FOR_THIS_REQUEST", "YIELDED", "TOO_FEW_ITEMS"]
REASON_KINDS = ["UNSPECIFIED", "TASTE", "HISTORY_ITEM", "POPULAR", "NEW"]

CONTEXT = [
    {"itemId": "i1", "eventType": "EVENT_TYPE_RATING", "eventTime": "2023-11-15T12:34:56.789012Z", "value": 4.5},
    {"itemId": "i2", "value": 0.0},  # zero that is set: not the same as unset, which counts as 1
    {"itemId": "i3", "eventTime": "1970-01-01T00:00:00Z"},  # a message that is there and empty
]
ATTRIBUTES = [{"key": "country", "value": "Côte d'Ivoire"}, {"key": "country", "value": "日本"}, {}]
PLACES = [{"key": "device", "value": "phone"}, {"key": "ページ", "value": ""}]
LEAVES = [
    {"category": {"anyOf": ["Café"]}},
    {"attribute": {"key": "Größe", "anyOf": ["12.5", "日本"]}},
    {"attribute": {"key": "brand"}},
    {"number": {"key": "litres", "range": {"above": -0.1, "atMost": 1e300}}},
    {"time": {"key": "due", "since": "0001-01-01T00:00:00Z", "before": "9999-12-31T23:59:59.999999999Z"}},
    {"price": {"atLeast": 0, "below": 19.99}},  # a bound of 0 is one
    {"available": False},
    {"available": True},
    {"age": {"atLeastSeconds": "0", "atMostSeconds": "10000000000"}},
]
LISTS = [{kind: {"conditions": LEAVES[:2]}} for kind in ("allOf", "anyOf", "noneOf")]
CONDITION = {"allOf": {"conditions": [*LEAVES, {"noneOf": {"conditions": LISTS}}, {}]}}
FOR_USER = {
    "contextEvents": CONTEXT,
    "userAttributes": ATTRIBUTES,
    "contextAttributes": PLACES,
    "candidateCount": 2_000,
    "excludedItemIds": ["i4", "i4", ""],
    "filter": {"includedCategories": ["Home", "Café"], "excludedCategories": ["Rain"], "condition": CONDITION},
    "seenItemsPolicy": "SEEN_ITEMS_POLICY_KEEP",
}
WEIGHED = {
    "actionWeights": [
        {"action": "EVENT_TYPE_PURCHASE", "weight": 1.5},
        {"action": "EVENT_TYPE_DISLIKE", "weight": -1_000},
        {"action": "EVENT_TYPE_CLICK"},
    ],
    "includeActionProbabilities": True,
}
PAGE = {"pageToken": "QUJD_-"}
ASKED = {"count": 500, "diversity": 0.1, "includeTrace": True, "placement": "Zuhause", **WEIGHED}  # no float is 0.1

ITEMS = {"condition": CONDITION}
WHEN = {
    "userAttributes": [{"key": "club", "anyOf": ["gold"]}],
    "contextAttributes": [{"key": "device"}],
    "hasHistory": False,
}
EFFECTS = [
    {"pin": {"itemIds": ["i1", "品物"], "position": 500}},
    {"boost": {"items": ITEMS, "factor": 0.1}},
    {"bury": {"items": {"longTail": {"headShare": 0.8}}}},
    {"cap": {"each": {"category": True}, "most": 2}},
    {"cap": {"items": ITEMS, "most": 500}},
    {"minimumShare": {"items": ITEMS, "share": 0.1}},
    {"spacing": {"each": {"attributeKey": "Größe"}, "distance": 50}},
    *({"diversity": {"strength": 0.1, "method": f"DIVERSITY_METHOD_{method}"}} for method in ("MMR", "DPP")),
    {},
]
TIME = {"startTime": "0001-01-01T00:00:00Z", "endTime": "9999-12-31T23:59:59.999999999Z"}
RULES = [{"name": f"rule {n}", **effect} for n, effect in enumerate(EFFECTS)]
PLACEMENT = {
    "name": "home",
    "count": 500,
    "candidateCount": 2_000,
    "filter": {"condition": CONDITION},
    "seenItemsPolicy": "SEEN_ITEMS_POLICY_REPEATS",
    "diversity": {"strength": 0.1},
    "rules": [{**RULES[0], **TIME, "when": WHEN}, *RULES[1:]],
    "actionWeights": WEIGHED["actionWeights"],
    "tiring": {"perImpression": 0.5, "recoverySeconds": "31536000"},
    "countImpressions": True,
}

SOURCES = [{"name": "two_tower", "rank": 1, "score": 0.548961163}, {"name": "als", "rank": 300, "score": -1.5}]
ACTIONS = [{"probability": 0.25}, {"action": "EVENT_TYPE_CART", "probability": 1}, {"action": "EVENT_TYPE_PURCHASE"}]
REASON = {"kind": "REASON_KIND_HISTORY_ITEM", "text": 'Because you bought "Tea".', "source": "als", "share": 0.25}
ANCHORED = {**REASON, "anchorItemId": "i9"}
RECOMMENDED = [
    {
        "itemId": "i1",
        "title": "Kettle",
        "score": 0.1546,
        "sources": SOURCES,
        "reason": ANCHORED,
        "actionProbabilities": ACTIONS,
    },
    *({"itemId": kind, "reason": {"kind": f"REASON_KIND_{kind}"}} for kind in REASON_KINDS),
]
SCORED = [
    {"itemId": "i1", "title": "Kettle", "score": 16777216, "sources": SOURCES, "actionProbabilities": ACTIONS},
    {"itemId": "i2", "score": 1e-30},
]
TRACE = [
    {"stage": f"STAGE_{stage}", "enteredCount": 3_000, "leftCount": 7, "durationMicros": "9223372036854775807"}
    for stage in STAGES
]
DROPS = [{"reason": f"DROP_REASON_{reason}", "count": n} for n, reason in enumerate(DROP_REASONS, 1)]
TRACE[1] = {**TRACE[1], "drops": [*DROPS, {"count": 2_147_483_647}]}
MOVES = [{"itemId": "i1", "oldPosition": 7, "newPosition": 1}, {"itemId": "i2", "oldPosition": 1}]
TRACE[-1] = {
    **TRACE[-1],
    "rules": [
        {"name": "r", "outcome": f"RULE_OUTCOME_{outcome}", "yieldedTo": "another", "moves": MOVES}
        for outcome in RULE_OUTCOMES
    ],
}
DEGRADED = [f"DEGRADATION_{name}" for name in DEGRADATIONS]
WHOLE = {"degraded": DEGRADED, "trace": TRACE}

ANSWER = {"attributionToken": "WyJyMSIsImIxIiwwXQ", "items": RECOMMENDED, **WHOLE}
ANSWERED = {"requestId": "r1", "bundleVersion": "20261122-172116-54d2c5"}
ERROR = {
    "code": 3,
    "message": "2 fields break a rule; the first: count must be 1 to 500, or 0 for 20, not -1",
    "details": [
        {"@type": INFO, "reason": "INVALID_ARGUMENT", "domain": "shortlist", "metadata": {"item": "ü"}},
        {"@type": BAD_REQUEST, "fieldViolations": [{"field": "count", "description": "must be 1 to 500"}]},
        {"@type": RETRY, "retryDelay": "0.250s"},
    ],
}

EVENTS = [
    {"eventId": f"e{n}", "userId": "u1", "itemId": "i1", "eventType": f"EVENT_TYPE_{type}"}
    for n, type in enumerate(EVENT_TYPES)
]
FULL_EVENT = {
    "eventId": "0b0c3bd9-7b4f-4a6e-8f5d-1f9c9a2f6c11",
    "userId": "u1",
    "itemId": "i1",
    "eventTime": "2026-11-24T06:27:18.000000001Z",
    "eventType": "EVENT_TYPE_PURCHASE",
    "value": 1e300,
    "sessionId": "s1",
    "attributionToken": "WyJyMSIsImIxIiwwXQ",
}

ITEM = {
    "itemId": "i1",
    "title": "Kettle ☕",
    "text": "Boils water.\nQuickly.",
    "categories": ["Home", "Café"],
    "price": 0.1,
    "attributes": [{"key": "Größe", "value": "12.5"}],
    "embedding": [0.5, -2.0],
    "available": False,
    "releaseTime": "2026-11-30T00:00:00.000001Z",
}
TOLD = {**ITEM, "updateTime": "2026-11-24T06:27:18.000001Z"}

USER_EVENT = {key: FULL_EVENT[key] for key in FULL_EVENT if key != "userId"}
COUNTS = [{"eventType": f"EVENT_TYPE_{type}", "eventCount": "9223372036854775807"} for type in EVENT_TYPES]
TIMES = {"firstEventTime": "1970-01-01T00:00:00Z", "lastEventTime": "2026-11-24T06:27:18.000001Z"}
KNOWN = {
    "userId": "u1",
    "liveEventCount": "12",
    "bundleEventCount": "34",
    "liveEventTypeCounts": COUNTS,
    "liveAttributeCount": "3",
    **TIMES,
}

LABELS = [f"BUNDLE_LABEL_{name}" for name in ("STABLE", "CANARY", "SHADOW")]
VERSION = ANSWERED["bundleVersion"]
BUNDLE = {
    "bundleVersion": VERSION,
    "createTime": "2026-11-22T17:21:16Z",
    "dataEndTime": "2026-11-20T00:00:00.000001Z",
    "sizeBytes": "5000000000",
    "labels": LABELS,
    "metrics": [{"name": "items", "value": 10_000}, {"name": "ranker_ndcg_at_10_held_out", "value": 0.1}],
}
TRAFFIC = {"requestCount": "5000000000", "errorCount": "1", "degradedCount": "2"}
CANARY = {"bundleVersion": VERSION, "userShare": 0.05, "canaryCounts": TRAFFIC, "stableCounts": {}, "windowSeconds": 60}
SHADOW = {
    "bundleVersion": VERSION,
    "comparedCount": "100",
    "droppedCount": "2",
    "failedCount": "1",
    "meanOverlap": 0.9,
    "meanRankCorrelation": -0.25,
    "meanScoreDifference": 0.001,
    "meanStableMicros": "2500",
    "meanShadowMicros": "2600",
}
TAKEN_OFF = {"bundleVersion": VERSION, "rollbackTime": "2026-11-24T06:27:18.5Z", "reason": "3 of 40 requests failed"}
SERVING = {
    "stableBundleVersion": VERSION,
    "previousBundleVersion": VERSION,
    "canary": CANARY,
    "shadow": SHADOW,
    "canaryRollback": TAKEN_OFF,
    "refusal": "bundle b refused: items/price.npy: is missing",
}
ACTIVATE, ROLL_BACK = "ActivateBundleRequest", "RollbackBundleRequest"
PREVIEW = "PreviewPlacementRequest"

RECOMMEND, BATCH, STREAM = "RecommendRequest", "BatchRecommendRequest", "StreamRecommendRequest"
MESSAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("recommend request: nothing set", RECOMMEND, {}),
    (
        "recommend request: every field",
        RECOMMEND,
        {"requestId": "r1", "userId": "u1", **FOR_USER, **ASKED, **PAGE, "bundleVersion": VERSION},
    ),
    ("recommend request: repeats", RECOMMEND, {"seenItemsPolicy": "SEEN_ITEMS_POLICY_REPEATS"}),
    ("recommend request: filter set and empty", RECOMMEND, {"userId": "u1", "filter": {}}),
    ("recommend request: negative and largest int32", RECOMMEND, {"count": -1, "candidateCount": 2_147_483_647}),
    ("recommend request: unspecified enum", RECOMMEND, {"seenItemsPolicy": "SEEN_ITEMS_POLICY_UNSPECIFIED"}),
    ("recommend request: drop what is seen", RECOMMEND, {"seenItemsPolicy": "SEEN_ITEMS_POLICY_DROP"}),
    ("recommend request: enum number from the future", RECOMMEND, {"seenItemsPolicy": 77}),
    ("recommend request: Japanese", RECOMMEND, {"userId": "利用者-五", "excludedItemIds": ["品物"]}),
    ("recommend request: beyond the basic plane", RECOMMEND, {"userId": "👩🏽‍🚀", "requestId": "𝔯1"}),
    ("recommend request: composed and decomposed", RECOMMEND, {"userId": "caf\u00e9", "requestId": "cafe\u0301"}),
    ("recommend request: right to left", RECOMMEND, {"userId": "משתמש-7"}),
    ("recommend request: what JSON and HTML escape", RECOMMEND, {"userId": "a\"b\\c/d<e>&'f"}),
    ("recommend response: nothing set", "RecommendResponse", {}),
    (
        "recommend response: every field",
        "RecommendResponse",
        {**ANSWERED, **ANSWER, "nextPageToken": "QUJD_-", "placementVersion": "5f3c9a0d7be1"},
    ),
    ("batch request", BATCH, {"requestId": "r1", "queries": [{"userId": "u1", **FOR_USER, **ASKED}, {}]}),
    ("batch response", "BatchRecommendResponse", {**ANSWERED, "recommendations": [ANSWER, {}]}),
    ("stream request", STREAM, {"requestId": "r1", "userId": "u1", **FOR_USER, **ASKED}),
    ("stream response: answer", "StreamRecommendResponse", {**ANSWERED, "recommendation": ANSWER}),
    ("stream response: empty answer", "StreamRecommendResponse", {**ANSWERED, "recommendation": {}}),
    ("stream response: error with details", "StreamRecommendResponse", {"requestId": "r1", "error": ERROR}),
    ("retrieve request", "RetrieveRequest", {"requestId": "r1", "userId": "u1", **FOR_USER, "includeTrace": True}),
    (
        "retrieve response",
        "RetrieveResponse",
        {**ANSWERED, "attributionToken": "t", "items": SCORED, **WHOLE},
    ),
    (
        "rank request",
        "RankRequest",
        {
            "requestId": "r1",
            "userId": "u1",
            "contextEvents": CONTEXT,
            "userAttributes": ATTRIBUTES,
            "contextAttributes": PLACES,
            "itemIds": ["i2", "i1"],
            "filter": FOR_USER["filter"],
            "includeTrace": True,
            **WEIGHED,
        },
    ),
    (
        "rank response",
        "RankResponse",
        {
            **ANSWERED,
            "attributionToken": "t",
            "items": SCORED,
            "unknownItemIds": ["x"],
            "filteredItemIds": ["i7"],
            **WHOLE,
        },
    ),
    (
        "similar items request",
        "SimilarItemsRequest",
        {"requestId": "r1", "itemId": "i1", "count": 20, "excludedItemIds": ["i2"], "filter": FOR_USER["filter"]},
    ),
    (
        "similar items response",
        "SimilarItemsResponse",
        {**ANSWERED, "attributionToken": "t", "items": SCORED, "degraded": DEGRADED[2:3]},
    ),
    ("write events request: every field", "WriteEventsRequest", {"events": [FULL_EVENT]}),
    ("write events request: every type", "WriteEventsRequest", {"events": EVENTS}),
    ("write events request: type from the future", "WriteEventsRequest", {"events": [{"eventType": 77}]}),
    (
        "write events response",
        "WriteEventsResponse",
        {"acceptedCount": 1_000, "duplicateCount": 1, "unknownItemCount": 7},
    ),
    (
        "upsert items request: every field",
        "UpsertItemsRequest",
        {"items": [ITEM | {"image": "iVBORw0KGgo="}, {"itemId": "品物"}, {"price": 0.0}]},
    ),
    (
        "upsert items response",
        "UpsertItemsResponse",
        {"createdCount": 1_000, "updatedCount": 1, "revision": "1795501638000001"},
    ),
    ("delete items request", "DeleteItemsRequest", {"itemIds": ["i1", "品物", ""]}),
    ("delete items response", "DeleteItemsResponse", {"deletedCount": 2, "revision": "1795501638000001"}),
    ("get item request", "GetItemRequest", {"itemId": "品物"}),
    ("get item response", "GetItemResponse", {"item": {**TOLD, "origin": "ITEM_ORIGIN_LIVE"}}),
    ("list items request", "ListItemsRequest", {"pageSize": 1_000, "pageToken": "WyJ1MSJd"}),
    (
        "list items response",
        "ListItemsResponse",
        {
            "items": [TOLD, {"itemId": "i2", "origin": "ITEM_ORIGIN_BUNDLE", "available": True}, {}],
            "nextPageToken": "WyJ1MSJd",
        },
    ),
    (
        "upsert users request",
        "UpsertUsersRequest",
        {"users": [{"userId": "利用者-五", "userAttributes": [{"key": "country", "value": "日本"}]}, {"userId": "u2"}]},
    ),
    ("upsert users response", "UpsertUsersResponse", {"writtenUserCount": "5000000000"}),
    ("get user request", "GetUserRequest", {"userId": "利用者-五"}),
    ("get user response: every field", "GetUserResponse", {**KNOWN, "deletedBefore": True, "bundleVersion": VERSION}),
    ("get user response: nobody known", "GetUserResponse", {"userId": "u1", "bundleVersion": VERSION}),
    ("export user request", "ExportUserRequest", {"userId": "u1", "pageSize": 1_000, "pageToken": "WyJ1MSJd"}),
    (
        "export user response",
        "ExportUserResponse",
        {
            "events": [{"origin": "USER_EVENT_ORIGIN_LIVE", **USER_EVENT}, {"origin": "USER_EVENT_ORIGIN_BUNDLE"}],
            "nextPageToken": "WyJ1MSJd",
            "userAttributes": [{"key": "country", "value": "France"}],
            "liveUserAttributes": [{"key": "plan", "value": "free"}],
        },
    ),
    ("delete user request", "DeleteUserRequest", {"userId": "u1"}),
    (
        "delete user response",
        "DeleteUserResponse",
        {"userId": "u1", "deletedEventCount": "5000000000", "recordedWithBundles": True},
    ),
    ("list bundles request", "ListBundlesRequest", {"pageSize": 100, "pageToken": "MjAyNjExMjI="}),
    (
        "list bundles response",
        "ListBundlesResponse",
        {"bundles": [BUNDLE, {"damage": "manifest.json: is not JSON"}], "nextPageToken": "MjAyNjExMjI="},
    ),
    ("get bundle report request", "GetBundleReportRequest", {"bundleVersion": VERSION}),
    ("get bundle report response", "GetBundleReportResponse", {"html": "<!doctype html><title>Ä</title>"}),
    ("get serving bundle request", "GetServingBundleRequest", {}),
    ("get serving bundle response: every field", "GetServingBundleResponse", {"serving": SERVING}),
    ("get serving bundle response: nothing set", "GetServingBundleResponse", {"serving": {}}),
    *(
        (f"activate bundle request: {label}", ACTIVATE, {"bundleVersion": VERSION, "label": label, "userShare": 0.05})
        for label in LABELS
    ),
    ("activate bundle response", "ActivateBundleResponse", {"serving": SERVING}),
    ("rollback bundle request", ROLL_BACK, {"label": "BUNDLE_LABEL_CANARY"}),
    ("rollback bundle response", "RollbackBundleResponse", {"serving": {"stableBundleVersion": VERSION}}),
    ("list placements request", "ListPlacementsRequest", {}),
    (
        "list placements response",
        "ListPlacementsResponse",
        {"placements": [PLACEMENT, {}], "version": "5f3c9a0d7be1", "refusals": ["placements[0].name: is empty"]},
    ),
    (
        "set placements request",
        "SetPlacementsRequest",
        {"placements": [PLACEMENT], "expectedVersion": "5f3c9a0d7be1", "validateOnly": True},
    ),
    ("set placements response", "SetPlacementsResponse", {"version": "5f3c9a0d7be1"}),
    ("placement set", "PlacementSet", {"placements": [PLACEMENT]}),
    ("preview placement request", PREVIEW, {"requestId": "r1", "placement": PLACEMENT, "query": {"userId": "u1"}}),
    ("preview placement response", "PreviewPlacementResponse", {**ANSWERED, "recommendation": ANSWER}),
    ("event: value 0", "Event", {"eventId": "e", "userId": "u", "itemId": "i", "value": 0.0}),
    ("event: value unset", "Event", {"eventId": "e", "userId": "u", "itemId": "i"}),
    ("event: value with all digits", "Event", {"value": 0.1}),
    ("event: negative value", "Event", {"value": -2.5}),
    ("event: infinite value", "Event", {"value": "-Infinity"}),
    ("event: before 1970", "Event", {"eventTime": "1969-12-31T23:59:59.500Z"}),
    ("event: last second there is", "Event", {"eventTime": "9999-12-31T23:59:59.999999999Z"}),
]
