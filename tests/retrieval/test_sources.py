"""What every source keeps to, whatever its kind: the same questions, with dense arithmetic as the oracle."""

import ast
import inspect
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shortlist_core.errors import BundleRefusedError
from shortlist_core.event_weights import USUAL, EventWeight
from shortlist_core.types import DAY, NO_GROUP, NO_ITEM, EventType
from shortlist_layers.item_encoding import ItemEncoding
from shortlist_retrieval.index.vector_index import VectorIndex
from shortlist_retrieval.neighbours import cosine, ease
from shortlist_retrieval.profile import history_profile
from shortlist_retrieval.sequence_encoders.gru import GRU
from shortlist_retrieval.sequence_encoders.lstm import LSTM
from shortlist_retrieval.sequence_encoders.transformer import Transformer
from shortlist_retrieval.sources.als import ALS
from shortlist_retrieval.sources.cosine import Cosine
from shortlist_retrieval.sources.demographic import Demographic
from shortlist_retrieval.sources.hours import Hours
from shortlist_retrieval.sources.in_context import InContext
from shortlist_retrieval.sources.item_item import ItemItem
from shortlist_retrieval.sources.likeness import Likeness
from shortlist_retrieval.sources.newcomers import Newcomers
from shortlist_retrieval.sources.popularity import Popularity
from shortlist_retrieval.sources.recent_item_item import RecentItemItem
from shortlist_retrieval.sources.registry import SOURCES, load_source, source_class
from shortlist_retrieval.sources.sequence import SequenceSource
from shortlist_retrieval.sources.sequence_steps import MOMENTS, Clock
from shortlist_retrieval.sources.similar_users import SimilarUsers
from shortlist_retrieval.sources.text import Text
from shortlist_retrieval.sources.transitions import Transitions, transition_weights
from shortlist_retrieval.sources.two_tower import TwoTower
from shortlist_retrieval.sources.vector_source import VectorSource

ITEMS, USERS = 60, 80
GENERATOR = np.random.default_rng(0)
HISTORIES = [GENERATOR.integers(0, ITEMS, GENERATOR.integers(1, 12)).tolist() for _ in range(USERS)]
ASKED = [[3, 8, 8, 21], [], [59], list(range(10)), HISTORIES[0]]


def unit(*shape):
    vectors = GENERATOR.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def tower():
    shapes = {"places": (50, 4), "types": (9, 4), "gaps": (16, 4), "hidden.kernel": (256, 128), "hidden.bias": (128,)}
    shapes |= {"mix.kernel": (128, 64), "mix.bias": (64,)}
    weights = {name: GENERATOR.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}
    items = {"categories": np.zeros((1, 16)), "project.kernel": np.zeros((18, 64)), "project.bias": np.zeros(64)}
    encoding = ItemEncoding({name: values.astype(np.float32) for name, values in items.items()})
    return TwoTower(VectorIndex.build(unit(ITEMS, 64)), weights, encoding, np.ones(ITEMS, np.float32))


