"""Metrics as Markdown: every series that a server may have, with its labels and their values."""

from __future__ import annotations

from prometheus_client.metrics import MetricWrapperBase

from shortlist_reference.paragraphs import table, wrapped
from shortlist_server.observe.prometheus import PrometheusMetrics

GENERATED = "<!-- Generated from the program by `make reference`: change the metrics there. -->"

_ABOUT = (
    "`GET /metrics` at the address of `shortlist serve --metrics-address` answers with these metrics in Prometheus'"
    " text format. A label's values are listed where they are the same in every server. No label holds an id of a user,"
    " an item or a request. On a [server with tenants](../how-to/serve-tenants.md) all but two of them have the label"
    " `tenant` too. [Monitor a server](../how-to/monitor.md) says what to alert on."
)


def page() -> str:
    """One row per metric, in the order in which they are declared."""
    rows = [_row(metric) for metric in declared()]
    return "\n\n".join([GENERATED, "# Metrics", wrapped(_ABOUT), table(("metric", "type", "labels", ""), *rows)]) + "\n"


def declared() -> list[MetricWrapperBase]:
    """The metrics of a server, in the order in which they are declared."""
    # prometheus_client lists collectors and labels nowhere else: a metric that nothing has happened to has no samples.
    collectors = list(PrometheusMetrics().registry._collector_to_names)
    return [each for each in collectors if isinstance(each, MetricWrapperBase)]


def _row(metric: MetricWrapperBase) -> tuple[str, ...]:
    (described,) = metric.describe()
    suffix = "_total" if described.type == "counter" else ""
    labels = ", ".join(_label(metric, name) for name in metric._labelnames)
    return f"`{described.name}{suffix}`", described.type, labels, described.documentation


def _label(metric: MetricWrapperBase, name: str) -> str:
    """A label, and the values that it has before anything happens."""
    (collected,) = metric.collect()
    values = dict.fromkeys(sample.labels[name] for sample in collected.samples if name in sample.labels)
    return f"`{name}`" + (f": {', '.join(f'`{value}`' for value in values)}" if values else "")
