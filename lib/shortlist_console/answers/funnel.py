"""Funnel: the trace of an answer as a picture, drawn as SVG by the template, and as words for who cannot see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from shortlist.v1.recommendation_pb2 import STAGE_HYDRATE, StageTrace

from shortlist_console import words

WIDTH = 400
_BAR_TOP, _BAR_HEIGHT, _LEAST = 20, 22, 6
_ROW, _LINE = 56, 15  # of a stage, and of each line below its bar


@dataclass(frozen=True)
class Step:
    """One stage of the picture."""

    name: str
    about: str
    entered: int
    left: int
    millis: float
    drops: tuple[tuple[str, int], ...]  # why, and how many
    top: int  # of its row
    lines: tuple[tuple[int, str], ...]  # below the bar: where, and what it says
    corners: str  # of the bar, as an SVG polygon has them; empty where items are not what is counted


@dataclass(frozen=True)
class Funnel:
    """All stages of an answer, top to bottom."""

    steps: tuple[Step, ...]
    width = WIDTH

    @classmethod
    def of(cls, trace: Sequence[StageTrace]) -> Funnel:
        """The picture of a trace."""
        most = max((stage.entered_count for stage in trace if stage.stage != STAGE_HYDRATE), default=0)
        steps: list[Step] = []
        for stage in trace:
            steps.append(_step(stage, _below(steps), most))
        return cls(tuple(steps))

    @property
    def height(self) -> int:
        """Of the picture."""
        return _below(self.steps)

    @property
    def millis(self) -> float:
        """That all stages took."""
        return sum(step.millis for step in self.steps)


def _below(steps: Sequence[Step]) -> int:
    """Where the row after these begins."""
    return steps[-1].top + _ROW + _LINE * len(steps[-1].lines) if steps else 0


def _step(stage: StageTrace, top: int, most: int) -> Step:
    name, about = words.STAGES.get(stage.stage, ("Stage", "a stage that this console does not know"))
    drops = tuple((words.drop(drop.reason), drop.count) for drop in stage.drops)
    counts_items = stage.stage != STAGE_HYDRATE
    corners = _corners(stage.entered_count, stage.left_count, most, top) if counts_items else ""
    said = [f"{count:,} {why}" for why, count in drops] if counts_items else [about]
    first = top + _BAR_TOP + (_BAR_HEIGHT + 13 if counts_items else 17)
    lines = tuple((first + number * _LINE, line) for number, line in enumerate(said))
    millis = stage.duration_micros / 1000
    return Step(name, about, stage.entered_count, stage.left_count, millis, drops, top, lines, corners)


def _corners(entered: int, left: int, most: int, top: int) -> str:
    """A bar that narrows from what entered to what left, by the square root: so ten of a thousand show."""
    upper, lower = (max(WIDTH * sqrt(count / most), _LEAST) if most else _LEAST for count in (entered, left))
    y, bottom = top + _BAR_TOP, top + _BAR_TOP + _BAR_HEIGHT
    middle = WIDTH / 2
    points = [
        (middle - upper / 2, y),
        (middle + upper / 2, y),
        (middle + lower / 2, bottom),
        (middle - lower / 2, bottom),
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
