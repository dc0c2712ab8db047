"""Checks of a running server, by what it answers over gRPC: health, a recommendation, what it serves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC

from shortlist import Client, HealthStatus, PermissionDenied, ShortlistError, Unauthenticated
from shortlist.v1.recommendation_pb2 import Degradation

from shortlist_cli.checkup import bundles
from shortlist_cli.checkup.finding import Finding, Verdict, judged
from shortlist_cli.connection import client_options, explained

_SECONDS = 10.0
_CALLS = 5
_SLOW_SECONDS, _TOO_SLOW_SECONDS = 0.1, 1.0


def server(address: str) -> list[Finding]:
    """What was found about the server at an address. Raises ValueError or DataError for settings of the connection."""
    with Client(address, client_options(_SECONDS)) as client:
        try:
            health = client.health()
        except ShortlistError as error:
            return [Finding("health", explained(error, address, _SECONDS), Verdict.BAD)]
        if health != HealthStatus.SERVING:
            advice = "wait while it loads; without a bundle: shortlist bundle list, and the server's log"
            return [Finding("health", health.name, Verdict.BAD, advice)]
        return [Finding("health", "SERVING"), _answers(client), *_bundle(client)]


def _answers(client: Client) -> Finding:
    """How the server answers a user whom it does not know, which writes nothing."""
    took = []
    try:
        for _ in range(_CALLS):
            begun = time.perf_counter()
            answer = client.recommend("shortlist-doctor", count=10)
            took.append(time.perf_counter() - begun)
    except ShortlistError as error:
        return _refused("answers", error, "read")
    fastest = min(took)
    found = f"{len(answer.items)} items in {fastest * 1e3:.0f} ms"
    if not answer.items:
        return Finding("answers", "an empty list", Verdict.BAD, "look at --trace: shortlist call recommend --trace")
    if answer.degraded:
        flags = ", ".join(Degradation.Name(flag).removeprefix("DEGRADATION_") for flag in answer.degraded)
        return Finding("answers", f"{found}, degraded: {flags}", Verdict.WARNING, "the server's log says why")
    verdict = judged(fastest, _SLOW_SECONDS, _TOO_SLOW_SECONDS)
    advice = "add workers or servers, or look for what else runs there" if verdict != Verdict.GOOD else ""
    return Finding("answers", found, verdict, advice)


def _bundle(client: Client) -> Iterator[Finding]:
    """What the server serves, which callers with the scope admin may ask for."""
    try:
        serving = client.get_serving_bundle().serving
        listed = client.list_bundles(page_size=100).bundles
    except ShortlistError as error:
        yield _refused("bundle", error, "admin")
        return
    version = serving.stable_bundle_version
    if serving.refusal:
        advice = "the server goes on with another one; verify the bundle, or activate another one"
        yield Finding("bundle", f"serves {version}; refused: {serving.refusal}", Verdict.BAD, advice)
    else:
        yield Finding("bundle", f"serves {version}")
    found = next((each for each in listed if each.bundle_version == version), None)
    if found is None:
        yield bundles.age(bundles.published_at(version))
        return
    yield bundles.age(found.create_time.ToDatetime(UTC), found.data_end_time.ToDatetime(UTC))
    yield bundles.recall({metric.name: metric.value for metric in found.metrics})


def _refused(check: str, error: ShortlistError, scope: str) -> Finding:
    if isinstance(error, PermissionDenied | Unauthenticated):
        advice = f"set SHORTLIST_TOKEN to a token with the scope {scope}"
        return Finding(check, f"not told: {error.code.name}", Verdict.UNKNOWN, advice)
    return Finding(check, f"{error.code.name}: {error.message}", Verdict.BAD, "the server's log says why")
