"""Answers to messages of the API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TypeVar

from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api

from core.types import NO_GROUP, NO_ITEM, StageTrace
from server import item_messages, wording
from server.jobs import Answer
from server.plans import Plan
from server.system import System

Recommendation = api.RecommendResponse | parts.Recommendation
Scored = api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse
S = TypeVar("S", api.RetrieveResponse, api.RankResponse, api.SimilarItemsResponse)


def recommend_response(system: System, plan: Plan, answer: Answer) -> api.RecommendResponse:
    """The response of Recommend."""
    response = api.RecommendResponse(request_id=plan.request_id, bundle_version=system.version)
    _fill(response, system, plan, answer, attribution_token(plan.request_id, system.version))
    return response


def stream_response(system: System, plan: Plan, answer: Answer) -> api.StreamRecommendResponse:
    """The response to one message of StreamRecommend."""
    response = api.StreamRecommendResponse(request_id=plan.request_id, bundle_version=system.version)
    _fill(response.recommendation, system, plan, answer, attribution_token(plan.request_id, system.version))
    return response


def batch_response(
    system: System, request_id: str, plans: list[Plan], answers: list[Answer]
) -> api.BatchRecommendResponse:
    """The response of BatchRecommend."""
    response = api.BatchRecommendResponse(request_id=request_id, bundle_version=system.version)
    for position, (plan, answer) in enumerate(zip(plans, answers, strict=True)):
        token = attribution_token(request_id, system.version, position)
        _fill(response.recommendations.add(), system, plan, answer, token)
    return response


def retrieve_response(system: System, plan: Plan, answer: Answer) -> api.RetrieveResponse:
    """The response of Retrieve."""
    response = _scored(api.RetrieveResponse(), system, plan, answer)
    response.trace.extend(_trace(plan, answer))
    return response


def rank_response(system: System, plan: Plan, answer: Answer) -> api.RankResponse:
    """The response of Rank."""
    response = _scored(api.RankResponse(), system, plan, answer)
    response.trace.extend(_trace(plan, answer))
    rows = system.items.ids.rows(plan.item_ids).tolist()
    unknown = (item_id for item_id, row in zip(plan.item_ids, rows, strict=True) if row == NO_ITEM)
    response.unknown_item_ids.extend(unknown)
    return response


def similar_items_response(system: System, plan: Plan, answer: Answer) -> api.SimilarItemsResponse:
    """The response of SimilarItems."""
    return _scored(api.SimilarItemsResponse(), system, plan, answer)


def attribution_token(request_id: str, bundle_version: str, position: int = 0) -> str:
    """What events send back: opaque to callers, but no secret. Base64 of JSON: request, bundle, place in the batch."""
    content = json.dumps([request_id, bundle_version, position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _fill(message: Recommendation, system: System, plan: Plan, answer: Answer, token: str) -> None:
    message.attribution_token = token
    ranked = answer.ranked
    ids, titles = system.items.ids.take(ranked.items), system.items.titles.take(ranked.items)
    item_messages.add_items(message, ranked, ids, titles, _reasons(system, answer))
    message.degraded.extend(_degraded(ranked.degraded))
    message.trace.extend(_trace(plan, answer))


def _scored(response: S, system: System, plan: Plan, answer: Answer) -> S:
    response.request_id, response.bundle_version = plan.request_id, system.version
    response.attribution_token = attribution_token(plan.request_id, system.version)
    ranked = answer.ranked
    ids, titles = system.items.ids.take(ranked.items), system.items.titles.take(ranked.items)
    item_messages.add_items(response, ranked, ids, titles)
    response.degraded.extend(_degraded(ranked.degraded))
    return response


def _reasons(system: System, answer: Answer) -> list[bytes]:
    """Each item's reason without its share, serialised; few differ but for that."""
    told = dict.fromkeys((reason.source, reason.anchor, reason.group) for reason in answer.ranked.reasons)
    anchors = list({anchor for _, anchor, _ in told} - {NO_ITEM})
    ids = dict(zip(anchors, system.items.ids.take(anchors), strict=True))
    titles = dict(zip(anchors, system.items.titles.take(anchors), strict=True))
    names = system.groups.names if system.groups else ()
    worded = {
        (source, anchor, group): parts.Reason(
            kind=wording.kind(source, anchor),
            text=wording.text(
                source, titles.get(anchor), answer.anchors.get(anchor), None if group == NO_GROUP else names[group]
            ),
            source=source,
            anchor_item_id=ids.get(anchor, ""),
        ).SerializeToString()
        for source, anchor, group in told
    }
    return [worded[reason.source, reason.anchor, reason.group] for reason in answer.ranked.reasons]


def _degraded(flags: Iterable[str]) -> list[parts.Degradation.ValueType]:
    return sorted(parts.Degradation.Value(f"DEGRADATION_{flag.upper()}") for flag in flags)


def _trace(plan: Plan, answer: Answer) -> list[parts.StageTrace]:
    return [_stage(stage) for stage in answer.ranked.trace] if plan.include_trace else []


def _stage(stage: StageTrace) -> parts.StageTrace:
    return parts.StageTrace(
        stage=parts.Stage.Value(f"STAGE_{stage.stage.upper()}"),
        entered_count=stage.entered,
        left_count=stage.left,
        drops=[
            parts.Drop(reason=parts.DropReason.Value(f"DROP_REASON_{reason.upper()}"), count=count)
            for reason, count in stage.dropped.items()
        ],
        duration_micros=stage.micros,
    )
