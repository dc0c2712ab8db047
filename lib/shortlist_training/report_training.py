"""A training record as curves and choices of the report's page."""

from __future__ import annotations

from collections.abc import Sequence

from shortlist_report.record import Choice, Curve
from shortlist_training.training_record import TrainingRecord


def choices(record: TrainingRecord) -> tuple[Choice, ...]:
    """What was found out and decided, in the order in which it was."""
    return tuple(Choice(each.what, each.chosen, each.why) for each in record.findings)


def curves(record: TrainingRecord) -> tuple[Curve, ...]:
    """The ranker's passes, and the losses of the models of stage one."""
    found: list[Curve] = []
    passes = {name: points for name, points in record.passes.items() if points}
    if passes:
        start = "stage one's order, or that of the ranker from which a warm retraining goes on"
        about = f"On the newest slice of time, which was held out. Pass 0 is the start: {start}."
        ndcgs = {name: [ndcg for _, ndcg in points] for name, points in passes.items()}
        losses: dict[str, list[float | None]] = {name: [loss for loss, _ in points] for name, points in passes.items()}
        found.append(_passes("Ranker: NDCG@10", about, "NDCG@10", ndcgs))
        found.append(_passes("Ranker: loss", "On the examples that it learned from.", "loss", losses))
    for name, fits in record.losses.items():
        about = "Mean loss of stretches of batches. Each fit goes on from the one before, on more of the data."
        found.append(_fits(f"{name.replace('_', ' ').capitalize()}: loss", about, fits))
    return tuple(found)


def _passes(
    title: str, about: str, measure: str, series: dict[str, list[float]] | dict[str, list[float | None]]
) -> Curve:
    longest = max(map(len, series.values()))
    padded = {name: (*values, *[None] * (longest - len(values))) for name, values in series.items()}
    return Curve(title, about, "pass", measure, tuple(map(float, range(longest))), padded)


def _fits(title: str, about: str, fits: Sequence[Sequence[float]]) -> Curve:
    """All fits one after another, each a series of its own."""
    total = sum(map(len, fits))
    series: dict[str, tuple[float | None, ...]] = {}
    start = 0
    for number, points in enumerate(fits, 1):
        series[f"fit {number}"] = (*[None] * start, *points, *[None] * (total - start - len(points)))
        start += len(points)
    return Curve(
        title,
        about,
        "stretch of batches",
        "loss",
        tuple(float(i) for i in range(1, total + 1)),
        series,
        told_apart=False,
    )
