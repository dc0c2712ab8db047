import numpy as np
import pytest

from shortlist_core.types import NO_ITEM
from shortlist_layers.history import HISTORY
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.action_labels import POSSIBLE
from shortlist_ranking.examples import ExampleBatches, Examples, Scaling


def examples(queries, n, taken=1, seed=0, padded=0):
    """`taken` of `n` candidates are taken, the last `padded` are padding."""
    generator = np.random.default_rng(seed)
    labels = np.zeros((queries, n), np.float32)
    labels[:, :taken] = 1
    labels[:, n - padded :] = -1
    candidates = np.stack([generator.permutation(30)[:n] for _ in range(queries)]).astype(np.int32)
    candidates[labels < 0] = NO_ITEM
    empty = np.zeros((queries, HISTORY), np.int32)
    raw = generator.normal(3, 2, (queries, n, 4)).astype(np.float32)
    users = np.arange(queries) + 100 * seed
    ideal, done = np.ones(queries, np.float32), (labels > 0).astype(np.uint16)
    rates = np.zeros((queries, len(POSSIBLE)), np.float32)
    return Examples(candidates, raw, labels, ideal, users, empty, empty.astype(np.float32), empty, empty, done, rates)


@pytest.fixture(scope="module")
def items():
    texts = [f"thing {i}" for i in range(30)]
    return ItemFeatures.build(
        texts, np.zeros(31, np.int64), np.zeros(0, np.int32), 0, np.full(30, np.nan), np.ones(30, bool)
    )


def test_joining_pads_the_shorter_lists():
    joined = Examples.join([examples(2, 5), examples(3, 8, seed=1)])
    assert joined.candidates.shape == joined.labels.shape == (5, 8)
    assert (joined.labels[:2, 5:] == -1).all()
    assert (joined.candidates[:2, 5:] == NO_ITEM).all()
    assert joined.users.tolist() == [0, 1, 100, 101, 102]


def test_selecting_keeps_rows_together():
    both = examples(4, 5)
    some = both.select(np.array([3, 1]))
    assert np.array_equal(some.features, both.features[[3, 1]])
    assert some.users.tolist() == [3, 1]


def test_scaling_is_of_the_candidates_without_padding():
    made = examples(40, 10, padded=4)
    made.features[:, 6:] = 1e6
    scaling = Scaling.fit(made)
    scaled = scaling.apply(made.features[:, :6])
    assert scaled.mean(axis=(0, 1)) == pytest.approx(np.zeros(4), abs=1e-4)
    assert scaled.std(axis=(0, 1)) == pytest.approx(np.ones(4), abs=1e-4)


def test_an_outlier_is_held_to_what_training_saw_and_a_constant_is_zero():
    made = examples(20, 10)
    made.features[..., 1] = 5
    scaling = Scaling.fit(made)
    lowest, highest = (scaling.apply(extreme(made.features, axis=(0, 1))) for extreme in (np.min, np.max))
    assert np.array_equal(scaling.apply(np.full(4, -1e9, np.float32)), lowest)
    assert np.array_equal(scaling.apply(np.full(4, 1e9, np.float32)), highest)
    assert lowest[1] == highest[1] == 0


def test_left_out_features_read_as_zero():
    scaling = Scaling.fit(examples(20, 10)).without(np.array([True, False, False, True]))
    scaled = scaling.apply(np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32))
    assert not scaled[:, [0, 3]].any()
    assert scaled[:, [1, 2]].all()


def test_batches_hold_all_that_was_taken_and_a_changing_part_of_the_rest(items):
    made = examples(16, 20, taken=3, padded=5)
    batches = ExampleBatches(made, items, Scaling.fit(made), 8, 10, 0)
    seen = set()
    for _ in range(4):
        for step in range(len(batches)):
            inputs, labels = batches[step]
            assert labels.shape == inputs["candidates"].shape == (8, 10)
            assert (labels == 1).sum(axis=1).tolist() == [3] * 8
            assert not (labels == -1).any(), "padding comes only where there is nothing else"
            seen |= {tuple(own) for own in (inputs["ids"][inputs["candidates"]] - 1).tolist()}
        batches.on_epoch_end()
    assert len(seen) > 32, "other candidates in every epoch"


def test_a_batch_gives_candidates_their_own_labels_and_features(items):
    made = examples(8, 12, taken=2)
    scaling = Scaling.fit(made)
    inputs, labels = ExampleBatches(made, items, scaling, 8, 12, 0)[0]
    scaled = scaling.apply(made.features)
    for row, own in enumerate(inputs["ids"][inputs["candidates"]] - 1):
        query = next(q for q in range(8) if set(made.candidates[q]) == set(own))
        where = {item: n for n, item in enumerate(made.candidates[query].tolist())}
        at = [where[item] for item in own.tolist()]
        assert labels[row].tolist() == made.labels[query, at].tolist()
        assert np.array_equal(inputs["features"][row], scaled[query, at])


def test_fewer_candidates_than_a_batch_is_wide(items):
    made = examples(8, 6)
    assert ExampleBatches(made, items, Scaling.fit(made), 4, 200, 0)[0][1].shape == (4, 6)


def test_same_seed_same_batches(items):
    made = examples(16, 20)
    first, again = (ExampleBatches(made, items, Scaling.fit(made), 8, 10, 4)[0] for _ in range(2))
    assert np.array_equal(first[0]["candidates"], again[0]["candidates"])
