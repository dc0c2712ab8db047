from __future__ import annotations

from server_wire import Running
from shortlist.v1 import recommendation_service_pb2 as api


async def test_recommend_answers_by_the_rankers_order(running: Running) -> None:
    response = await running.api.Recommend(api.RecommendRequest(request_id="r1", user_id="bob", count=3))
    assert [item.item_id for item in response.items] == ["i39", "i38", "i37"]
    assert response.request_id == "r1"
    assert response.bundle_version == running.system.version
    assert not response.degraded and not response.trace
