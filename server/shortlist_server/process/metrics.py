"""Makes the metrics of a process: none, those of a server, or those of its tenants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from google.protobuf import descriptor_pool

from shortlist_server.base.metrics import Metrics
from shortlist_server.base.settings import Settings

if TYPE_CHECKING:
    from shortlist_server.observe.metrics_page import MetricsPage


def counted(settings: Settings, services: Iterable[str]) -> tuple[Metrics, MetricsPage | None]:
    """The metrics of this process, and the page that shows them; None where there is no page in this process."""
    if settings.metrics_address is None:
        return Metrics(), None
    # Late import: prometheus_client decides on import where it counts, and `worker.prepare` has to settle that first.
    from shortlist_server.observe.metrics_page import MetricsPage
    from shortlist_server.observe.prometheus import OfTenants, PrometheusMetrics

    metrics = OfTenants(settings.tenants) if settings.tenants else PrometheusMetrics()
    for service in map(descriptor_pool.Default().FindServiceByName, services):
        for method in service.methods:
            metrics.serves(f"/{service.full_name}/{method.name}", method.client_streaming, method.server_streaming)
    page = None if settings.metrics_folder else MetricsPage(settings.metrics_address, metrics.registry)
    return metrics, page
