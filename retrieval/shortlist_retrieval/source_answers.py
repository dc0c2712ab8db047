"""Source answers: the scores of all sources for a batch of queries. A source that raises is left out from then on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from shortlist_core.types import NO_ITEM, Float32s, Int32s, Queries
from shortlist_retrieval.exclusions import Exclusions
from shortlist_retrieval.sources.scores import SourceScores
from shortlist_retrieval.sources.source import Source

log = logging.getLogger(__name__)


class SourceAnswers:
    """The scores of each source for a batch of queries; None for a source that has raised, at first or later."""

    def __init__(self, sources: Sequence[Source], queries: Queries) -> None:
        self._sources, self._batch = sources, len(queries)
        self._answers: list[SourceScores | None] = [None] * len(sources)
        for position, source in enumerate(sources):
            try:
                self._answers[position] = source.scores(queries)
            except Exception:
                log.exception("source %s failed", source.name)

    @property
    def failed(self) -> list[int]:
        """Positions of the sources that have raised."""
        return [position for position, answer in enumerate(self._answers) if answer is None]

    def lists(self, count: int, excluded: Exclusions | None) -> Int32s:
        """The `count` best items of each source, int32 [sources, batch, count], NO_ITEM where there are no more."""
        lists = np.full((len(self._answers), self._batch, count), NO_ITEM, np.int32)

        def write_top(position: int, answer: SourceScores) -> None:
            lists[position] = answer.top(count, excluded)

        self._of_each(write_top)
        return lists

    def scores(self, items: Int32s) -> tuple[Float32s, Float32s]:
        """The scores of the items [batch, n] by each source, and each source's score mean and deviation.

        Scores are float32 [sources, batch, n], 0 for NO_ITEM. Means and deviations, over the whole catalogue, are
        float32 [batch, sources, 2].
        """
        scores = np.zeros((len(self._answers), *items.shape), np.float32)  # each source fills a contiguous part
        moments = np.zeros((len(items), len(self._answers), 2), np.float32)

        def write_scores(position: int, answer: SourceScores) -> None:
            scores[position], moments[:, position] = answer.at(items), answer.moments()

        self._of_each(write_scores)
        np.copyto(scores, 0, where=items == NO_ITEM)
        return scores, moments

    def _of_each(self, take: Callable[[int, SourceScores], None]) -> None:
        for position, answer in enumerate(self._answers):
            if answer is not None:
                try:
                    take(position, answer)
                except Exception:
                    log.exception("source %s failed", self._sources[position].name)
                    self._answers[position] = None
