from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import DAY, EventType
from shortlist_data.dataset import Dataset
from shortlist_evaluation.protocol import Heldout, rows_of

CUT = int(datetime(2024, 1, 10, tzinfo=UTC).timestamp()) * 1_000_000


def dataset(*events):
    """Events as (user, item, days after the cut[, event type])."""
    return Dataset.of(
        pl.DataFrame(
            {
                "user_id": [e[0] for e in events],
                "item_id": [e[1] for e in events],
                "timestamp": pl.Series([CUT + int(e[2] * DAY) for e in events], dtype=pl.Int64).cast(
                    pl.Datetime("us", "UTC")
                ),
                "event_type": [e[3] if len(e) > 3 else "interaction" for e in events],
            }
        )
    )


def cut(*events):
    return Heldout.of(dataset(*events), CUT)


def named(heldout, sets):
    ids = heldout.train.item_ids
    return [[ids[int(i)] for i in sets.slice(n, n + 1).items] for n in range(len(heldout))]


def test_who_is_tested_and_on_what():
    heldout = cut(
        ("ann", "a", -3),
        ("ann", "b", -2),
        ("ann", "b", 1),  # had it before: no new item
        ("ann", "c", 2),
        ("ann", "c", 3),  # again: counts once
        ("ann", "z", 3),  # not in the training catalogue
        ("bob", "c", -1),
        ("bob", "c", 1),  # only what he had: not tested
        ("cid", "a", 1),  # no training row: not tested
        ("dan", "d", -1),
        ("dan", "a", 0),  # at the moment of the cut: test
    )
    assert heldout.user_ids == ["ann", "dan"]
    assert heldout.train.item_ids.to_list() == ["a", "b", "c", "d"]
    assert named(heldout, heldout.relevant) == [["c"], ["a"]]
    assert named(heldout, heldout.seen) == [["a", "b"], ["d"]]


def test_impressions_and_dislikes_count_for_nothing():
    heldout = cut(
        ("ann", "a", -3),
        ("bob", "b", -3),
        ("ann", "c", -2, "impression"),  # does not bring c into the catalogue
        ("eve", "a", -2, "dislike"),  # does not make eve a user
        ("eve", "b", 1),
        ("ann", "b", 1, "dislike"),
        ("bob", "a", 1, "like"),
    )
    assert heldout.train.item_ids.to_list() == ["a", "b"]
    assert heldout.user_ids == ["bob"]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([], "there are no interactions: "),
        ([("ann", "a", 1), ("ann", "b", 2)], "none of the 2 interactions lies before .*, the oldest is of .*: events "),
        ([("ann", "a", -1)], "all 1 interactions lie before .*, the newest at .*: events before and after it"),
        ([("ann", "a", -1), ("ann", "b", 1, "impression")], r"no event since .* wants an item \(1 impression\): "),
        ([("ann", "a", -1, "dislike"), ("ann", "b", 1)], r"no event before .* wants an item \(1 dislike\): "),
        ([("ann", "a", -1), ("bob", "a", 1)], "none of the 1 users who came since .* had come before: "),
        ([("ann", "a", -1), ("ann", "b", 1)], "the 1 users who came back .* only items that came later: "),
        ([("ann", "a", -1), ("ann", "a", 1)], "the 1 users who came back .* took no known item that was new to them: "),
    ],
)
def test_a_cut_that_leaves_nothing_to_test_is_explained(events, message):
    with pytest.raises(DataError, match=message):
        cut(*events)


def test_foreign_lists_are_held_to_the_same_candidates():
    heldout = cut(("ann", "a", -3), ("bob", "b", -3), ("bob", "c", -3), ("ann", "b", 1), ("bob", "a", 1))
    admitted = heldout.admit(np.array([[0, 2, 2, -1, 1], [7, 0, 1, -5, 2]], np.int32))
    assert admitted.tolist() == [[2, 1, -1, -1, -1], [0, -1, -1, -1, -1]]
    assert admitted.dtype == np.int32


def test_another_systems_numbering_is_translated():
    heldout = cut(("ann", "a", -3), ("bob", "b", -3), ("ann", "b", 1))
    assert heldout.item_rows(["b", "new", "a"]).tolist() == [1, -1, 0]


def test_matrix_is_binary_and_recent_on_demand():
    train = cut(("ann", "a", -30), ("ann", "a", -20), ("bob", "b", -14), ("bob", "a", -1), ("ann", "b", 1)).train
    assert train.matrix().toarray().tolist() == [[1, 0], [1, 1]]
    assert train.matrix(days=14).toarray().tolist() == [[0, 0], [1, 1]]
    assert train.matrix(days=13).toarray().tolist() == [[0, 0], [1, 0]]


def test_user_segments_by_number_of_training_events():
    events = [("ann", "a", -1)] * 3 + [("bob", "a", -1)] * 4 + [("cid", "a", -1)] * 51 + [("x", "b", -1)]
    heldout = cut(*events, *((user, "b", 1) for user in ("ann", "bob", "cid")))
    segments = heldout.user_segments()
    assert {name: members.tolist() for name, members in segments.items()} == {
        "cold": [True, False, False],
        "warm": [False, True, False],
        "heavy": [False, False, True],
    }


def test_rows_of_unknown_and_no_ids():
    assert rows_of(pl.Series(["x", "b"]), pl.Series(["a", "b"])).tolist() == [-1, 1]
    assert rows_of(pl.Series([], dtype=pl.String), pl.Series(["a"])).tolist() == []


def test_events_count_by_the_weights_of_a_bundle():
    weights = USUAL.with_kinds({EventType.VIEW: EventWeight(0), EventType.PURCHASE: EventWeight(3)})
    past = [("ann", item, -3, "purchase") for item in "abcd"] + [("bob", "a", -2, "purchase")]
    later = [("bob", "b", 1, "click"), ("bob", "b", 2, "purchase"), ("bob", "c", 1, "view"), ("bob", "d", 1, "click")]
    heldout = Heldout.of(dataset(*past, *later), CUT, weights)
    assert named(heldout, heldout.relevant) == [["b", "d"]]
    assert heldout.relevant.gains.tolist() == [3, 1]
    assert Heldout.of(dataset(*past, *later), CUT).relevant.gains is None
