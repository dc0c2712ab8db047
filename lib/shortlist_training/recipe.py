"""The recipe: cut time into slices, fit sources on each past, train the ranker on what followed, refit on all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shortlist_core.errors import DataError
from shortlist_core.event_weights import EventWeights
from shortlist_core.seen_items import SeenItems
from shortlist_core.tiring import Tiring
from shortlist_core.types import Bools, EventType, Queries
from shortlist_layers.item_features import ItemFeatures
from shortlist_ranking.action_rates import ActionRates
from shortlist_ranking.examples import Examples
from shortlist_ranking.item_facts import ItemFacts
from shortlist_ranking.repeats import Repeats
from shortlist_ranking.scorer import ScorerConfig
from shortlist_ranking.tiring_fit import chosen_tiring
from shortlist_ranking.train import ScorerWarmStart, TrainedScorer, train_scorer
from shortlist_retrieval.retriever import Retriever
from shortlist_retrieval.sources.fit_inputs import FitInputs, RetrievalSettings, Trial
from shortlist_retrieval.sources.scores import Scoring
from shortlist_retrieval.sources.source import Source
from shortlist_retrieval.training import fit_sources
from shortlist_retrieval.training.fit_sources import SourceTraining, span_days
from shortlist_retrieval.training.limits import SEQUENCE_TRIAL, limit_for
from shortlist_training.ablation_names import Input
from shortlist_training.ablations import ablations
from shortlist_training.chosen_settings import chosen_settings
from shortlist_training.cold_start import at_new_rows
from shortlist_training.config import WARM_SLICES, Action, Recipe
from shortlist_training.lessons import Lessons
from shortlist_training.optional_sources import CONTEXT, ORDER, TIME, Optional
from shortlist_training.order import gain_of_order
from shortlist_training.plan import AT_LENGTH, ON_TRIAL
from shortlist_training.qualities import qualities
from shortlist_training.ratings import dislikes_below
from shortlist_training.repeats_share import share_of_repeats
from shortlist_training.samples import propose_with_new_items, ranking_examples
from shortlist_training.slice import Slice
from shortlist_training.slices import last_moments, slices
from shortlist_training.table import TrainingTable
from shortlist_training.training_record import TrainingRecord
from shortlist_training.worth import Worth

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """Everything that a bundle is made of."""

    table: TrainingTable
    retriever: Retriever
    facts: ItemFacts
    scorer: TrainedScorer
    ablations: dict[Input, TrainedScorer]  # rankers without one input each
    settings: RetrievalSettings
    dislike_below: float  # the value below which a rating is a dislike; -inf: all are wishes
    event_weights: EventWeights  # how much events count
    repeats: Repeats  # how likely users take again what they took before
    seen_items: SeenItems  # what happens to seen items where a request does not say
    action_weights: Mapping[Action, float]  # how much each action counts where a request does not say
    tiring: Tiring  # how items tire that are shown again and again
    n_examples: int  # queries with their candidates that the ranker learned from
    record: TrainingRecord  # what was found out and measured on the way


@dataclass(frozen=True)
class WarmStart:
    """What an earlier training hands on: retrieval settings and the ranker's scorer."""

    settings: RetrievalSettings
    scorer: ScorerWarmStart
    dislike_below: float
    slices: int = WARM_SLICES


