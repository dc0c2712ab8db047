"""Stage two as it serves, with a scorer that was really trained."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from shortlist_core.errors import BundleRefusedError
from shortlist_core.types import DAY, NO_ITEM, EventType
from shortlist_layers.history import latest
from shortlist_ranking.arrangement.arrange import arrange
from shortlist_ranking.examples import model_inputs
from shortlist_ranking.features.matrix import feature_matrix
from shortlist_ranking.ranker import Ranker


@pytest.fixture(scope="module")
def trained(trained_bundle):
    return trained_bundle.trained


@pytest.fixture(scope="module")
def ranker(trained):
    """The scorer's order alone, whatever blend was chosen."""
    return of_share(trained, 1.0)


def of_share(trained, share):
    return Ranker.of(replace(trained.scorer, blend=replace(trained.scorer.blend, share=share)), trained.facts)


def of_share_one(trained):
    return replace(trained.scorer, blend=replace(trained.scorer.blend, share=1.0))


@pytest.fixture(scope="module")
def queries(trained, queries_of):
    return trained.table.histories.select(np.array([0, 3, 5]))


@pytest.fixture(scope="module")
def candidates(trained, queries):
    return trained.retriever.retrieve(queries, 60, blocked=queries.seen())


@pytest.fixture(scope="module")
def scores(ranker, queries, candidates):
    return ranker.rank(queries, candidates)


def logits(ranker, scores):
    slope, offset = ranker.calibration
    return (np.log(scores / (1 - scores)) - offset) / slope


def test_scores_are_probabilities_and_differ(scores, candidates):
    valid = scores[candidates.valid]
    assert ((valid > 0) & (valid < 1)).all()
    assert len(np.unique(valid)) > len(valid) / 2


def test_the_compiled_padded_function_is_the_plain_model(ranker, trained, queries, candidates, scores):
    """`Scorer.call` reads text and ids itself; serving reads vectors that were computed beforehand."""
    recent = latest(queries, queries.offsets[:-1], queries.offsets[1:])
    scaled = trained.scorer.scaling.apply(feature_matrix(queries, candidates, trained.facts))
    history, *rest = recent
    inputs = model_inputs(trained.table.features, candidates.items, scaled, history, *rest)
    plain = keras.ops.convert_to_numpy(trained.scorer.scorer(inputs))
    assert candidates.valid.all()
    assert logits(ranker, scores) == pytest.approx(plain[..., 0], abs=2e-3)
    ratios, types = ranker.rank_actions(queries, candidates)[1], ranker.actions.types
    assert EventType.PURCHASE in types and ratios.shape == plain[..., 1:].shape
    rates = trained.facts.rates
    so_far = rates.of_candidates(candidates.items, types), rates.of_users(queries, types)
    assert ratios == pytest.approx(ranker.actions.ratios(plain[..., 1:], *so_far), abs=2e-3)


def test_a_batch_ranks_as_lone_queries_do(ranker, queries, candidates, scores):
    names = ("items", "fused", "scores", "ranks", "moments")
    for query in range(len(queries)):
        lone = replace(candidates, **{name: getattr(candidates, name)[query : query + 1] for name in names})
        assert ranker.rank(queries.slice(query, query + 1), lone)[0] == pytest.approx(scores[query], abs=1e-5)


def test_a_candidates_score_does_not_depend_on_its_neighbours(ranker, trained, queries, candidates, scores):
    order = np.random.default_rng(0).permutation(candidates.items.shape[1])
    shuffled = ranker.rank(queries, trained.retriever.score(queries, candidates.items[:, order]))
    assert shuffled == pytest.approx(scores[:, order], abs=1e-5)
    few = ranker.rank(queries, trained.retriever.score(queries, candidates.items[:, order[:5]]))
    assert few == pytest.approx(scores[:, order[:5]], abs=1e-5)


def test_more_candidates_than_are_compiled_are_scored_in_parts(ranker, queries, candidates, scores, monkeypatch):
    monkeypatch.setattr(ranker, "_shapes", ((1, 16), (2, 64)))
    names = ("items", "fused", "scores", "ranks")
    twice = replace(candidates, **{name: np.concatenate([getattr(candidates, name)] * 2, axis=1) for name in names})
    assert ranker.rank(queries, twice) == pytest.approx(np.tile(scores, (1, 2)), abs=1e-5)


def test_a_warm_ranker_never_compiles(ranker, trained, queries, monkeypatch):
    ranker.warm()
    monkeypatch.setattr("shortlist_ranking.ranker.CompiledScorer", None)
    rows = np.arange(2_000, dtype=np.int32) % len(trained.table.item_ids)
    for batch in (1, 2, 3, 17):
        some = queries.select(np.arange(batch) % len(queries))
        for n in (1, 64, 129, 512, 513, 2_000):
            found = trained.retriever.score(some, np.tile(rows[:n], (batch, 1)))
            assert np.isfinite(ranker.rank(some, found)).all()


def test_padding_sinks(ranker, trained, queries, candidates, scores):
    items = candidates.items.copy()
    items[:, 40:] = NO_ITEM
    found = ranker.rank(queries, trained.retriever.score(queries, items))
    assert (found[:, 40:] == -np.inf).all()
    assert found[:, :40] == pytest.approx(scores[:, :40], abs=1e-5)


def test_nothing_to_rank(ranker, trained, queries, queries_of):
    none = trained.retriever.score(queries, np.zeros((3, 0), np.int32))
    assert ranker.rank(queries, none).shape == (3, 0)
    nobody = queries_of([])
    assert ranker.rank(nobody, trained.retriever.score(nobody, np.zeros((0, 5), np.int32))).shape == (0, 5)


