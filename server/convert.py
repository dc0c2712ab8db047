"""Answers to messages of the API."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from typing import TypeVar

from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api

from core.types import NO_GROUP, NO_ITEM, Reason, SourceHit, StageTrace
from server import wording
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
    rows = [item.item for item in ranked.items]
    ids, titles = system.items.ids.take(rows), system.items.titles.take(rows)
    worded: dict[tuple[str, int, int], parts.Reason] = {}  # few differ but for their share
    for item, item_id, title in zip(ranked.items, ids, titles, strict=True):
        place = message.items.add(item_id=item_id, title=title, score=item.score)
        _add_sources(place, item.sources)
        source, anchor, share, group = item.reason
        if (source, anchor, group) not in worded:
            worded[source, anchor, group] = _reason(item.reason, system, answer)
        place.reason.CopyFrom(worded[source, anchor, group])
        place.reason.share = min(max(_finite(share), 0.0), 1.0)
    message.degraded.extend(_degraded(ranked.degraded))
    message.trace.extend(_trace(plan, answer))


def _scored(response: S, system: System, plan: Plan, answer: Answer) -> S:
    response.request_id, response.bundle_version = plan.request_id, system.version
    response.attribution_token = attribution_token(plan.request_id, system.version)
    rows = [item.item for item in answer.ranked.items]
    ids, titles = system.items.ids.take(rows), system.items.titles.take(rows)
    for item, item_id, title in zip(answer.ranked.items, ids, titles, strict=True):
        _add_sources(response.items.add(item_id=item_id, title=title, score=item.score), item.sources)
    response.degraded.extend(_degraded(answer.ranked.degraded))
    return response


def _add_sources(place: parts.RecommendedItem | parts.ScoredItem, hits: Iterable[SourceHit]) -> None:
    """Built in place: to make messages first and copy them costs twice as much, and there are hundreds."""
    add = place.sources.add
    for name, rank, score in hits:
        add(name=name, rank=rank, score=score)


def _reason(reason: Reason, system: System, answer: Answer) -> parts.Reason:
    """All but the share."""
    anchored = reason.anchor != NO_ITEM
    title = system.items.titles[reason.anchor] if anchored else ""
    shared = system.groups.names[reason.group] if system.groups is not None and reason.group != NO_GROUP else None
    return parts.Reason(
        kind=wording.kind(reason),
        text=wording.text(reason, title, answer.anchors.get(reason.anchor), shared),
        source=reason.source,
        anchor_item_id=system.items.ids[reason.anchor] if anchored else "",
    )


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


def _finite(value: float) -> float:
    return value if math.isfinite(value) else 0.0
