"""The plan of a training: its steps, about how long each takes, and how much memory, told before the work begins.

The seconds of each kind of work were measured on two cores (docs/experiments.md, 2026-11-30) and are scaled to other
sizes by what the work grows with. What the steps took so far says how fast this machine is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shortlist_retrieval.neighbours import EASE_ITEMS
from shortlist_retrieval.sequence_encoders.names import OrderModel
from shortlist_retrieval.training.limits import (
    FULL_UP_TO,
    LATER_SEQUENCE,
    LATER_TOWERS,
    PASSES,
    SEQUENCE_BATCH,
    SEQUENCE_TRIAL,
    TOWER_BATCH,
    limit_for,
)
from shortlist_training.config import Recipe

MEASURED_ON = 2
"""Processors that the seconds below were measured on. More than eight are hardly used."""

EASE_SECONDS, EASE_FITS, CHOICES = 4.0, 3, 14
"""Of one EASE over as many items as it takes; how many a fit of the sources makes, and how many the settings take."""

TOWER_SECONDS, SEQUENCE_SECONDS, SAMPLED_SECONDS = 0.085, 0.15, 0.22
"""Of a batch of the two towers, and of the sequence model where it tells all items apart and where it samples them."""

PICTURES = 0.3
"""How much longer a batch of the towers or of the ranker takes where all items have a picture."""
RECURRENT = 0.5
"""Share of these seconds that a batch of a recurrent model of order takes."""

QUERY_SECONDS, RANKED_SECONDS = 0.01, 0.0022
"""Of a query's candidates, and of one query in one pass of the ranker."""

EVENT_SECONDS = 2e-5
"""Of an event in all sources that only count."""

RANKER_PASSES = 9
"""Of the ranker over its queries, in both of its trainings."""

AT_LENGTH, ON_TRIAL = "what follows what says more", "what follows what says less"
"""How the announcement begins after which the sequence model is trained at length, and after which it is on trial."""

BASE_BYTES, EVENT_BYTES, ITEM_BYTES, QUERY_BYTES = 1.6e9, 400, 30_000, 250_000
"""Of the libraries and models, each event, each item, and each query with its candidates."""

TRIAL = "trial: "
"""How announcements of a retraining begin while the trial is trained."""

SURE = 20.0
"""Seconds after which the pace of the steps so far says something of those to come."""


@dataclass(frozen=True)
class Step:
    """A step of a training."""

    begins: str  # how its announcement begins
    seconds: float
    at_length: float  # the seconds where the sequence model is trained at length


@dataclass(frozen=True)
class Plan:
    """The steps of a training, and the memory it takes at its peak."""

    steps: tuple[Step, ...]
    bytes: float
    processors: int

    @classmethod
    def of(
        cls,
        events: int,
        users: int,
        items: int,
        recipe: Recipe,
        processors: int,
        ablations: int = 0,
        pictured: float = 0.0,
    ) -> Plan:
        """The plan for so many events of so many users with so many different items, on so many processors.

        `pictured` is the share of the items that have a picture.
        """
        pace = MEASURED_ON / min(max(processors, 1), 8)
        steps = tuple(
            Step(begins, pace * seconds, pace * (seconds + longer))
            for begins, seconds, longer in _steps(events, users, items, recipe, ablations, 1 + PICTURES * pictured)
        )
        queries = recipe.slices * _queries(users, recipe)
        width = recipe.candidates / 400
        return cls(
            steps, BASE_BYTES + EVENT_BYTES * events + ITEM_BYTES * items + QUERY_BYTES * width * queries, processors
        )

    def __str__(self) -> str:
        shortest = sum(step.seconds for step in self.steps)
        longest = sum(step.at_length for step in self.steps)
        minutes = f"{max(1, round(shortest / 60))}"
        if round(longest / 60) > int(minutes):
            minutes += f" to {round(longest / 60)}"
        on = f"{self.processors} processor{'s' if self.processors > 1 else ''}"
        return f"This takes about {minutes} min on {on}, and {self.bytes / 1e9:.1f} GB of memory"


