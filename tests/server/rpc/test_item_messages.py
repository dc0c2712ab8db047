"""Items written as bytes are the items that protobuf's own objects would have made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from shortlist.v1 import recommendation_pb2 as parts
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_bundle.strings import Strings, encode
from shortlist_core.errors import AnswerTooLargeError
from shortlist_core.types import Float32s, Hits, Ranked, Reasons
from shortlist_server.rpc.item_messages import add_items

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def answers(draw):
    """An answer with ids, titles and reasons."""
    n, sources = draw(st.integers(0, 6)), draw(st.integers(0, 4))
    ranks = draw(arrays(np.int32, (n, sources), elements=st.integers(0, 2**31 - 1) | st.sampled_from([0, 1, 127, 128])))
    hits = Hits(
        tuple(draw(st.lists(texts, min_size=sources, max_size=sources))),
        ranks,
        draw(arrays(np.float32, (n, sources), elements=numbers)),
    )
    scores = draw(arrays(np.float32, n, elements=numbers))
    strings = st.lists(texts, min_size=n, max_size=n)
    share = st.floats(0, 1, width=32)
    reasons = [parts.Reason(kind=draw(st.sampled_from([0, 2])), text=draw(texts), share=draw(share)) for _ in range(n)]
    told = with_shares(np.array([reason.share for reason in reasons], np.float32))
    return Ranked(np.arange(n, dtype=np.int32), scores, hits, told, "v"), draw(strings), draw(strings), reasons


def with_shares(shares: Float32s) -> Reasons:
    return replace(Reasons.none(len(shares)), shares=shares)


def spans(strings):
    """Out of a table that has them the other way round."""
    return Strings(*encode(strings[::-1])).spans(range(len(strings))[::-1])


def made(ranked, ids, titles, message):
    """The same, message by message."""
    for i, (item_id, title, score) in enumerate(zip(ids, titles, ranked.scores.tolist(), strict=True)):
        item = message.items.add(item_id=item_id, title=title, score=score)
        hits = zip(ranked.hits.ranks[i].tolist(), ranked.hits.sources, ranked.hits.scores[i].tolist(), strict=True)
        for rank, name, value in sorted(hits, key=lambda hit: hit[0]):
            if rank:
                item.sources.add(name=name, rank=rank, score=value)
    return message


@given(answers())
def test_recommended_items_are_those_that_protobuf_makes(answer):
    ranked, ids, titles, reasons = answer
    expected = made(ranked, ids, titles, api.RecommendResponse(request_id="r"))
    for item, reason in zip(expected.items, reasons, strict=True):
        item.reason.CopyFrom(reason)
    response = api.RecommendResponse(request_id="r")
    told = [parts.Reason(kind=each.kind, text=each.text).SerializeToString() for each in reasons]
    add_items(response, ranked, spans(ids), spans(titles), told)
    assert response == expected
    assert response.SerializeToString() == expected.SerializeToString()


@given(answers())
@pytest.mark.parametrize("kind", [api.RetrieveResponse, api.RankResponse, api.SimilarItemsResponse])
def test_scored_items_are_those_that_protobuf_makes(kind, answer):
    ranked, ids, titles, _ = answer
    response = kind()
    add_items(response, ranked, spans(ids), spans(titles))
    assert response == made(ranked, ids, titles, kind())


@pytest.mark.parametrize(("share", "told"), [(np.nan, 0), (np.inf, 0), (-1.0, 0), (7.0, 1)])
def test_an_empty_reason_is_there_all_the_same_and_its_share_is_one(share, told):
    nothing = Hits((), np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32))
    one = Ranked(
        np.zeros(1, np.int32), np.ones(1, np.float32), nothing, with_shares(np.array([share], np.float32)), "v"
    )
    response = parts.Recommendation()
    add_items(response, one, spans(["i"]), spans([""]), [b""])
    assert response.items[0].HasField("reason") and response.items[0].reason.share == told


def test_an_answer_that_could_not_be_sent_is_not_made():
    nothing = Hits((), np.zeros((2, 0), np.int32), np.zeros((2, 0), np.float32))
    two = Ranked(np.zeros(2, np.int32), np.ones(2, np.float32), nothing, with_shares(np.ones(2, np.float32)), "v")
    texts = spans(["i", "j"]), spans(["x" * 50, "y" * 48])
    add_items(api.RetrieveResponse(), two, *texts, most_bytes=100)
    response = api.RetrieveResponse()
    with pytest.raises(AnswerTooLargeError) as refused:
        add_items(response, two, *texts, most_bytes=99)
    assert refused.value.metadata == {"bytes": "100", "most_bytes": "99"} and not response.items
