"""Converts answers into messages of the API.

Each function takes the most bytes that the message may have, so that none is made that could not be sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from shortlist.v1 import placement_service_pb2 as placement_api
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_core import explanation_text
from shortlist_core.catalog import Attribute
from shortlist_core.errors import AnswerTooLargeError
from shortlist_core.explanations import Explanation, ReasonKind
from shortlist_core.types import NO_GROUP, NO_ITEM, Ranked, Reasons, RuleTrace, StageTrace
from shortlist_server.pipeline.query import Query
from shortlist_server.rpc import item_messages, pages
from shortlist_server.system.loaded_bundle import LoadedBundle

Recommendation = api.RecommendResponse | parts.Recommendation
Scored = api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))  # made once, as making it costs more than a token
S = TypeVar("S", api.RetrieveResponse, api.RankResponse, api.SimilarItemsResponse)


def recommend_response(most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked) -> api.RecommendResponse:
    """The response of Recommend, with the token of the next page where there is more."""
    response = api.RecommendResponse(
        request_id=query.request_id, bundle_version=bundle.version, placement_version=query.placement_version
    )
    _fill(response, bundle, query, answer, attribution_token(query.request_id, bundle.version), most_bytes)
    if answer.more:
        response.next_page_token = pages.next_token(query.page, bundle.items.ids.take(answer.items))
    return response


def stream_response(most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked) -> api.StreamRecommendResponse:
    """The response to one message of StreamRecommend."""
    response = api.StreamRecommendResponse(request_id=query.request_id, bundle_version=bundle.version)
    token = attribution_token(query.request_id, bundle.version)
    _fill(response.recommendation, bundle, query, answer, token, most_bytes)
    return response


def preview_response(
    most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked
) -> placement_api.PreviewPlacementResponse:
    """The response of PreviewPlacement."""
    response = placement_api.PreviewPlacementResponse(request_id=query.request_id, bundle_version=bundle.version)
    token = attribution_token(query.request_id, bundle.version)
    _fill(response.recommendation, bundle, query, answer, token, most_bytes)
    return response


def batch_response(
    most_bytes: int, bundle: LoadedBundle, request_id: str, queries: list[Query], answers: list[Ranked]
) -> api.BatchRecommendResponse:
    """The response of BatchRecommend. Raises AnswerTooLargeError as soon as it has more bytes than a message may."""
    response, size = api.BatchRecommendResponse(request_id=request_id, bundle_version=bundle.version), 0
    for position, (query, answer) in enumerate(zip(queries, answers, strict=True)):
        token, recommendation = attribution_token(request_id, bundle.version, position), response.recommendations.add()
        _fill(recommendation, bundle, query, answer, token, most_bytes)
        size += recommendation.ByteSize()
        if size > most_bytes:
            raise AnswerTooLargeError(size, most_bytes)
    return response


def retrieve_response(most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked) -> api.RetrieveResponse:
    """The response of Retrieve."""
    response = _scored(api.RetrieveResponse(), most_bytes, bundle, query, answer)
    response.trace.extend(_trace(bundle, query, answer))
    return response


def rank_response(most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked) -> api.RankResponse:
    """The response of Rank."""
    response = _scored(api.RankResponse(), most_bytes, bundle, query, answer)
    item_messages.add_actions(response.items, answer)
    response.trace.extend(_trace(bundle, query, answer))
    answered = set(answer.items.tolist())
    for item_id, row in zip(query.item_ids, bundle.items.ids.rows(query.item_ids).tolist(), strict=True):
        if row == NO_ITEM:
            response.unknown_item_ids.append(item_id)
        elif row not in answered:
            response.filtered_item_ids.append(item_id)
    return response


def similar_items_response(
    most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked
) -> api.SimilarItemsResponse:
    """The response of SimilarItems."""
    return _scored(api.SimilarItemsResponse(), most_bytes, bundle, query, answer)


def attribution_token(request_id: str, bundle_version: str, position: int = 0) -> str:
    """The token that events send back: base64 of the JSON list of request id, bundle version and batch position.

    Callers treat the token as opaque, but it holds no secret.
    """
    content = _json.encode([request_id, bundle_version, position])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _fill(
    message: Recommendation, bundle: LoadedBundle, query: Query, answer: Ranked, token: str, most_bytes: int
) -> None:
    message.attribution_token = token
    ids, titles = bundle.items.ids.spans(answer.items), bundle.items.titles.spans(answer.items)
    item_messages.add_items(message, answer, ids, titles, _reasons(bundle, answer.reasons), most_bytes)
    item_messages.add_actions(message.items, answer)
    message.degraded.extend(_degraded(answer.degraded))
    message.trace.extend(_trace(bundle, query, answer))


def _scored(response: S, most_bytes: int, bundle: LoadedBundle, query: Query, answer: Ranked) -> S:
    response.request_id, response.bundle_version = query.request_id, bundle.version
    response.attribution_token = attribution_token(query.request_id, bundle.version)
    ids, titles = bundle.items.ids.spans(answer.items), bundle.items.titles.spans(answer.items)
    item_messages.add_items(response, answer, ids, titles, most_bytes=most_bytes)
    response.degraded.extend(_degraded(answer.degraded))
    return response


def _reasons(bundle: LoadedBundle, reasons: Reasons) -> list[bytes]:
    """The reason of each item without its share, serialised. Without their shares most reasons of an answer are equal,
    so each different one is written once.
    """
    columns = reasons.speakers, reasons.anchors, reasons.done, reasons.groups
    of_items = list(zip(*(column.tolist() for column in columns), strict=True))
    different = list(dict.fromkeys(of_items))
    anchors = [anchor for _, anchor, _, _ in different if anchor != NO_ITEM]
    anchor_names = zip(bundle.items.ids.take(anchors), bundle.items.titles.take(anchors), strict=True)
    group_names = bundle.groups.names if bundle.groups else ()
    messages = {
        (speaker, anchor, done, group): _reason(
            reasons.sources[speaker],
            reasons.explanations[speaker],
            *(("", None) if anchor == NO_ITEM else next(anchor_names)),
            done,
            None if group == NO_GROUP else group_names[group],
        )
        for speaker, anchor, done, group in different
    }
    return [messages[reason] for reason in of_items]


@lru_cache(4_096)
def _reason(
    source: str, explanation: Explanation, anchor_id: str, title: str | None, done: int, shared: Attribute | None
) -> bytes:
    return parts.Reason(
        kind=reason_kind(explanation, title is not None),
        text=explanation_text.text(explanation, title, done, shared),
        source=source,
        anchor_item_id=anchor_id,
    ).SerializeToString()


def reason_kind(explanation: Explanation, anchored: bool) -> parts.ReasonKind.ValueType:
    """The kind of a reason; `anchored` says whether the reason names a history item."""
    return parts.ReasonKind.Value(f"REASON_KIND_{ReasonKind.HISTORY_ITEM if anchored else explanation.kind}")


def _degraded(flags: Iterable[str]) -> list[parts.Degradation.ValueType]:
    return sorted(parts.Degradation.Value(f"DEGRADATION_{flag.upper()}") for flag in flags)


def _trace(bundle: LoadedBundle, query: Query, answer: Ranked) -> list[parts.StageTrace]:
    return [_stage(bundle, stage) for stage in answer.trace] if query.include_trace else []


def _stage(bundle: LoadedBundle, stage: StageTrace) -> parts.StageTrace:
    return parts.StageTrace(
        stage=parts.Stage.Value(f"STAGE_{stage.stage.upper()}"),
        entered_count=stage.entered,
        left_count=stage.left,
        drops=[
            parts.Drop(reason=parts.DropReason.Value(f"DROP_REASON_{reason.upper()}"), count=count)
            for reason, count in stage.dropped.items()
        ],
        duration_micros=stage.micros,
        rules=[_rule(bundle, rule) for rule in stage.rules],
    )


def _rule(bundle: LoadedBundle, rule: RuleTrace) -> parts.RuleTrace:
    ids = bundle.items.ids.take([row for row, _, _ in rule.moves])
    pairs = zip(ids, rule.moves, strict=True)
    return parts.RuleTrace(
        name=rule.name,
        outcome=parts.RuleOutcome.Value(f"RULE_OUTCOME_{rule.outcome.upper()}"),
        yielded_to=rule.yielded_to,
        moves=[parts.RuleMove(item_id=id, old_position=old, new_position=new) for id, (_, old, new) in pairs],
    )
