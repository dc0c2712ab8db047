"""A fake server for the tests of programs that call Shortlist: real gRPC in this process, with answers that tests set.

    from shortlist.testing import FakeServer

    with FakeServer() as fake, Client(fake.address) as client:
        fake.recommend.answer = RecommendResponse(items=[RecommendedItem(item_id="i7")])
        assert client.recommend("u1").items[0].item_id == "i7"
        assert fake.recommend.requests[0].user_id == "u1"

It needs nothing but what the client needs.
"""

from shortlist.testing.answers import BUNDLE_VERSION
from shortlist.testing.method import Call, Method
from shortlist.testing.server import FakeServer

__all__ = ["BUNDLE_VERSION", "Call", "FakeServer", "Method"]
