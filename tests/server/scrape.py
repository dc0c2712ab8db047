"""Reads the page of metrics as Prometheus does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from server_wire import Running


@dataclass(frozen=True)
class Scrape:
    text: str
    samples: list[tuple[str, dict[str, str], float]]

    def series(self, name: str, **labels: str) -> dict[tuple[str, ...], float]:
        """The values of a metric's series that have these labels, by their other labels' values in order of names."""
        return {
            tuple(value for key, value in sorted(own.items()) if key not in labels): number
            for each, own, number in self.samples
            if each == name and labels.items() <= own.items()
        }

    def value(self, name: str, **labels: str) -> float:
        """The value of the one series with exactly these labels."""
        [number] = [number for each, own, number in self.samples if each == name and own == labels]
        return number

    def calls(self, method: str) -> dict[str, float]:
        """How the calls of a method ended, by code, those codes left out that none ended with."""
        ended = self.series("grpc_server_handled_total", grpc_method=method)
        return {code: number for (code, *_), number in ended.items() if number}


def scrape(address: str) -> Scrape:
    with urlopen(f"http://{address}/metrics", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = response.read().decode()
    families = text_string_to_metric_families(text)
    return Scrape(text, [(each.name, each.labels, each.value) for family in families for each in family.samples])


async def metrics(running: Running) -> Scrape:
    """Those of a server of this process, which goes on meanwhile."""
    page: Any = running.server.metrics_page
    return await asyncio.to_thread(scrape, page.address)
