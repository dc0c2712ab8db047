"""Against the truth: in a shop whose customers' preferences are known, how near does the system come to them?"""

import numpy as np
import pytest

from shortlist_data.splits import parse_time
from shortlist_data.synthetic import make_shop
from shortlist_evaluation.metrics import ndcg_at
from shortlist_evaluation.protocol import Heldout
from shortlist_evaluation.top_k import top_k

SINCE = "2023-11-01"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("seed", [3, 11])
def test_the_system_comes_near_the_true_preferences(tmp_path, seed):
    from shortlist_bundle import BundleStore
    from shortlist_server.pipeline.query import Query
    from shortlist_training.config import Recipe
    from shortlist_training.offline import serving_offline
    from shortlist_training.publish import publish
    from shortlist_training.recipe import train
    from shortlist_training.table import prepare

    shop, cut = make_shop(items=1_000, users=1_000, seed=seed), parse_time(SINCE)
    heldout = Heldout.of(shop.dataset, cut)
    publish(train(prepare(shop.dataset, cut), Recipe(), 1, lambda _: None), tmp_path, 1)
    with serving_offline(BundleStore(tmp_path).load()) as recommender:
        lists = recommender.recommend([Query(user_id=user, count=10) for user in heldout.user_ids]).items
        rows = heldout.item_rows(list(recommender.bundle.bundled.ids))
    found = ndcg_at(heldout.admit(np.where(lists < 0, -1, rows[lists])), heldout.relevant, 10).mean()

    columns = {item: column for column, item in enumerate(shop.truth.item_ids.tolist())}
    truth = shop.truth.true_scores(heldout.user_ids, cut)[:, [columns[item] for item in heldout.train.item_ids]]
    best = ndcg_at(heldout.admit(top_k(truth, 10, heldout.seen)), heldout.relevant, 10).mean()
    assert found >= 0.8 * best, f"NDCG@10 {found:.4f} where the truth reaches {best:.4f}"
