"""Data that cannot be trained on is refused before any work, for the reason that is true of it."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from shortlist_core.errors import DataError
from shortlist_data.dataset import Dataset
from shortlist_training.demands import demand, least_bytes

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=100)


def micros(time):
    return int(time.timestamp()) * 1_000_000


def data(rows=60, user="u{}", users=7, item="i{}", items=11, kind="view", times=None):
    return Dataset.of(
        pl.DataFrame(
            {
                "user_id": [user.format(i % users) for i in range(rows)],
                "item_id": [item.format(i % items) for i in range(rows)],
                "timestamp": times or [START + timedelta(days=i) for i in range(rows)],
                "event_type": [kind] * rows,
            },
            schema_overrides={"user_id": pl.String, "item_id": pl.String, "event_type": pl.String},
        )
    )


def with_values(values):
    return Dataset.of(data().interactions.with_columns(value=pl.Series(values * 20)))


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        (data(49), "there are 49 interactions; training needs at least 50"),
        (data(kind="impression"), r"no interaction says that somebody wants an item \(60 impression\)"),
        (data(items=1), "all 60 interactions are about the item 'i0': training needs at least two"),
        (data(users=60), r"each of the 60 users has a single item \(11 items, 60 interactions\)"),
        (data(item="same", user="one", items=1), "all 60 interactions are about the item 'same'"),
        (with_values([1.0, float("nan"), float("inf")]), "40 of 60 interactions have a value that is no finite number"),
    ],
)
def test_each_cause_has_a_message_of_its_own(dataset, why):
    with pytest.raises(DataError, match=why):
        demand(dataset, now=micros(NOW))


@pytest.mark.parametrize("times", [[START] * 60, [START + timedelta(minutes=i) for i in range(60)]])
def test_data_without_times_or_of_an_hour_will_do(times):
    assert demand(data(times=times), now=micros(NOW)).interactions.height == 60


def test_one_user_with_several_items_will_do():
    assert demand(data(users=1), now=micros(NOW)).interactions.height == 60


def test_too_little_before_a_time_names_the_span_of_the_data():
    with pytest.raises(DataError) as caught:
        demand(data(), micros(START + timedelta(days=20)), micros(NOW))
    assert str(caught.value) == (
        "there are 20 interactions before 2024-01-21 00:00 UTC, of 60 from 2024-01-01 00:00 UTC to"
        " 2024-02-29 00:00 UTC; training needs at least 50"
    )


def with_future(days):
    return data(times=[START] * 58 + [NOW + timedelta(days=days), NOW + timedelta(days=days + 1)])


def test_times_in_the_future_are_refused_with_their_number_and_what_to_do():
    with pytest.raises(DataError) as caught:
        demand(with_future(400), now=micros(NOW))
    assert str(caught.value) == (
        "2 of 60 interactions lie more than a day in the future, the newest at 2025-05-16 00:00 UTC, and training would"
        " take that for the present (now it is 2024-04-10 00:00 UTC): import the data again without them, or train with"
        " --until 2024-04-10T00:00"
    )


def test_a_time_that_far_off_that_no_calendar_has_it_is_refused_too():
    odd = Dataset.of(data().interactions.with_columns(timestamp=pl.lit(2**62).cast(pl.Datetime("us", "UTC"))))
    with pytest.raises(DataError, match="60 of 60 interactions lie more than a day in the future"):
        demand(odd, now=micros(NOW))


def test_a_clock_that_is_a_little_fast_is_no_future():
    assert demand(with_future(-0.5), now=micros(NOW)).interactions.height == 60


def test_what_is_cut_off_may_lie_in_the_future_but_the_cut_may_not():
    assert demand(with_future(400), micros(NOW), micros(NOW)).interactions.height == 58
    with pytest.raises(DataError, match="2025-05-15 00:00 UTC lies in the future, now it is 2024-04-10 00:00 UTC"):
        demand(with_future(400), micros(NOW + timedelta(days=400)), micros(NOW))


@pytest.mark.system
def test_no_bundle_takes_less_than_is_asked_for(trained_bundle):
    files = trained_bundle.load().manifest.files.values()
    known = Dataset.read(trained_bundle.data).until(
        micros(datetime.fromisoformat(f"{trained_bundle.until}T00:00+00:00"))
    )
    assert sum(entry.bytes for entry in files) / 4 < least_bytes(known) < sum(entry.bytes for entry in files)
