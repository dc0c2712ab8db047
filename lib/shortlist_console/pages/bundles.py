"""The pages of bundles: which there are, which of them answers whom, their reports; activate, canary, rollback."""

from __future__ import annotations

from aiohttp import web
from grpc import StatusCode
from shortlist import BundleLabel, NotFound, ShortlistError
from shortlist.v1.bundle_service_pb2 import Bundle

from shortlist_console.answers.lines import MistakeError, number
from shortlist_console.failures import Failure
from shortlist_console.rendering import path
from shortlist_console.visit import Visit

LABELS = {"stable": BundleLabel.BUNDLE_LABEL_STABLE, "canary": BundleLabel.BUNDLE_LABEL_CANARY} | {
    "shadow": BundleLabel.BUNDLE_LABEL_SHADOW
}
TOLD_FIRST = {
    "ranker_ndcg_at_10_held_out": "NDCG@10",
    "stage_one_ndcg_at_10_held_out": "of stage one",
    "users": "users",
    "items": "items",
}
"""Metrics that the list of bundles has columns for, and their heads."""

_MOST = 100
_NOT_CONFIRMED = Failure("Nothing was changed", "Tick the box beside the button to say that you mean it.", 400)
_REPORT_HEADERS = {
    # The page brings its own style and pictures, and may do nothing.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
}


async def bundles(visit: Visit) -> web.Response:
    """The newest bundles, and what serves."""
    listed = await visit.client.list_bundles(page_size=_MOST)
    state = (await visit.client.get_serving_bundle()).serving
    return visit.render(
        "bundles",
        bundles=listed.bundles,
        more=bool(listed.next_page_token),
        state=state,
        labels=_names,
        first=TOLD_FIRST,
    )


async def bundle(visit: Visit) -> web.Response:
    """One bundle with its metrics and its report, and what can be done with it."""
    version = visit.request.match_info["version"]
    shown = await _find(visit, version)
    state = (await visit.client.get_serving_bundle()).serving
    try:
        has_report = bool((await visit.client.get_bundle_report(version)).html)
    except ShortlistError:
        has_report = False
    return visit.render(
        "bundle", bundle=shown, state=state, labels=_names(shown), has_report=has_report, is_stable=_is_stable(shown)
    )


async def report(visit: Visit) -> web.Response:
    """The report of a bundle, as it is."""
    version = visit.request.match_info["version"]
    page = (await visit.client.get_bundle_report(version)).html
    return web.Response(text=page, content_type="text/html", headers=_REPORT_HEADERS)


async def activate(visit: Visit) -> web.Response:
    """Give a bundle a label."""
    version, form = visit.request.match_info["version"], await visit.request.post()
    label = str(form.get("label", ""))
    if label not in LABELS or not form.get("confirm"):
        return visit.render("failure", 400, failure=_NOT_CONFIRMED)
    try:
        share = number(str(form.get("share", "")) or "0") / 100 if label == "canary" else 0.0
    except MistakeError as error:
        return visit.render("failure", 400, failure=Failure("Nothing was changed", f"The share {error}.", 400))
    await visit.client.activate_bundle(version, LABELS[label], share)
    shown = f" for {100 * share:g} % of the users" if share else ""
    return visit.see(f"/bundles/{path(version)}", f"{version} is {label} now{shown}.")


async def rollback(visit: Visit) -> web.Response:
    """Take a label back."""
    label, form = visit.request.match_info["label"], await visit.request.post()
    if label not in LABELS or not form.get("confirm"):
        return visit.render("failure", 400, failure=_NOT_CONFIRMED)
    state = (await visit.client.rollback_bundle(LABELS[label])).serving
    done = f"Rolled back: {state.stable_bundle_version} is stable now." if label == "stable" else f"The {label} is off."
    return visit.see("/bundles", done)


async def _find(visit: Visit, version: str) -> Bundle:
    """The bundle of this version. Raises NotFound."""
    token = ""
    while True:
        page = await visit.client.list_bundles(page_size=_MOST, page_token=token)
        for each in page.bundles:
            if each.bundle_version == version:
                return each
        token = page.next_page_token
        if not token:
            await visit.client.get_bundle_report(version)  # says what is wrong with the name
            raise NotFound(StatusCode.NOT_FOUND, f"there is no bundle {version!r}")


def _names(bundle: Bundle) -> list[str]:
    return [name for name, label in LABELS.items() if label in bundle.labels]


def _is_stable(bundle: Bundle) -> bool:
    return BundleLabel.BUNDLE_LABEL_STABLE in bundle.labels
