"""The requests of the line for ghz that `shortlist demo` prints: a load test must measure answers that are made."""

from __future__ import annotations

import json
import re
from uuid import uuid4

from conftest import Start
from google.protobuf.json_format import ParseDict
from scrape import metrics
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_cli.demo import _new_requests


def as_ghz_fills_it_in(template: str, number: int) -> api.RecommendRequest:
    filled = template.replace("{{newUUID}}", str(uuid4()))
    filled = re.sub(r"\{\{printf `%06d` \(randomInt 0 \d+\)\}\}", f"{number:06d}", filled)
    return ParseDict(json.loads(filled), api.RecommendRequest())


async def test_each_of_them_is_answered_anew_though_users_come_again(start: Start) -> None:
    counted = await start(metrics_address="127.0.0.1:0")
    template = _new_requests(1_000)
    requests = [as_ghz_fills_it_in(template, number) for number in (7, 7, 7, 999)]
    assert {request.user_id for request in requests} == {"u000007", "u000999"}
    for request in requests:
        await counted.api.Recommend(request)
    now = await metrics(counted)
    assert now.series("shortlist_recommendations_total") == {("computed",): 4, ("reused",): 0}
