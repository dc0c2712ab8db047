"""How many examples a second both trainings get through, beside a plain Keras fit of the same ranking model.

python -m shortlist_bench.training     prints JSON

On a synthetic shop, both models on all cores. An example is a query with its history and candidates (ranker), or an
event with its history and the batch's negatives (two-tower). The plain fit is the same scorer, loss and optimiser with
`Model.fit` on the same batches, as one writes it first: every candidate brings its own text, so the CNN reads an item
as often as it occurs.
"""

from __future__ import annotations

import json
import time
from typing import Any

import keras
import numpy as np

from shortlist_core.types import Float32s
from shortlist_data.synthetic import make_shop
from shortlist_layers.history import latest
from shortlist_layers.item_features import ITEM_INPUTS
from shortlist_ranking.action_labels import POSSIBLE
from shortlist_ranking.examples import ExampleBatches, Examples, Scaling
from shortlist_ranking.scorer import Scorer, ScorerConfig, listwise_loss
from shortlist_ranking.train import BATCH, RATE, WIDTH
from shortlist_retrieval.training.limits import TOWER_BATCH
from shortlist_retrieval.training.tower_training import TowerTraining
from shortlist_training.table import TrainingTable, prepare

ITEMS, USERS, SEED = 2_000, 2_000, 1
CANDIDATES, FEATURES = 400, 30
WARM_UP, STEPS = 20, 100


class PlainBatches(ExampleBatches):
    """The same examples with every item as often as it occurs."""

    def __getitem__(self, step: int) -> tuple[dict[str, Any], Float32s]:
        """As ExampleBatches says, but for the places of items: each has its own."""
        inputs, labels = super().__getitem__(step)
        shared = {name: inputs[name] for name in ITEM_INPUTS if name in inputs}
        where = np.concatenate([inputs["candidates"].ravel(), inputs["history"].ravel()])
        split = inputs["candidates"].size
        own = {name: values[where] for name, values in shared.items()}
        at = np.arange(len(where), dtype=np.int32)
        own["candidates"] = at[:split].reshape(inputs["candidates"].shape)
        own["history"] = at[split:].reshape(inputs["history"].shape)
        return {**inputs, **own}, labels


def main() -> None:
    """Measure both trainings and the plain one."""
    table = prepare(make_shop(ITEMS, USERS, SEED).dataset, None)
    examples = draw_examples(table)
    scaling = Scaling.fit(examples)
    batches = (kind(examples, table.features, scaling, BATCH, WIDTH, SEED) for kind in (ExampleBatches, PlainBatches))
    own, plain = (BATCH * steps_per_second(table, each) for each in batches)
    towers = TowerTraining(table.features, SEED)
    towers.fit(table.histories, 100.0, WARM_UP)
    begun = time.perf_counter()
    towers.fit(table.histories, 100.0, STEPS)
    print(
        json.dumps(
            {
                "ranker_examples_per_second": own,
                "plain_ranker_examples_per_second": plain,
                "two_tower_examples_per_second": TOWER_BATCH * STEPS / (time.perf_counter() - begun),
            }
        )
    )


def draw_examples(table: TrainingTable) -> Examples:
    """One example for each user: candidates as popular as the shop's events are, the first one taken."""
    generator = np.random.default_rng(SEED)
    histories = table.histories
    shape = len(histories), CANDIDATES
    candidates = generator.choice(histories.items, shape).astype(np.int32)
    labels = np.zeros(shape, np.float32)
    labels[:, 0] = 1
    return Examples(
        candidates,
        generator.standard_normal((*shape, FEATURES), np.float32),
        labels,
        np.ones(len(histories), np.float32),
        np.arange(len(histories)),
        *latest(histories, histories.offsets[:-1], histories.offsets[1:]),
        np.zeros(shape, np.uint16),
        np.zeros((len(histories), len(POSSIBLE)), np.float32),
    )


def steps_per_second(table: TrainingTable, batches: ExampleBatches) -> float:
    """Of `fit`, the first steps left out: they trace and compile."""
    items = table.features
    scorer = Scorer(ScorerConfig(len(items), items.words.size, items.n_categories, FEATURES, seed=SEED))
    scorer.build()
    scorer.compile(optimizer=keras.optimizers.AdamW(RATE), loss=listwise_loss, jit_compile=False)
    clock = Clock()
    scorer.fit(batches, epochs=1 + (WARM_UP + STEPS) // len(batches), verbose=0, callbacks=[clock])
    return STEPS / (clock.ends[WARM_UP + STEPS - 1] - clock.ends[WARM_UP - 1])


class Clock(keras.callbacks.Callback):
    """When each step ended; stops after as many as are needed."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the time."""
        self.ends.append(time.perf_counter())
        self.model.stop_training = len(self.ends) >= WARM_UP + STEPS


if __name__ == "__main__":
    main()