def sequence(encoder):
    shapes = {
        "types": (9, 64),
        "pauses": (16, 64),
        "moments": (2 * MOMENTS, 64),
        "centre": (64,),
        "end.scale": (64,),
        "end.shift": (64,),
    }
    for block in range(2):
        shapes |= {f"{block}.{norm}.{part}": (64,) for norm in ("attention", "gated") for part in ("scale", "shift")}
        shapes |= {f"{block}.ask": (64, 64), f"{block}.read": (64, 128), f"{block}.mix": (64, 64)}
        shapes |= {f"{block}.distance": (200, 2), f"{block}.widen": (64, 256), f"{block}.narrow": (128, 64)}
    gates = {"gru": 3, "lstm": 4}.get(encoder.name)
    if gates:
        shapes |= {"gates": (64, 64 * gates), "bias": (64 * gates,), "recurrent": (64, 64 * gates), "mix": (64, 64)}
    weights = {name: GENERATOR.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return SequenceSource(VectorIndex.build(unit(ITEMS, 64)), encoder(weights), Clock(0, DAY, 100))


FIT = {
    "item_item": lambda q: ItemItem(ease(history_profile(q, ITEMS, np.inf).matrix(), 10.0)),
    "item_item_recent": lambda q: RecentItemItem(ease(history_profile(q, ITEMS, 3.0, True).matrix(), 9.0), 3.0, True),
    "cosine": lambda q: Cosine(cosine(history_profile(q, ITEMS, np.inf).matrix()), 3.0),
    "text": lambda q: Text(cosine(history_profile(q, ITEMS, np.inf).matrix()), 5.0),
    "transitions": lambda q: Transitions(transition_weights(q, ITEMS)),
    "similar_users": lambda q: SimilarUsers.of_histories(q, ITEMS, 5.0),
    "als": lambda q: ALS.factorised(history_profile(q, ITEMS, np.inf).matrix(), 16, 0),
    "popular": lambda q: Popularity.counted("popular", q, ITEMS, np.inf),
    "popular_4d": lambda q: Popularity.counted("popular_4d", q, ITEMS, 4),
    "two_tower": lambda q: tower(),
    "sequence": lambda q: sequence(Transformer),
    "sequence (gru)": lambda q: sequence(GRU),
    "sequence (lstm)": lambda q: sequence(LSTM),
    "newcomers": lambda q: Newcomers.counted(q, ITEMS, 5.0),
    "likeness": lambda q: Likeness(VectorIndex.build(LOOKS), 5.0),
    "hours": lambda q: Hours.counted(q, ITEMS),
    "context": lambda q: InContext.counted(in_contexts(q), ITEMS),
    "demographic": lambda q: Demographic.counted(q, np.zeros((len(q), 1), np.int32), ITEMS),
}
LOOKS = unit(ITEMS, 8)


def in_contexts(queries):
    """Every second event in the one context that there is."""
    contexts = np.where(np.arange(len(queries.items)) % 2, 0, NO_GROUP).astype(np.int32)[:, None]
    return replace(queries, event_contexts=contexts)


WITHOUT_HISTORY = ("popular", "popular_4d", "newcomers", "hours")


@pytest.fixture(scope="module")
def sources(queries_of):
    return {name: fit(queries_of(HISTORIES)) for name, fit in FIT.items()}


@pytest.fixture(params=FIT)
def source(request, sources):
    return sources[request.param]


@pytest.fixture
def asked(queries_of):
    return queries_of(ASKED)


def dense(answer, batch):
    return answer.at(np.arange(ITEMS, dtype=np.int32)[None].repeat(batch, 0))


def listed(source, answer, scores, query, allowed):
    """How many items the source has to list for a query: all that it says something about."""
    if not ASKED[query] and source.name not in WITHOUT_HISTORY:
        return 0
    if isinstance(source, VectorSource):
        return int(allowed[query].sum())
    return int((scores[query] > 0)[allowed[query]].sum())


def test_the_contract_covers_every_kind(sources):
    assert {type(source) for source in sources.values()} == set(SOURCES)


def test_no_source_imports_another():
    modules = {source.__module__ for source in SOURCES}
    for source in SOURCES:
        tree = ast.parse(Path(inspect.getfile(source)).read_text())
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & modules, source


def test_names_and_kinds_lead_to_their_class():
    assert source_class("ItemItem", "text") is Text
    assert source_class("Popularity", "popular_14d") is Popularity
    assert source_class("of tomorrow", "text") is None


def test_an_unknown_kind_of_source_is_refused(sources, stored):
    bundle = stored(sources["als"].write)
    with pytest.raises(BundleRefusedError, match="of tomorrow"):
        load_source(bundle, "of tomorrow", "als")


@pytest.mark.parametrize("encoder", ["transformer", "gru", "lstm"])
def test_bundles_keep_a_model_of_order_by_its_name(sources, stored, encoder):
    """So bundles from before there were others are read, which have a transformer."""
    source = next(each for name, each in sources.items() if "sequence" in name and each.encoder.name == encoder)
    bundle = stored(source.write)
    assert bundle.has(f"retrieval/sequence/{encoder}")
    assert type(load_source(bundle, "Sequence", "sequence").encoder) is type(source.encoder)


def test_a_model_of_order_of_tomorrow_is_refused(sources, stored):
    def write(writer):
        sources["sequence"].index.write(writer, "retrieval/sequence")
        writer.weights("retrieval/sequence/mamba", {"x": np.zeros(1, np.float32)})

    with pytest.raises(BundleRefusedError, match="has the weights of none of transformer, gru, lstm"):
        load_source(stored(write), "Sequence", "sequence")


@pytest.mark.parametrize("count", [1, 7, ITEMS])
@pytest.mark.parametrize("share_allowed", [None, 0.5, 0.0])
def test_top_lists_the_best_allowed_items(source, asked, count, share_allowed, excluding):
    allowed = np.ones((len(asked), ITEMS), bool)
    if share_allowed is not None:
        allowed = np.random.default_rng(1).random(allowed.shape) < share_allowed
    answer = source.scores(asked)
    scores = dense(answer, len(asked))
    items = answer.top(count, excluding(allowed) if share_allowed is not None else None)
    assert items.shape == (len(asked), count)
    assert items.dtype == np.int32
    for query in range(len(asked)):
        own = items[query][items[query] != NO_ITEM]
        assert len(own) == min(count, listed(source, answer, scores, query, allowed))
        assert (items[query, len(own) :] == NO_ITEM).all(), "padding stands at the end"
        assert len(set(own.tolist())) == len(own)
        assert allowed[query, own].all()
        best = np.sort(scores[query][allowed[query]])[::-1][: len(own)]
        assert scores[query, own] == pytest.approx(best, abs=1e-5)


def test_moments_are_mean_and_spread_over_the_catalogue(source, asked):
    answer = source.scores(asked)
    scores = dense(answer, len(asked)).astype(np.float64)
    assert answer.moments().shape == (len(asked), 2)
    assert answer.moments()[:, 0] == pytest.approx(scores.mean(axis=1), abs=1e-4)
    assert answer.moments()[:, 1] == pytest.approx(scores.std(axis=1), abs=1e-4)


def test_an_empty_history_scores_zero_and_proposes_nothing(source, queries_of):
    answer = source.scores(queries_of([[], []]))
    if source.name in WITHOUT_HISTORY:
        assert (answer.top(5, None) != NO_ITEM).all()
    else:
        assert not dense(answer, 2).any()
        assert (answer.top(5, None) == NO_ITEM).all()


def test_one_click_is_enough(source, queries_of):
    # One source reads the user's groups instead, and one the contexts of the request.
    click = replace(queries_of([[8]]), groups=np.zeros((1, 1), np.int32), contexts=np.zeros((1, 1), np.int32))
    assert (source.scores(click).top(3, None) != NO_ITEM).any()


def test_impressions_and_dislikes_are_no_wishes(source, queries_of):
    mixed, clean = queries_of([[8, 3, 9]], types=[[1, 6, 7]]), queries_of([[8]], times=[[97]], types=[[1]])
    assert dense(source.scores(mixed), 1) == pytest.approx(dense(source.scores(clean), 1), abs=1e-6)


def test_a_batch_answers_as_lone_queries_do(source, asked):
    together = dense(source.scores(asked), len(asked))
    for query in range(len(asked)):
        alone = dense(source.scores(asked.slice(query, query + 1)), 1)
        assert together[query] == pytest.approx(alone[0], abs=1e-5)


def test_a_batch_of_none_is_answered(source, queries_of):
    answer = source.scores(queries_of([]))
    assert answer.top(5, None).shape == (0, 5)
    assert answer.at(np.zeros((0, 4), np.int32)).shape == (0, 4)
    assert answer.moments().shape == (0, 2)


def test_a_loaded_source_says_the_same(source, asked, stored):
    loaded = load_source(stored(source.write), source.kind, source.name)
    assert (type(loaded), loaded.name) == (type(source), source.name)
    before, after = source.scores(asked), loaded.scores(asked)
    assert np.array_equal(dense(before, len(asked)), dense(after, len(asked)))
    assert np.array_equal(before.moments(), after.moments())
    assert np.array_equal(before.top(20, None), after.top(20, None))


@pytest.mark.parametrize("name", [name for name in FIT if name != "two_tower" and "sequence" not in name])
def test_fitting_again_gives_the_same(name, sources, asked, queries_of):
    first, again = sources[name].scores(asked), FIT[name](queries_of(HISTORIES)).scores(asked)
    assert np.array_equal(dense(first, len(asked)), dense(again, len(asked)))


def test_profiles_hold_the_strongest_event_of_an_item(queries_of):
    rules = USUAL.with_kinds({EventType.PURCHASE: EventWeight(3), EventType.CLICK: EventWeight(0)})
    queries = replace(queries_of([[8, 8, 9, 5]], types=[[4, 1, 2, 1]]), rules=rules)
    assert history_profile(queries, ITEMS, np.inf).matrix().toarray()[0, [8, 9, 5]].tolist() == [3, 0, 1]
    assert history_profile(queries, ITEMS, np.inf, True).matrix().toarray()[0, 8] == 2