class TimeLeft:
    """How much time a training has left, by its plan and by how long its steps took so far."""

    def __init__(self, plan: Plan) -> None:
        self._steps = plan.steps
        self._at = -1
        self._at_length = False

    def after(self, announcement: str, elapsed: float) -> float | None:
        """The seconds that are left as a step is announced; None where it is none of the plan."""
        self._at_length |= announcement.startswith(AT_LENGTH)
        later = range(self._at + 1, len(self._steps))
        found = next((i for i in later if announcement.startswith(self._steps[i].begins)), None)
        if found is None:
            return None
        self._at = found
        planned = [step.at_length if self._at_length else step.seconds for step in self._steps]
        done, left = sum(planned[:found]), sum(planned[found:])
        pace = elapsed / done if done > SURE else 1.0
        return left * min(max(pace, 0.25), 4.0)


class TwiceLeft:
    """How much time a retraining has left: that of a trial, then of the bundle of everything, by the same plan."""

    def __init__(self, plan: Plan) -> None:
        self._trial, self._final = TimeLeft(plan), TimeLeft(plan)
        self._of_final = sum(step.seconds for step in plan.steps)
        self._until_final = 0.0

    def after(self, announcement: str, elapsed: float) -> float | None:
        """The seconds that are left as a step is announced; None where it is none of the plan."""
        if announcement.startswith(TRIAL):
            self._until_final = elapsed
            left = self._trial.after(announcement.removeprefix(TRIAL), elapsed)
            return None if left is None else left + self._of_final
        return self._final.after(announcement, elapsed - self._until_final)


def _steps(
    events: int, users: int, items: int, recipe: Recipe, ablations: int, looks: float
) -> Iterator[tuple[str, float, float]]:
    """How each step begins, its seconds, and how many more it takes where the sequence model is trained at length.

    What encodes items takes `looks` times as long as without pictures.
    """
    inversion = EASE_SECONDS * (min(items, EASE_ITEMS) / EASE_ITEMS) ** 3
    counted = EASE_FITS * inversion + EVENT_SECONDS * events
    towers = looks * TOWER_SECONDS * min(recipe.tower_steps, 2 * events / TOWER_BATCH)
    batch = SEQUENCE_SECONDS * (0.4 + 0.6 * items / FULL_UP_TO) if items <= FULL_UP_TO else SAMPLED_SECONDS
    if recipe.sequence_model != OrderModel.TRANSFORMER:
        batch *= RECURRENT
    all_passes = PASSES * events / SEQUENCE_BATCH
    limits = min(recipe.sequence_batches, SEQUENCE_TRIAL), limit_for(recipe.sequence_batches, items)
    trial, full = (batch * min(most, all_passes) for most in limits)
    asked = QUERY_SECONDS * _queries(users, recipe) * recipe.candidates / 400
    ranked = looks * RANKED_SECONDS * RANKER_PASSES * recipe.slices * _queries(users, recipe)
    later = counted + LATER_TOWERS * towers + LATER_SEQUENCE * trial, LATER_SEQUENCE * (full - trial)
    yield "preparing the data", 3 + 2e-6 * events + 1e-4 * items, 0.0
    yield "choosing retrieval settings", CHOICES * inversion + 3 * EVENT_SECONDS * events, 0.0
    for i in range(1, recipe.slices + 1):
        of_slice = f"slice {i} of"
        if i == 1:
            yield of_slice, counted + towers + trial, full - trial
        else:
            yield of_slice, *later
        yield of_slice, asked, 0.0
    yield "last events: fitting", *later
    yield "last events: retrieving", asked / 2, 0.0
    for _ in range(1 + ablations):
        yield "training the ranker", ranked, 0.0
    yield "fitting retrieval on everything", *later
    yield "publishing", 3 + 1e-4 * items, 0.0


def _queries(users: int, recipe: Recipe) -> float:
    """About how many queries a slice has: of a third of all users, or at a few hundred moments of fewer."""
    return min(max(users / 3, 300), recipe.queries_per_slice)