def train(
    table: TrainingTable,
    recipe: Recipe,
    seed: int,
    progress: Progress,
    *,
    without: Sequence[Input] = (),
    warm: WarmStart | None = None,
) -> Trained:
    """Run the whole recipe on a table; `progress` is called with the name of each step as it begins.

    Besides the ranker, one is trained without each of the inputs `without`, as far as the data has them.

    With a warm start, the retrieval settings are kept, all but the model of order, which is the recipe's. So is the
    line below which ratings are dislikes. The ranker is trained further, on fewer slices.
    """
    items, record = table.features, TrainingRecord()
    told = replace(table.histories, rules=recipe.event_weights)
    weighed = told.keep(told.types != EventType.IMPRESSION)  # no model reads what was only shown
    if not (weighed.weights > 0).any():
        raise DataError("no interaction says that somebody wants an item, by the weights in the recipe's [events]")
    if recipe.dislike_below is not None:
        below = recipe.dislike_below
    elif warm:
        below = warm.dislike_below
    else:
        if (weighed.types == EventType.RATING).any():
            progress("finding out whether low ratings are dislikes")
        below = dislikes_below(weighed, items, recipe.queries_per_slice, seed)
    if (weighed.types == EventType.RATING).any():
        record.found("Ratings", f"those below {below:g} are dislikes" if np.isfinite(below) else "all are wishes")
    progress("cutting time into slices")
    count = min(recipe.slices, warm.slices) if warm else recipe.slices
    histories = weighed.with_dislikes(below)
    with_new = slices(histories, items.has_content, count, recipe.queries_per_slice, seed)
    cuts = [cut.without_new_items() for cut in with_new]
    at_length = limit_for(recipe.sequence_batches, int(items.has_history.sum()))
    most_batches, ordered = min(recipe.sequence_batches, SEQUENCE_TRIAL), False
    if warm:
        settings = replace(warm.settings, sequence_model=recipe.sequence_model)
    else:
        progress("choosing retrieval settings on the newest slice")
        usual = RetrievalSettings((), sequence_model=recipe.sequence_model)
        past = FitInputs(cuts[-1].past, items, usual, seed, 0, most_batches)
        settings = choose_settings(cuts[-1], past, span_days(histories.times, table.as_of), record.tried)
    record.findings += chosen_settings(settings, record.trials)
    if settings.sequence:
        gain = gain_of_order(cuts[-1], FitInputs(cuts[-1].past, items, settings, seed))
        ordered = gain > 0
        found, how = (AT_LENGTH, "at length") if ordered else (ON_TRIAL, "on trial")
        why = f"{found} than what goes together ({gain:+.4f})"
        progress(f"{why}: order is learned {how}")
        record.found("The order of events", f"learned {how}", why)
        if ordered:
            most_batches = at_length
    training, lessons = SourceTraining(), Lessons(items, recipe.candidates, seed)

    def fitted(past: Queries, share: float = 1.0) -> tuple[Source, ...]:
        return training.fit(FitInputs(past, items, settings, seed, int(share * recipe.tower_steps), most_batches))

    sources: tuple[Source, ...] = ()

    def weigh(optional: Optional, where: str, doubt: float = 0.0) -> Worth:
        """What the source is worth, which is left out where it does not pay, give or take `doubt` standard errors."""
        nonlocal settings, sources
        worth = lessons.worth_of(optional.source.name)
        stays = worth.surely_pays if optional.surely else worth.pays(doubt)
        found = f"{worth.gain:+.4f} (± {worth.error:.4f}) NDCG@10 of stage one on {where}"
        decided = "read" if stays else "left out"
        progress(f"{optional.what} adds {found}: it is {decided}")
        record.found(f"{optional.what[:1].upper()}{optional.what[1:]}", decided, f"adds {found}")
        if not stays:
            settings = optional.without(settings)
            sources = training.leave_out(optional.source)
            lessons.leave_out(optional.source.name)
        return worth

    for i, cut in enumerate(cuts, start=1):
        progress(f"slice {i} of {len(cuts)}: fitting retrieval on its past")
        sources = fitted(cut.past)
        progress(f"slice {i} of {len(cuts)}: retrieving candidates for {len(cut.queries)} users")
        lessons.add(sources, cut)
        if i == 1 < len(cuts) and settings.sequence and not warm:
            worth = weigh(ORDER, "the first slice", 1.0 if ordered else 0.0)
            if worth.surely_pays:
                most_batches = at_length
    for optional in () if warm else (ORDER, TIME, CONTEXT):
        if optional.source.applies(settings, histories.groups is not None):
            weigh(optional, "the newest slice")
    newest, new = with_new[-1], with_new[-1].new
    new_item_examples: Examples | None = None
    if new.any():
        progress(f"simulating the cold start of the {np.count_nonzero(new)} items that were new in the newest slice")
        retriever = Retriever(training.unaware_of(new), lessons.fusion, len(items))
        proposed, new_items = propose_with_new_items(retriever, newest, recipe.candidates)
        examples = ranking_examples(proposed, lessons.fusion, newest, items, recipe.candidates, new_items)
        new_item_examples = at_new_rows(examples, new)
    if len(cuts) > 1:
        last = last_moments(histories, items.has_content, recipe.queries_per_slice // 2, seed)
        progress("last events: fitting retrieval on all before them")
        sources = fitted(last.past, 0.5)  # the last two fits are on nearly the same data
        progress(f"last events: retrieving candidates for {len(last.queries)} users")
        lessons.add_last_moments(sources, last)
    parts, fusion = lessons.parts, lessons.final_fusion()
    progress("training the ranker")
    n_features = parts[0].features.shape[2]
    config = ScorerConfig(
        *(len(items), items.words.size, items.n_categories, n_features),
        seed=seed,
        vector_dim=items.vectors.dim,
        pictures=len(items.pictures) > 0,
    )
    rates = ActionRates.fit(cuts[-1].past, len(items))
    stage_one = np.pad(fusion.weights, (0, n_features - len(fusion.weights)))
    extended = items.with_new_copies(np.flatnonzero(new))

    def ranker(
        config: ScorerConfig,
        features: ItemFeatures,
        dropped: Bools | None = None,
        warm_start: ScorerWarmStart | None = None,
    ) -> TrainedScorer:
        epochs = recipe.ranker_epochs
        return train_scorer(parts, features, config, epochs, stage_one, rates, dropped, new_item_examples, warm_start)

    scorer = ranker(config, extended, warm_start=warm.scorer if warm else None)
    progress(scorer.actions.in_words)
    rankers: dict[Input, TrainedScorer] = {}
    for ablation in ablations(without, config, extended, sources, progress):
        progress(f"training the ranker without {ablation.without.in_words}")
        rankers[ablation.without] = ranker(ablation.config, ablation.items, ablation.dropped)
    progress("fitting retrieval on everything")
    sources = fitted(histories, 0.5 if len(cuts) > 1 else 1.0)
    facts = ItemFacts.fit(histories, items.prices, table.as_of)
    repeats = Repeats.fit([(cut.past, cut.queries, cut.later) for cut in cuts], histories, len(items))
    repeats = replace(repeats, share=share_of_repeats(histories, [cut.past for cut in cuts]))
    seen_items = recipe.seen_items or repeats.usual_policy
    why = f"{repeats.share:.1%} of what users took they had seen before"
    progress(f"{why}: seen items are {seen_items.in_words}")
    record.found("Seen items", seen_items.in_words, why)
    record.found("The order that is served", scorer.blend.order, scorer.blend.measured)
    tiring, why = chosen_tiring(told.with_dislikes(below), recipe.tiring_settings, seed)
    progress(f"what is shown again and again: {tiring.in_words} ({why})")
    record.found("What is shown again and again", tiring.in_words, why)
    named = {"both stages": scorer} | {f"without {name}": each for name, each in rankers.items()}
    record.finish(training.losses(), {name: each.passes for name, each in named.items()})
    return Trained(
        table,
        Retriever(sources, fusion, len(items)),
        facts,
        scorer,
        rankers,
        settings,
        below,
        recipe.event_weights,
        repeats,
        seen_items,
        recipe.action_weights,
        tiring,
        sum(map(len, parts)),
        record,
    )


def choose_settings(
    cut: Slice, past: FitInputs, span: float, tried: Callable[[str, float], None] = lambda source, quality: None
) -> RetrievalSettings:
    """The settings with which sources alone rank a slice best, by the mean of NDCG@10 and Recall@100, one by one.

    `past` is the slice's, and `span` how many days the whole data reaches back. `tried` hears of every trial.
    """

    def quality(source: Scoring) -> float:
        found = float(qualities(source, cut).mean())
        tried(getattr(source, "name", ""), found)
        return found

    return fit_sources.choose_settings(Trial(past, span, quality))
