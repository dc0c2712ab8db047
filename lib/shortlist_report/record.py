"""The record of a report: everything that it shows, as plain data. Who measures makes one; nothing is computed later.

A section without data is None or empty. The page then says what is missing instead of showing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shortlist_report.verdict import Verdict

Role = Literal["both stages", "stage one", "part", "baseline", "current bundle"]
"""What a system is to the report: what is judged, what it is judged by, or a part of it."""


@dataclass(frozen=True)
class Estimate:
    """A mean over users, and the 95 % interval of it; None where it is not defined."""

    mean: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class System:
    """One system under the protocol."""

    name: str
    role: Role
    ndcg: Estimate  # at 10
    metrics: Mapping[str, float | None]  # by name, such as "recall@100"; what `COLUMNS` of the page knows is shown


@dataclass(frozen=True)
class Difference:
    """What the judged system gains over another on the same users, in NDCG@10."""

    other: str
    gain: Estimate


@dataclass(frozen=True)
class Group:
    """Some of the users or items, and how well each system does for them."""

    name: str
    size: int
    of_systems: Mapping[str, Estimate]


@dataclass(frozen=True)
class Segments:
    """One way to divide users or items into groups."""

    title: str
    about: str  # a sentence: what the groups are, and what is measured
    metric: str
    counted: str  # what `size` counts, such as "users"
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class CalibrationBin:
    """The candidates whose predicted probability lies from `low` up to `high`."""

    low: float
    high: float
    candidates: int
    predicted: float  # mean
    taken: Estimate  # share


@dataclass(frozen=True)
class Calibration:
    """Predicted probabilities beside what was taken."""

    about: str  # a sentence: which candidates
    error: float  # expected calibration error: the bins' distances, weighed by their candidates
    bins: tuple[CalibrationBin, ...]


@dataclass(frozen=True)
class Curve:
    """What a training measured step by step. Series are as long as `steps`; None where nothing was measured."""

    title: str
    about: str
    step: str  # what is counted, such as "epoch"
    measure: str  # what the series are, such as "loss"
    steps: tuple[float, ...]
    series: Mapping[str, tuple[float | None, ...]]
    told_apart: bool = True  # whether the series compete; otherwise one goes on where the one before ends


@dataclass(frozen=True)
class Choice:
    """Something that training found out and decided by."""

    what: str
    chosen: str
    why: str = ""


@dataclass(frozen=True)
class ShownItem:
    """An item of an example, of the history or of the list."""

    item_id: str
    title: str
    price: float | None = None
    picture: str = ""  # a data URI
    note: str = ""  # what the user did with it and when, or the reason why it is shown
    probability: float | None = None
    taken: bool = False  # whether the user took it later


@dataclass(frozen=True)
class Example:
    """One user: what came before, newest first, and what is recommended, best first."""

    user_id: str
    about: str
    history: tuple[ShownItem, ...]
    listed: tuple[ShownItem, ...]


@dataclass(frozen=True)
class Counts:
    """How many there are of each of several kinds, in the order in which they are shown."""

    title: str
    counted: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class DataFacts:
    """The data set that was trained or tested on."""

    facts: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, int], ...]  # first day of each stretch of time, as ISO date, and its events
    stretch: str  # how long a stretch is, such as "week"
    cut: str  # ISO date from which on events are test data; empty where there is none
    activity: Counts
    rejects: tuple[tuple[str, str, int], ...]  # table, reason, rows
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """Everything that a report shows."""

    title: str
    facts: tuple[tuple[str, str], ...]  # what was measured, when, on what
    verdict: Verdict
    protocol: str  # how it was measured, a sentence or two
    systems: tuple[System, ...] = ()
    judged: str = ""  # the system that the differences are those of
    differences: tuple[Difference, ...] = ()
    ablations: tuple[Difference, ...] = ()  # what both stages gain by the part
    segments: tuple[Segments, ...] = ()
    calibration: Calibration | None = None
    taken: Mapping[str, float | None] = field(default_factory=dict)  # catalogue metrics of what users really took
    curves: tuple[Curve, ...] = ()
    choices: tuple[Choice, ...] = ()
    examples: tuple[Example, ...] = ()
    data: DataFacts | None = None
    missing: Mapping[str, str] = field(default_factory=dict)  # section -> why it is not there and how to get it
