"""Routing: which of the loaded bundles answers which user. `Serving` is replaced as a whole, between requests."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from shortlist_core.errors import PreconditionError
from shortlist_core.types import Ranked
from shortlist_server.base.metrics import Label, ServingBundle
from shortlist_server.pipeline.query import Query
from shortlist_server.serving.canary import CanaryWatch
from shortlist_server.serving.shadow import Shadow
from shortlist_server.system.loaded_bundle import LoadedBundle


@dataclass(frozen=True, eq=False)
class Canary:
    """The canary: a second bundle for a share of the users, with its watch."""

    bundle: LoadedBundle
    share: float  # above 0 to 1
    watch: CanaryWatch


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The route of a request: the bundle that answers it, and what counts and compares the answer."""

    bundle: LoadedBundle
    shadow: Shadow | None = None  # compares the answer; None where there is no shadow, and for answers of the canary
    watch: CanaryWatch | None = None  # None where there is no canary
    on_canary: bool = False

    def count(self, end: Ranked | BaseException, caller: str, patience: float | None) -> None:
        """Count how the request of this caller ended, which had `patience` seconds, to compare canary and stable."""
        if self.watch:
            self.watch.count(self.on_canary, end, caller, patience)

    def compare(self, query: Query, answer: Ranked) -> None:
        """Let the shadow, if there is one, rank the same query later, unless the answer came from the cache."""
        if self.shadow and not answer.reused:
            self.shadow.offer(query, self.bundle, answer)


@dataclass(frozen=True, eq=False)
class Serving:
    """The loaded bundles that serve at one moment, with their roles."""

    stable: LoadedBundle
    canary: Canary | None = None
    shadow: Shadow | None = None
    previous: LoadedBundle | None = None  # kept for an instant rollback

    def route(self, user_id: str) -> Route:
        """The route of a request of this user."""
        canary = self.canary
        if canary is None:
            return Route(self.stable, self.shadow)
        if is_on_canary(user_id, canary.bundle.version, canary.share):
            return Route(canary.bundle, None, canary.watch, on_canary=True)
        return Route(self.stable, self.shadow, canary.watch)

    def named(self, version: str) -> Route:
        """The route to a bundle in memory, which neither counts nor compares. Raises PreconditionError."""
        loaded = {bundle.version: bundle for bundle in self.loaded()}
        if version not in loaded:
            names = ", ".join(loaded)
            message = f"bundle {version} is not loaded here; these are: {names}"
            raise PreconditionError("BUNDLE_NOT_LOADED", message, bundle=version, loaded=names)
        return Route(loaded[version])

    def loaded(self) -> list[LoadedBundle]:
        """Every bundle in memory."""
        canary = [self.canary.bundle] if self.canary else []
        shadow = [self.shadow.bundle] if self.shadow else []
        return [self.stable, *canary, *shadow, *([self.previous] if self.previous else [])]

    def labelled(self) -> list[ServingBundle]:
        """The bundles that serve, with their labels, the stable one first."""
        bundles = [_labelled("stable", self.stable)]
        if self.canary:
            bundles.append(_labelled("canary", self.canary.bundle))
        if self.shadow:
            bundles.append(_labelled("shadow", self.shadow.bundle))
        return bundles


def is_on_canary(user_id: str, version: str, share: float) -> bool:
    """Whether a canary of this version answers this user. The result is the same in every process and at any time.

    Requests without a user id never go to a canary. The version is hashed too, so that each canary gets other users.
    """
    if not user_id:
        return False
    digest = blake2b(f"{version}\0{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64


def _labelled(label: Label, bundle: LoadedBundle) -> ServingBundle:
    return ServingBundle(bundle.version, label, len(bundle.bundled), bundle.retriever.sources)
