"""The training record: what a training found out, decided and measured step by step, kept in the bundle for reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from shortlist_bundle import Bundle, BundleWriter

FILE = "training/record"

Point = tuple[float | None, float]


@dataclass(frozen=True)
class Finding:
    """Something that a training found out and decided by."""

    what: str
    chosen: str
    why: str = ""


@dataclass
class TrainingRecord:
    """Filled while the recipe runs."""

    findings: list[Finding] = field(default_factory=list)
    losses: dict[str, list[list[float]]] = field(default_factory=dict)  # source -> loss in each fit
    passes: dict[str, list[Point]] = field(default_factory=dict)  # ranker -> loss and held-out NDCG@10 of each pass
    trials: dict[str, list[float]] = field(default_factory=dict)  # source -> quality with each setting that was tried

    def found(self, what: str, chosen: str, why: str = "") -> str:
        """Keep a finding. Returns it as one line, for the progress."""
        self.findings.append(Finding(what, chosen, why))
        return f"{what}: {chosen}{f' ({why})' if why else ''}"

    def tried(self, source: str, quality: float) -> None:
        """Keep how well a source did alone with one of the settings that are tried."""
        self.trials.setdefault(source, []).append(quality)

    def finish(self, losses: Mapping[str, Sequence[Sequence[float]]], passes: Mapping[str, Sequence[Point]]) -> None:
        """Keep what the models' trainings measured."""
        self.losses = {name: [list(fit) for fit in fits] for name, fits in losses.items()}
        self.passes = {name: list(measured) for name, measured in passes.items()}

    def write(self, writer: BundleWriter) -> None:
        """Store the record where `load` reads it."""
        writer.json(FILE, asdict(self))

    @classmethod
    def load(cls, bundle: Bundle) -> TrainingRecord | None:
        """The record of a bundle; None where it was trained before there were any."""
        if not bundle.has(FILE):
            return None
        stored: dict[str, Any] = bundle.json(FILE)
        findings = [Finding(**each) for each in stored["findings"]]
        passes = {name: [(loss, ndcg) for loss, ndcg in points] for name, points in stored["passes"].items()}
        return cls(findings, stored["losses"], passes, stored["trials"])
