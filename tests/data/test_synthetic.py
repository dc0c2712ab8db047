import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shortlist_core.errors import DataError, InvalidArgumentError
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_data.synthetic import Shop, make_shop
from shortlist_data.truth import Truth

CUT = parse_time("2023-11-01")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return make_shop(600, 800, seed=3)


def ndcg(scores: np.ndarray, relevant: np.ndarray, k: int = 10) -> float:
    top = np.argsort(-scores, axis=1)[:, :k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    gain = np.take_along_axis(relevant, top, axis=1) @ discount
    return float((gain / np.cumsum(discount)[np.minimum(relevant.sum(axis=1), k) - 1]).mean())


def seen(shop: Shop, events: pl.DataFrame) -> np.ndarray:
    """Whether a user touched an item, bool [users, items]."""
    users = {name: row for row, name in enumerate(shop.truth.user_ids)}
    items = {name: row for row, name in enumerate(shop.truth.item_ids)}
    matrix = np.zeros((len(users), len(items)), bool)
    rows = [users[user] for user in events["user_id"]]
    matrix[rows, [items[item] for item in events["item_id"]]] = True
    return matrix


def folder_hash(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_shop(50, 30, seed).write(tmp_path / name)
    assert folder_hash(tmp_path / "a") == folder_hash(tmp_path / "b")
    assert folder_hash(tmp_path / "a")["interactions.parquet"] != folder_hash(tmp_path / "c")["interactions.parquet"]


def test_what_is_written_can_be_read(shop: Shop, tmp_path: Path) -> None:
    shop.write(tmp_path)
    data, truth = Dataset.read(tmp_path), Truth.read(tmp_path)
    assert data.interactions.equals(shop.dataset.interactions)
    assert data.items["item_id"].to_list() == list(truth.item_ids)
    users = list(truth.user_ids[:3])
    assert np.array_equal(truth.true_scores(users, CUT), shop.truth.true_scores(users, CUT))


def test_a_truth_that_is_missing_or_damaged_is_one_line(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        Truth.read(tmp_path)
    shop.truth.write(tmp_path)
    path = tmp_path / "truth.npz"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataError, match="damaged"):
        Truth.read(tmp_path)


def test_true_scores_are_chances_in_the_order_asked_for(shop: Shop) -> None:
    users = ["u000007", "u000002"]
    scores = shop.truth.true_scores(users, CUT)
    assert scores.shape == (2, 600)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_array_equal(scores[::-1], shop.truth.true_scores(users[::-1], CUT))
    with pytest.raises(DataError, match="no user 'nobody'"):
        shop.truth.true_scores(["nobody"], CUT)


def test_nothing_happens_before_its_launch(shop: Shop) -> None:
    launch = pl.DataFrame({"item_id": shop.truth.item_ids, "launch": shop.truth.launch})
    events = shop.dataset.interactions.join(launch, on="item_id")
    assert (events["timestamp"].dt.timestamp("us") >= events["launch"]).all()
    early = parse_time("2023-03-01")
    scores = shop.truth.true_scores(["u000000"], early)[0]
    assert (scores[shop.truth.launch > early] == 0).all()
    assert (scores[shop.truth.launch <= early] > 0).all()


def test_events_are_drawn_from_the_true_chances() -> None:
    """Over one short time, how often items are seen agrees with the chances that the truth gives them."""
    shop = make_shop(60, 2, seed=5, events_per_user=60_000)
    views = shop.dataset.interactions.filter(pl.col("event_type") == "view")
    middle = views["timestamp"].dt.timestamp("us")
    expected = np.zeros(60)
    user = "u000000"
    mine = (views["user_id"] == user).to_numpy()
    edges = np.linspace(middle[0], middle[-1], 121).astype(np.int64)
    counts, _ = np.histogram(middle.to_numpy()[mine], edges)
    for count, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        expected += count * shop.truth.true_scores([user], int(low + high) // 2)[0]
    seen = views.filter(pl.Series(mine))["item_id"].value_counts()
    found = np.zeros(60)
    found[[int(name[1:]) for name in seen["item_id"]]] = seen["count"]
    assert found.sum() > 10_000
    off = (found - expected) / np.sqrt(np.maximum(expected, 20))
    # Partners come in proportion to purchases, so counts spread a little more than Poisson's.
    assert np.abs(off).max() < 5.5, off


def test_ranking_by_truth_beats_popularity_by_far_and_knowing_neighbours_comes_between(shop: Shop) -> None:
    past, future = shop.dataset.until(CUT), shop.dataset.interactions
    known = seen(shop, past.interactions)
    fresh = seen(shop, future.filter(pl.col("timestamp").dt.timestamp("us") >= CUT)) & ~known & known.any(axis=0)
    users = np.flatnonzero(fresh.any(axis=1) & known.any(axis=1))
    x = known.astype(np.float64)
    gram = x.T @ x + 100 * np.eye(len(x.T))
    inverse = np.linalg.inv(gram)  # EASE (Steck 2019)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    rankings = {
        "popular": np.tile(x.sum(axis=0), (len(users), 1)),
        "ease": x[users] @ weights,
        "truth": shop.truth.true_scores(list(shop.truth.user_ids[users]), CUT).astype(np.float64),
    }
    found = {}
    for name, scores in rankings.items():
        scores[known[users] | ~known.any(axis=0)] = -np.inf
        found[name] = ndcg(scores, fresh[users])
    assert found["ease"] > 2 * found["popular"], found
    assert found["truth"] > 1.3 * found["ease"], found


def test_text_tells_the_taste_of_an_item(shop: Shop) -> None:
    """Items that share an adjective lie closer together in the latent space than others do."""
    items, truth = shop.dataset.items, shop.truth
    ferny = items["title"].str.contains("ferny|botanical|leafy|floral").to_numpy()
    centred = truth.items[:, :4] - truth.items[:, :4].mean(axis=0)
    assert ferny.sum() > 10
    assert np.linalg.norm(centred[ferny].mean(axis=0)) > 3 * np.linalg.norm(centred[~ferny].mean(axis=0))


def test_sessions_belong_to_one_user_and_go_from_view_to_purchase(shop: Shop) -> None:
    events = shop.dataset.interactions
    assert events.group_by("session_id").agg(pl.col("user_id").n_unique())["user_id"].max() == 1
    first = events.group_by("session_id", "item_id", maintain_order=True).agg(pl.col("event_type"))
    assert first["event_type"].list.first().unique().to_list() == ["view"]
    bought = first.filter(pl.col("event_type").list.contains("purchase"))
    assert bought["event_type"].list.contains("cart").all()
    assert 0.1 < bought.height / first.height < 0.5


def test_partners_are_bought_together(shop: Shop) -> None:
    ids, partner = shop.truth.item_ids, shop.truth.partner
    assert np.array_equal(partner[partner], np.arange(len(partner)))
    pairs = pl.DataFrame({"item_id": ids, "partner": ids[partner]}).filter(pl.col("item_id") != pl.col("partner"))
    bought = shop.dataset.interactions.filter(pl.col("event_type") == "purchase").select("session_id", "item_id")
    with_partner = bought.join(pairs, on="item_id").join(
        bought.unique(), left_on=["session_id", "partner"], right_on=["session_id", "item_id"], how="semi"
    )
    stranger = pairs.with_columns(pl.col("partner").shuffle(seed=1))
    with_stranger = bought.join(stranger, on="item_id").join(
        bought.unique(), left_on=["session_id", "partner"], right_on=["session_id", "item_id"], how="semi"
    )
    assert with_partner.height > 0.3 * bought.height
    assert with_stranger.height < 0.1 * bought.height


def test_activity_popularity_and_prices_are_skewed(shop: Shop) -> None:
    per_user = shop.dataset.interactions["user_id"].value_counts()["count"].sort()
    assert per_user[-len(per_user) // 10] > 8 * per_user[len(per_user) // 10]
    per_item = shop.dataset.interactions["item_id"].value_counts()["count"].sort(descending=True)
    assert per_item[:60].sum() > 0.25 * per_item.sum()
    assert (shop.dataset.items["price"] > 0).all()


def test_impossible_sizes_are_refused_all_at_once() -> None:
    with pytest.raises(InvalidArgumentError, match=r"items: .*; users: .*; events_per_user"):
        make_shop(3, 0, events_per_user=0)
