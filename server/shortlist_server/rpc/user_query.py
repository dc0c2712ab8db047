"""User queries: reads the four messages that ask for a user's items, which share most of their fields."""

from __future__ import annotations

from dataclasses import replace

from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_ranking.arrangement.diversity import Diversity
from shortlist_server.base.limits import DEFAULT_CANDIDATES, DEFAULT_COUNT, MAX_CANDIDATES, MAX_COUNT
from shortlist_server.pipeline.query import Query
from shortlist_server.rpc.checks import Check
from shortlist_server.rpc.conditions import filter_of
from shortlist_server.rpc.narrowing import narrowed
from shortlist_server.system.placements.placement import NO_PLACEMENTS, Placements

MAX_EXCLUDED = 1_000

ForUser = api.RecommendRequest | api.BatchRecommendQuery | api.StreamRecommendRequest | api.RetrieveRequest


def user_query(check: Check, request: ForUser, request_id: str, placements: Placements = NO_PLACEMENTS) -> Query:
    """The query of any of the four messages that ask for a user's items.

    A placement that does not exist is passed over here.
    """
    candidates = check.number("candidate_count", request.candidate_count, MAX_CANDIDATES, DEFAULT_CANDIDATES)
    query = Query(
        request_id=request_id,
        user_id=check.optional_id("user_id", request.user_id),
        context=check.context(request.context_events),
        attributes=check.attributes(request.user_attributes),
        context_attributes=check.context_attributes(request.context_attributes),
        count=candidates,
        candidate_count=candidates,
        excluded=check.ids("excluded_item_ids", request.excluded_item_ids, MAX_EXCLUDED),
        filter=filter_of(check.below("filter."), request.filter),
        seen_items=check.seen_items(request.seen_items_policy),
        include_trace=request.include_trace,
    )
    if isinstance(request, api.RetrieveRequest):  # its answer holds all candidates, by fused score
        return query
    count = check.number("count", request.count, MAX_COUNT, DEFAULT_COUNT)
    query = replace(
        query,
        count=count,
        candidate_count=max(count, candidates),
        diversity=Diversity(check.share("diversity", request.diversity)),
        action_weights=check.action_weights(request.action_weights),
        include_actions=request.include_action_probabilities,
    )
    placement = placements.by_name.get(check.optional_id("placement", request.placement))
    if placement is None:
        return query
    return narrowed(check, query, placement, placements.version, request.count, request.candidate_count)
