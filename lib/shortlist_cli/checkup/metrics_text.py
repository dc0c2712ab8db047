"""Metrics in Prometheus' text format, as a server's page has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from shortlist_core.errors import UnavailableError

_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)(?: \d+)?")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Metrics:
    """The samples of one look at the page: name, labels, value."""

    samples: tuple[tuple[str, dict[str, str], float], ...]

    @classmethod
    def parse(cls, text: str) -> Metrics:
        """The samples of a page; comments are left out."""
        return cls(tuple(_samples(text)))

    @classmethod
    def fetch(cls, address: str, seconds: float) -> Metrics:
        """The page of a server at HOST:PORT. Raises UnavailableError, in one line, where it cannot be read."""
        try:
            with urlopen(f"http://{address}/metrics", timeout=seconds) as answer:
                return cls.parse(answer.read().decode("utf-8", "replace"))
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise UnavailableError("METRICS", f"no metrics at {address}: {reason}") from None

    def sum(self, name: str, **labels: str) -> float:
        """The sum of all samples of a name whose labels match these expressions whole; 0 where there is none."""
        return sum(value for _, value in self.of(name, **labels))

    def of(self, name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
        """Labels and value of each such sample."""
        for each, own, value in self.samples:
            if each == name and all(re.fullmatch(wanted, own.get(label, "")) for label, wanted in labels.items()):
                yield own, value


def _samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for line in text.splitlines():
        if found := _SAMPLE.fullmatch(line.strip()):
            name, labels, value = found.groups()
            yield name, dict(_LABEL.findall(labels or "")), float(value)
