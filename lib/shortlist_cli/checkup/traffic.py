"""Checks of a running server by its page of metrics: what it follows, and how its calls fare."""

from __future__ import annotations

import time
from collections.abc import Iterator

from shortlist_cli.checkup import bundles
from shortlist_cli.checkup.finding import Finding, Verdict, judged
from shortlist_cli.checkup.metrics_text import Metrics
from shortlist_core.errors import UnavailableError

_SECONDS = 10.0
_LAG_SECONDS, _LOST_SECONDS = 10.0, 60.0
_DEGRADED, _MOSTLY_DEGRADED = 0.05, 0.5
_FAILED, _MOSTLY_FAILED = 0.01, 0.2
_FAILURES = "INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|UNKNOWN|DATA_LOSS"
_OURS = r"shortlist\..*"

_FOLLOWED = {
    "events": "the store is away, or the thread that reads it hangs: the log says state_log_unavailable",
    "catalog": "the store is away, or the thread that reads it hangs: the log says catalog_unavailable",
    "tokens": "the token file cannot be read: the log says token_file_unavailable",
}


def traffic(address: str) -> list[Finding]:
    """What the page of metrics at an address says."""
    try:
        return list(findings(Metrics.fetch(address, _SECONDS), time.time()))
    except UnavailableError as error:
        advice = "start the server with --metrics-address, and name it here with --metrics-address"
        return [Finding("metrics", str(error), Verdict.BAD, advice)]


def findings(metrics: Metrics, now: float) -> Iterator[Finding]:
    """What these metrics say at a time, in seconds since the epoch."""
    yield from _bundles(metrics)
    yield from _lags(metrics, now)
    if any(value == 0 for _, value in metrics.of("shortlist_store_available")):
        yield Finding("store", "cannot be used: events are refused", Verdict.BAD, "look at the store; the log says why")
    calls = metrics.sum("grpc_server_handled_total", grpc_service=_OURS)
    yield _share(
        "failed calls", metrics.sum("grpc_server_handled_total", grpc_service=_OURS, grpc_code=_FAILURES), calls,
        (_FAILED, _MOSTLY_FAILED), "the log has a line for each",
    )  # fmt: skip
    yield _share(
        "refused calls", metrics.sum("grpc_server_handled_total", grpc_service=_OURS, grpc_code="RESOURCE_EXHAUSTED"),
        calls, (_FAILED, _MOSTLY_FAILED), "more workers or servers are needed, or a quota is too small",
    )  # fmt: skip
    yield _degraded(metrics)
    if restarted := {own["part"]: value for own, value in metrics.of("shortlist_parts_restarted_total") if value}:
        said = ", ".join(f"{part} {value:g} times" for part, value in restarted.items())
        yield Finding("restarted parts", said, Verdict.WARNING, "the log says why; report it")


def _bundles(metrics: Metrics) -> Iterator[Finding]:
    """The age of what serves, which no token is needed for here."""
    stable = {own["version"] for own, value in metrics.of("shortlist_bundle_info", label="stable") if value}
    if not stable:
        yield Finding(
            "serving bundle", "none", Verdict.BAD, "publish one: shortlist train; the log says what is waited for"
        )
    for version in sorted(stable):
        yield bundles.age(bundles.published_at(version))


def _lags(metrics: Metrics, now: float) -> Iterator[Finding]:
    """How far behind a process may be with what it follows."""
    for log, advice in _FOLLOWED.items():
        times = [value for _, value in metrics.of("shortlist_followed_timestamp_seconds", log=log) if value]
        if not times:
            continue
        lag = max(now - min(times), 0.0)
        verdict = judged(lag, _LAG_SECONDS, _LOST_SECONDS)
        name = "event lag" if log == "events" else f"{log} lag"
        yield Finding(name, f"{lag:.1f} s", verdict, advice if verdict != Verdict.GOOD else "")


def _degraded(metrics: Metrics) -> Finding:
    by_flag: dict[str, float] = {}
    for own, value in metrics.of("shortlist_degraded_total"):
        if value:
            by_flag[own["flag"]] = by_flag.get(own["flag"], 0) + value
    flags = ", ".join(f"{flag} {count:,.0f}" for flag, count in sorted(by_flag.items()))
    answers = metrics.sum("shortlist_recommendations_total")
    worst = max(by_flag.values(), default=0)  # an answer may have several flags
    limits = _DEGRADED, _MOSTLY_DEGRADED
    return _share("degraded", worst, answers, limits, f"{flags}: the log says why", what="answers")


def _share(
    check: str, part: float, whole: float, limits: tuple[float, float], advice: str, what: str = "calls"
) -> Finding:
    """The share of what went wrong since the server started."""
    if not whole:
        return Finding(check, f"no {what} yet", Verdict.UNKNOWN)
    verdict = judged(part / whole, *limits)
    found = f"{part / whole:.2%} of {whole:,.0f} {what} since the start"
    return Finding(check, found, verdict, advice if verdict != Verdict.GOOD else "")
