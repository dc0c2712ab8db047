"""Families of metrics: each is declared once in a registry, and where there are tenants, each has a label for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, cast

import prometheus_client
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

C = TypeVar("C", bound=MetricWrapperBase)

TENANT = "tenant"


class Families:
    """The metrics of one registry. `declare` gives those of a tenant, or those of a server without tenants."""

    def __init__(self, of_tenants: bool = False) -> None:
        prometheus_client.disable_created_metrics()  # they double the number of series, and nobody needs them
        self.registry = CollectorRegistry()
        self._labels = (TENANT,) if of_tenants else ()
        self._declared: dict[str, MetricWrapperBase] = {}

    def declare(
        self, tenant: str | None, kind: type[C], name: str, about: str, labels: Sequence[str] = (), **more: Any
    ) -> C:
        """A metric of one tenant, made where it is new: `labels` of it takes the values of these labels alone.

        A tenant that is None stands for all: the metric has no label for tenants.
        """
        ours = () if tenant is None else self._labels
        family = self._declared.get(name)
        if family is None:
            family = self._declared[name] = kind(name, about, (*ours, *labels), registry=self.registry, **more)
        if tenant is None or not ours:
            return cast(C, family)
        return cast(C, _OfTenant(family, tenant) if labels else family.labels(tenant))


class _OfTenant:
    """A family as one tenant sees it."""

    def __init__(self, family: MetricWrapperBase, tenant: str) -> None:
        self._family, self._tenant = family, tenant

    def labels(self, *values: str) -> MetricWrapperBase:
        return self._family.labels(self._tenant, *values)


class Children(dict[str, C], Generic[C]):
    """The children of one metric by its last label. Each is looked up once: `labels` takes longer than counting.

    Children named at the start exist as 0 before anything happens, so that rates can be computed.
    """

    def __init__(self, parent: C, first: Sequence[str] = (), at_start: Iterable[str] = ()) -> None:
        self._parent, self._first = parent, first
        self.begin(at_start)

    def begin(self, labels: Iterable[str]) -> None:
        """Make the children of these labels, as 0 where they are new."""
        for label in labels:
            self[label] = self._parent.labels(*self._first, label)

    def __missing__(self, last: str) -> C:
        child = self[last] = self._parent.labels(*self._first, last)
        return child