def test_strangers_get_stage_ones_order_at_the_level_of_others(ranker, trained, queries_of):
    both = queries_of([[], [3]], now=20_000)
    found = trained.retriever.retrieve(both, 20)
    told = logits(ranker, ranker.rank(both, found)[0])
    assert told == pytest.approx(found.fused[0] + ranker.stage_one_level, abs=1e-3)
    assert logits(ranker, ranker.rank(both, found)[1]) != pytest.approx(
        found.fused[1] + ranker.stage_one_level, abs=1e-3
    )


def test_stage_one_has_half_a_say_for_users_who_have_been_away(trained, queries_of):
    ranker = Ranker.of(of_share_one(trained), trained.facts, absent_after=1_000 * DAY)
    both = queries_of([[3], [3]], times=[[20_000], [18_000]], now=20_000)
    found = trained.retriever.retrieve(both, 20)
    told, fused = logits(ranker, ranker.rank(both, found)), found.fused + ranker.stage_one_level
    alone = logits(ranker, of_share(trained, 1.0).rank(both, found))
    assert told[0] == pytest.approx(alone[0], abs=1e-3)
    assert told[1] == pytest.approx((alone[1] + fused[1]) / 2, abs=5e-3)
    assert of_share(trained, 0.25).absent_after == np.inf


def test_a_blend_lies_between_the_scorer_and_stage_one(ranker, trained, queries, candidates, scores):
    logit, fused = logits(ranker, scores), candidates.fused + ranker.stage_one_level
    for share in (0.0, 0.25, 0.75):
        blend = of_share(trained, share)
        assert logits(blend, blend.rank(queries, candidates)) == pytest.approx(
            share * logit + (1 - share) * fused, abs=5e-3
        )


def test_only_what_is_new_and_untaken_is_put_right(ranker, trained, queries, candidates, scores):
    new = np.zeros(len(trained.table.item_ids), bool)
    new[candidates.items[0, :2]] = True
    untold = candidates.scores.copy()
    popular = [name.startswith("popular") for name in candidates.sources]
    untold[0, 0, popular], untold[0, 1, popular] = 0, 1
    added = np.zeros(len(ranker.scaling.mean) + 1, np.float32)
    added[-1] = 2
    facts = replace(ranker.facts, new=new)
    some = replace(candidates, scores=untold)
    rankers = [
        Ranker(ranker.scorer, ranker.scaling, facts, ranker.item_vectors, ranker.calibration, new_item_weights=weights)
        for weights in (added, None)
    ]
    for each in rankers:
        each._compiled = ranker._compiled
    changed, usual = (logits(ranker, each.rank(queries, some)[0]) for each in rankers)
    assert changed[0] - usual[0] == pytest.approx(2, abs=1e-2)
    assert changed[1:] == pytest.approx(usual[1:], abs=1e-4)


def test_a_broken_number_never_wins(ranker, queries, candidates, scores):
    """The price of the best candidate is not a number: it sinks, the others stay as they are."""
    best = int(scores[0].argmax())
    prices = ranker.facts.prices.copy()
    prices[candidates.items[0, best]] = np.nan
    broken = Ranker(
        ranker.scorer, ranker.scaling, replace(ranker.facts, prices=prices), ranker.item_vectors, ranker.calibration
    )
    broken._compiled = ranker._compiled
    own = queries.slice(0, 1)
    assert candidates.items[0, best] not in own.items  # whose prices count too
    lone = replace(
        candidates, **{n: getattr(candidates, n)[:1] for n in ("items", "fused", "scores", "ranks", "moments")}
    )
    found, usual = broken.rank(own, lone)[0], ranker.rank(own, lone)[0]
    assert not np.isfinite(found[best])
    shown = arrange(found, len(found)).positions
    assert shown[-1] == best
    others = np.arange(len(found)) != best
    assert found[others] == pytest.approx(usual[others], abs=1e-6)


def test_no_argument_is_written_to(ranker, queries, candidates):
    for array in (
        ranker.item_vectors,
        *(getattr(candidates, n) for n in ("items", "fused", "scores", "ranks", "moments")),
    ):
        array.setflags(write=False)
    before = [queries.items.copy(), queries.times.copy()]
    ranker.rank(queries, candidates)
    assert np.array_equal(before[0], queries.items)
    assert np.array_equal(before[1], queries.times)


def test_vectors_for_diversity_are_of_unit_length(ranker):
    assert np.linalg.norm(ranker.vectors(np.arange(9)), axis=1) == pytest.approx(np.ones(9), abs=1e-5)


def test_a_loaded_ranker_ranks_the_same(trained, trained_bundle, queries, candidates):
    scores = Ranker.of(trained.scorer, trained.facts).rank(queries, candidates)
    assert Ranker.load(trained_bundle.load()).rank(queries, candidates) == pytest.approx(scores, abs=1e-6)


def test_weights_of_another_shape_are_refused(ranker, stored):
    def write(writer):
        ranker.facts.write(writer)
        config = replace(ranker.scorer.config, dim=ranker.scorer.config.dim + 1)
        keeper, ranker.scorer.config = ranker.scorer.config, config
        try:
            ranker.write(writer)
        finally:
            ranker.scorer.config = keeper

    with pytest.raises(BundleRefusedError, match=r"scorer\.safetensors"):
        Ranker.load(stored(write))
