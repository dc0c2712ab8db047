import numpy as np
import pytest

from shortlist_core.types import DAY, SECOND
from shortlist_layers.history import GAPS, HISTORY, WINDOW, latest


def of(queries):
    return latest(queries, queries.offsets[:-1], queries.offsets[1:], queries.now)


def test_newest_first_and_padding_behind(queries_of):
    items, present, types, _ = of(queries_of([[4, 5, 6], [], [7]], types=[[1, 2, 3], [], [4]]))
    assert items.shape == (3, HISTORY)
    assert items[:, :4].tolist() == [[6, 5, 4, 0], [0, 0, 0, 0], [7, 0, 0, 0]]
    assert present.sum(axis=1).tolist() == [3, 0, 1]
    assert types[:, :4].tolist() == [[3, 2, 1, 0], [0, 0, 0, 0], [4, 0, 0, 0]]


def test_an_item_stands_once_where_its_newest_event_is(queries_of):
    """Viewed, put in the cart and bought is one step of a history, not three."""
    queries = queries_of([[4, 5, 5, 4, 6, 6, 6]], times=[[1, 2, 3, 4, 5, 6, 7]], types=[[1, 1, 3, 4, 1, 3, 4]], now=7)
    items, present, types, gaps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
    assert items[0, :4].tolist() == [6, 4, 5, 0]
    assert present[0].sum() == 3
    assert types[0, :3].tolist() == [4, 4, 3]
    assert gaps[0, :3].tolist() == [0, int(np.log2(1 + 3 * 24)), int(np.log2(1 + 24))]


def test_long_histories_keep_the_newest(queries_of):
    items, present, *_ = of(queries_of([[1], list(range(HISTORY + 20))]))
    assert items[1].tolist() == list(range(HISTORY + 19, 19, -1))
    assert present[1].all()
    assert present[0].sum() == 1, "the one before it is not read over"


def test_ages_are_in_powers_of_two_of_hours(queries_of):
    hours = [0, 0.5, 1, 3, 100, 1e9]
    queries = queries_of([list(range(6))], times=[[100 - h / 24 for h in reversed(hours)]])
    *_, gaps = of(queries)
    assert gaps[0, :6].tolist() == [0, 0, 1, 2, 6, GAPS - 1]


def test_without_a_moment_to_look_from_it_is_the_pause_until_the_next_event(queries_of):
    queries = queries_of([[4, 5, 6], [7]], times=[[10, 10 + 3 / 24, 99], [1]])
    *_, gaps = latest(queries, queries.offsets[:-1], queries.offsets[1:])
    day_pauses = int(np.log2(1 + (99 - 10) * 24 - 3))
    assert gaps[:, :3].tolist() == [[0, day_pauses, 2], [0, 0, 0]]


def test_an_event_of_the_future_is_as_new_as_can_be(queries_of):
    """Clocks of callers differ: an event may bear a time after the request's."""
    *_, gaps = of(queries_of([[1]], times=[[101]]))
    assert gaps[0, 0] == 0


def test_no_event_at_all(queries_of):
    for array in of(queries_of([[], []])):
        assert array.shape == (2, HISTORY)
        assert not array.any()


def test_spans_can_end_before_the_histories_do(queries_of):
    queries = queries_of([[4, 5, 6]])
    items, present, _, gaps = latest(queries, np.array([0]), np.array([1]), queries.times[[1]])
    assert (items[0, 0], present[0].sum()) == (4, 1)
    assert gaps[0, 0] == pytest.approx(np.log2(1 + DAY / 3.6e9), abs=1)


@pytest.mark.parametrize("pauses", [True, False])
@pytest.mark.parametrize("n_items", [3, 60, 10_000])
def test_it_is_what_a_walk_back_through_the_events_finds(queries_of, n_items, pauses):
    generator = np.random.default_rng(n_items)
    lengths = [0, 1, 7, 60, 130, 300]
    queries = queries_of(
        [generator.integers(0, n_items, n) for n in lengths],
        times=[np.sort(generator.exponential(50, n)) for n in lengths],
        types=[generator.integers(0, 9, n) for n in lengths],
        now=120,
    )
    now = None if pauses else queries.now
    starts, stops = (
        queries.offsets[:-1] + np.array([0, 0, 2, 1, 20, 3]),
        queries.offsets[1:] - np.array([0, 0, 0, 5, 1, 9]),
    )
    found = latest(queries, starts, stops, now)
    for i in range(len(lengths)):
        kept: dict[int, int] = {}
        for at in range(stops[i] - 1, max(starts[i], stops[i] - WINDOW) - 1, -1):
            kept.setdefault(int(queries.items[at]), at)
        places = list(kept.values())[:HISTORY]
        times = queries.times[places]
        until = np.concatenate([times[:1], times[:-1]]) if pauses else queries.now[i]
        gaps = np.minimum(np.log2(1 + np.maximum(until - times, 0) / (3600 * SECOND)), GAPS - 1).astype(int)
        wanted = queries.items[places], np.ones(len(places)), queries.types[places], gaps
        for array, own in zip(found, wanted, strict=True):
            assert array[i].tolist() == [*own.tolist(), *[0] * (HISTORY - len(places))]
