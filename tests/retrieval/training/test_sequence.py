"""The models of order: what serves does the arithmetic of what was trained, and order alone is enough to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import EventType, Queries
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.sequence_encoders.encoder import LENGTH
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.sequence_encoders.registry import ENCODERS
from shortlist_retrieval.sources.sequence_steps import MOMENTS, Clock, steps_of
from shortlist_retrieval.training.sequence_batches import SequenceBatches
from shortlist_retrieval.training.sequence_readers import READERS
from shortlist_retrieval.training.sequence_training import SequenceTraining

pytestmark = pytest.mark.system  # models are trained

HOUR = 3_600_000_000


@pytest.fixture(params=OrderModel)
def model(request: pytest.FixtureRequest) -> OrderModel:
    return OrderModel(request.param)


def test_every_name_has_a_model_that_is_trained_and_served() -> None:
    assert list(ENCODERS) == list(READERS) == list(OrderModel)


def histories(
    lists: list[list[int]], hours: list[list[float]] | None = None, type: int = EventType.PURCHASE
) -> Queries:
    """One user for each list of items, an hour between two events unless `hours` says when they were."""
    lengths = [len(items) for items in lists]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    times = np.concatenate([np.array(hours[i] if hours else range(n), float) for i, n in enumerate(lengths)] or [[]])
    items = np.concatenate([np.array(each, np.int32) for each in lists] or [[]]).astype(np.int32)
    n = len(items)
    now = np.full(len(lists), 10_000 * HOUR, np.int64)
    return Queries(
        offsets, items, (times * HOUR).astype(np.int64), np.full(n, type, np.int8), np.ones(n, np.float32), now
    )


def test_what_serves_is_what_was_trained(model: OrderModel) -> None:
    generator = np.random.default_rng(0)
    lists = [generator.integers(0, 30, n).tolist() for n in (1, 2, 7, 40, 230, 0)]
    queries = histories(lists)
    training = SequenceTraining(30, 1, 0.1, model)
    source = training.fit(steps_of(queries, 30), np.inf, 3)
    steps = steps_of(queries, 30, LENGTH)
    for user in range(5):
        span = slice(steps.offsets[user], steps.offsets[user + 1])
        n = span.stop - span.start
        rows = {name: np.zeros((1, LENGTH), np.int32) for name in ("items", "types", "pauses", "moments", "users")}
        for name in ("items", "types", "pauses"):
            rows[name][0, :n] = getattr(steps, name)[span]
        rows["moments"][0, :n] = source.clock.parts(steps.times[span])
        rows["users"][0, n:] = -1
        expected = np.asarray(training.model.read(**rows))[0, n - 1]
        np.testing.assert_allclose(source.encode(queries)[user], expected, rtol=2e-3, atol=2e-3)
    assert not source.encode(queries)[5].any()


def test_of_a_row_each_user_reads_the_own_steps_alone(model: OrderModel) -> None:
    training = SequenceTraining(30, 1, 0.1, model)
    training.fit(steps_of(histories([np.random.default_rng(0).integers(0, 30, 40).tolist()]), 30), np.inf, 2)
    rows = {name: np.zeros((2, LENGTH), np.int32) for name in ("items", "types", "pauses", "moments", "users")}
    rows["items"][:] = np.arange(LENGTH) % 7
    rows["items"][0, :50] = 29  # what the user before had in the first row, and not in the second
    rows["users"][:, 50:] = 1
    rows["users"][1, :50] = 2
    first, second = np.asarray(training.model.read(**rows))
    assert np.abs(first[:50] - second[:50]).max() > 1e-2
    np.testing.assert_allclose(first[50:], second[50:], rtol=1e-4, atol=1e-5)


def test_vectors_do_not_depend_on_who_shares_the_batch(model: OrderModel) -> None:
    generator = np.random.default_rng(0)
    queries = histories([generator.integers(0, 30, n).tolist() for n in range(1, 40)])
    source = SequenceTraining(30, 1, 0.1, model).fit(steps_of(queries, 30), np.inf, 2)
    together = source.encode(queries)
    for user in (0, 17, 38):
        np.testing.assert_allclose(
            source.encode(queries.slice(user, user + 1))[0], together[user], rtol=1e-4, atol=1e-5
        )


def test_order_alone_is_learned(model: OrderModel) -> None:
    """Everybody takes all items equally often, and item k is always followed by k + 1, or by k + 7 after a leap."""
    generator = np.random.default_rng(3)
    n_items, lists, following = 60, [], []
    for _ in range(600):
        item, walk = int(generator.integers(n_items)), []
        for _ in range(13):
            walk.append(item)
            item = (item + 7) % n_items
        lists.append(walk[:-1])
        following.append(walk[-1])
    queries = histories(lists)
    source = SequenceTraining(n_items, 1, 0.1, model).fit(steps_of(queries, n_items), np.inf, 100)
    some = queries.slice(0, 200)
    first = source.scores(some).top(3, Exclusions(some.seen()))
    assert np.mean([following[i] in first[i] for i in range(200)]) > 0.9


def test_what_is_in_fashion_is_learned(model: OrderModel) -> None:
    """Everybody takes one item for long, and what follows it is not the same in the first half of time and later."""
    generator = np.random.default_rng(5)
    late = generator.random(400) < 0.5
    lists = [[int(generator.integers(10)), 20 + int(is_late)] for is_late in late]
    hours = [[1_000.0 * is_late + generator.random(), 1_000.0 * is_late + 2] for is_late in late.tolist()]
    queries = histories(lists, hours)
    source = SequenceTraining(30, 1, 0.0, model).fit(steps_of(queries, 30), np.inf, 60)
    for hour, expected in ((0.5, 20), (1_000.5, 21)):
        asked = histories([[3]], [[hour]])
        assert source.scores(asked).top(1, Exclusions(asked.seen()))[0, 0] == expected


def test_what_comes_after_the_training_counts_as_its_end() -> None:
    clock = Clock.of(np.array([0, 640 * HOUR]))
    assert clock.last == MOMENTS - 1
    later = clock.until(700 * HOUR)
    times = np.array([-HOUR, 0, 640 * HOUR, 700 * HOUR, 10_000 * HOUR])
    assert clock.parts(times).tolist() == [0, 0, clock.last, clock.last, clock.last]
    assert later.parts(times).tolist() == [0, 0, clock.last, later.last, later.last]
    assert later.last > clock.last
    assert Clock.of(np.zeros(0, np.int64)).parts(times).tolist() == [0] * 5


def test_a_step_is_predicted_from_earlier_moments_alone() -> None:
    queries = histories([[1, 2, 3, 4]], [[0, 1, 1, 2]])
    batches = SequenceBatches(steps_of(queries, 5), 5, np.inf, 1, 0, Clock(0, HOUR, 3))
    assert batches.back.tolist()[1:] == [1, 2, 1]
    assert batches.weights[0] == 0 and (batches.weights[1:] > 0).all()


def test_a_repeated_item_is_read_but_not_predicted() -> None:
    batches = SequenceBatches(steps_of(histories([[1, 2, 1, 3]]), 5), 5, np.inf, 1, 0, Clock(0, HOUR, 3))
    assert (batches.weights > 0).tolist() == [False, True, False, True]


def test_steps_are_wanted_events_of_the_bundles_items_and_runs_are_one_step() -> None:
    lists = [[1, 1, 2, 9, 2, 3]]
    assert steps_of(histories(lists), 5).items.tolist() == [1, 2, 3]
    assert len(steps_of(histories(lists, type=EventType.DISLIKE), 5)) == 0


@pytest.mark.parametrize("lists", [[[]], [[4]], [[1, 1, 1]]])
def test_histories_without_anything_to_predict_train_nothing(lists: list[list[int]], model: OrderModel) -> None:
    source = SequenceTraining(5, 1, 0.1, model).fit(steps_of(histories(lists), 5), np.inf, 2)
    assert np.isfinite(source.encode(histories([[1, 2]]))).all()


def test_a_step_is_learned_from_by_the_strongest_event_on_its_item() -> None:
    rules = USUAL.with_kinds({EventType.PURCHASE: EventWeight(3)})
    queries = histories([[1, 2, 2, 3, 4]], type=EventType.VIEW)
    kinds = np.array([EventType.VIEW, EventType.VIEW, EventType.PURCHASE, EventType.VIEW, EventType.VIEW], np.int8)
    steps = steps_of(replace(queries, types=kinds, rules=rules), 5)
    assert steps.weights.tolist() == [1, 3, 1, 1]
    batches = SequenceBatches(steps, 5, np.inf, 1, 0, Clock(0, HOUR, 3))
    assert (batches.weights[1:] / batches.weights[2]).tolist() == [3, 1, 1]
