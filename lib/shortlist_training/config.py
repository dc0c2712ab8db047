"""The recipe's settings with their defaults; the settings file overrides them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from shortlist_core import durations
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.event_weights import MOST, USUAL, ByValue, EventWeight, EventWeights
from shortlist_core.nearest import did_you_mean
from shortlist_core.seen_items import SeenItems
from shortlist_core.terminal import quoted
from shortlist_core.tiring import USUAL as USUAL_TIRING
from shortlist_core.tiring import Tiring
from shortlist_core.types import EventType
from shortlist_retrieval.sequence_encoders.names import OrderModel

WARM_SLICES = 2
"""Newest slices that the ranker of a warm start goes on learning from; it has learned from older ones before."""


class WeightOfEvents(BaseModel):
    """How much the events of one type count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[float, Field(ge=0, le=MOST)] = 1.0
    value: ByValue = ByValue.NONE
    unit: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


def _seconds(duration: object) -> float:
    try:
        return durations.seconds(str(duration), "recovery")
    except InvalidArgumentError as error:
        raise ValueError(error.violations[0].description) from None


class TiringOfItems(BaseModel):
    """How items tire that are shown again and again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_impression: Annotated[float, Field(gt=0, le=1)] = USUAL_TIRING.per_impression
    recovery: Annotated[float, BeforeValidator(_seconds)] = USUAL_TIRING.recovery


Wish = Literal["interaction", "view", "click", "cart", "purchase", "like", "rating"]

Action = Literal["view", "click", "cart", "purchase", "like", "dislike", "rating"]
Weight = Annotated[float, Field(ge=-1_000, le=1_000)]


class Recipe(BaseModel):
    """Settings for `shortlist train --config`. Whatever depends on the data is chosen on the data instead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slices: Annotated[int, Field(ge=1, le=12)] = 4
    """Slices of time, each a tenth of the data's span, that the ranker learns from."""

    queries_per_slice: Annotated[int, Field(ge=50, le=100_000)] = 1_500
    """Queries of each slice at most."""

    candidates: Annotated[int, Field(ge=50, le=2_000)] = 400
    """Candidates that stage one returns to the ranker."""

    tower_steps: Annotated[int, Field(ge=10, le=100_000)] = 500
    """Batches of 256 examples that the two towers are trained on for the first slice, at most; later ones take 30 %."""

    dislike_below: float | None = None
    """Value below which a rating is a dislike. Left out: found out from the data; see docs/explanation/training.md."""

    sequence_batches: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Batches of 2,000 steps that the sequence model is trained on in the first slice, at most. Each later slice takes
    15 %. Where more than 8,192 items were taken, a batch takes longer, and it is 40 % of that. Where transitions find
    less than what goes together does, the first slice takes 500, and the second the rest if these surely paid. 36 looks
    at every step are enough. 0: there is no sequence model.
    """

    sequence_model: OrderModel = OrderModel.TRANSFORMER
    """The model that reads the order of events: `transformer`, `gru` or `lstm`; see docs/explanation/training.md."""

    seen_items: SeenItems | None = None
    """What happens to items that a user has seen where a request does not say: `drop`, `keep`, or `repeats`, which lets
    those compete that the user is likely to take again. Left out: `repeats` where at least half of what users take they
    had seen before, else `drop`.
    """

    action_weights: dict[Action, Weight] = {}
    """How much each action counts: a table such as `{ purchase = 1.0, cart = 0.2, dislike = -1.0 }`. Lists are in the
    order of the sum of weight times how likely the action is, where a request does not name weights of its own. Left
    out: of how likely an item is to be taken at all, by whatever action.
    """

    events: dict[Wish, WeightOfEvents] = {}
    """How much events count, a table for each type, such as `[events.purchase]`: `weight` (1.0; 0: such events are no
    wishes), `value` (`none`, `log` or `linear`: what the value does to it), `unit` (1.0: the value at which an event
    counts its weight). Types: `interaction`, `view`, `click`, `cart`, `purchase`, `like`, `rating`.
    """

    tiring: TiringOfItems | None = None
    """How an item tires that is shown to a user and not taken: `per_impression` (0.8: what its score is multiplied by
    for the order; 1: nothing tires) and `recovery` (1d: after which an impression counts half; m, h, d or w). Left out:
    learned where the data has enough impressions, else these.
    """

    ranker_epochs: Annotated[int, Field(ge=1, le=200)] = 6
    """Passes over the ranker's examples at most. Training stops earlier when NDCG on held-out examples declines."""

    @property
    def event_weights(self) -> EventWeights:
        """How much events count."""
        rules = {EventType[name.upper()]: rule for name, rule in self.events.items()}
        return USUAL.with_kinds({kind: EventWeight(r.weight, r.value, r.unit) for kind, r in rules.items()})

    @property
    def tiring_settings(self) -> Tiring | None:
        """How items tire; None where that is to be learned."""
        return None if self.tiring is None else Tiring(self.tiring.per_impression, self.tiring.recovery)

    @classmethod
    def of(cls, values: Mapping[str, object], where: str) -> Recipe:
        """The settings with these values, which stand at `where`.

        Raises InvalidArgumentError that names every wrong setting.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidArgumentError([Violation(where, _mistake(each)) for each in error.errors()]) from error


def _mistake(error: ErrorDetails) -> str:
    name = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return f"there is no setting {quoted(name)}{did_you_mean(name, Recipe.model_fields)}"
    return f"{name}: {error['input']!r}: {error['msg'][:1].lower()}{error['msg'][1:]}"
