"""A server that answers `shortlist call` what the test tells it to, and the shell that asks it."""

from __future__ import annotations

from typing import Any

from google.rpc import status_pb2
from grpc_status import rpc_status
from shortlist.v1 import event_service_pb2 as event_api
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api
from shortlist.v1.event_service_pb2_grpc import EventServiceServicer
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceServicer
from typer.testing import CliRunner, Result

from shortlist_cli.call import app

HITS = [parts.SourceHit(name="two_tower", rank=3, score=0.9)]
WHY = parts.Reason(text="Because you bought Tea")
ITEM = parts.RecommendedItem(item_id="i1", title="[red]Kettle\x1b[2J", score=0.5, sources=HITS, reason=WHY)
DROPS = [parts.Drop(reason=parts.DROP_REASON_SEEN, count=4), parts.Drop(reason=99, count=1)]
TRACE = [parts.StageTrace(stage=parts.STAGE_FILTER, entered_count=9, left_count=4, drops=DROPS, duration_micros=1500)]


class Server(RecommendationServiceServicer, EventServiceServicer):
    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.failure: status_pb2.Status | None = None

    def _enter(self, request: Any, context: Any) -> None:
        self.requests.append(request)
        if self.failure:
            context.abort_with_status(rpc_status.to_status(self.failure))

    def Recommend(self, request: Any, context: Any) -> api.RecommendResponse:
        self._enter(request, context)
        flags = [parts.DEGRADATION_RANKER_LATE]
        trace = TRACE if request.include_trace else []
        response = api.RecommendResponse(
            request_id="r1", bundle_version="b1", items=[ITEM] * (request.user_id == "u1"), degraded=flags, trace=trace
        )
        for item in response.items if request.include_action_probabilities else ():
            item.action_probabilities.add(action=4, probability=0.25)
        return response

    def Retrieve(self, request: Any, context: Any) -> api.RetrieveResponse:
        self._enter(request, context)
        return api.RetrieveResponse(items=[parts.ScoredItem(item_id="i2", sources=HITS)])

    def Rank(self, request: Any, context: Any) -> api.RankResponse:
        self._enter(request, context)
        response = api.RankResponse(items=[parts.ScoredItem(item_id="i3")], unknown_item_ids=["i4"])
        if request.include_action_probabilities:
            response.items[0].action_probabilities.add(action=4, probability=0.25)
        return response

    def SimilarItems(self, request: Any, context: Any) -> api.SimilarItemsResponse:
        self._enter(request, context)
        return api.SimilarItemsResponse(items=[parts.ScoredItem(item_id="i5", score=0.25)])

    def WriteEvents(self, request: Any, context: Any) -> event_api.WriteEventsResponse:
        self._enter(request, context)
        return event_api.WriteEventsResponse(accepted_count=len(request.events))


class Shell:
    """Runs `shortlist call ...` against the server."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--address", self.address], env={"COLUMNS": "160"})
