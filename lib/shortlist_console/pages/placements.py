"""The pages of placements: the list, and the editor, which shows a draft's answer beside the one in force."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from shortlist import BatchRecommendQuery, InvalidArgument, Placement, ShortlistError
from shortlist.v1.placement_service_pb2 import ListPlacementsResponse
from shortlist.v1.recommendation_service_pb2 import RecommendResponse

from shortlist_console.answers.column import Column, told
from shortlist_console.failures import Failure
from shortlist_console.rendering import path
from shortlist_console.visit import Visit

EXAMPLE = Placement(name="home", count=20)
_NOT_CONFIRMED = Failure("Nothing was changed", "Tick the box beside the button to say that you mean it.", 400)


@dataclass
class Draft:
    """What is in the editor."""

    before: str  # name of the placement that it changes; empty for a new one
    text: str
    version: str  # of the placements that the change began with
    user_id: str = ""
    mistakes: tuple[tuple[str, str], ...] = ()  # field and rule

    def placement(self) -> Placement | None:
        """The placement that the text says; None where it says none, which is among the mistakes then."""
        try:
            return Parse(self.text, Placement())
        except (ParseError, RecursionError) as error:
            self.mistakes = (("JSON", " ".join(str(error).split())),)
            return None

    def refused(self, error: InvalidArgument, prefix: str) -> None:
        """Keep what the server says of the fields, which it names from where the placement stands in the request."""
        self.mistakes = tuple(
            (each.field.removeprefix(prefix) or "placement", each.description) for each in error.violations
        )


async def placements(visit: Visit) -> web.Response:
    """All placements."""
    listed = await visit.client.list_placements()
    shown = [(each, _json(each)) for each in listed.placements]
    return visit.render("placements", shown=shown, version=listed.version, refusals=listed.refusals)


async def edit(visit: Visit) -> web.Response:
    """The editor of one placement, or of a new one."""
    name, listed = visit.request.query.get("name", ""), await visit.client.list_placements()
    placement = _named(listed, name)
    user_id = visit.request.query.get("user_id", "") or next(iter(visit.session.users), "")
    text = _json(placement or Placement(name=name or EXAMPLE.name, count=EXAMPLE.count))
    return _editor(visit, Draft(name if placement else "", text, listed.version, user_id))


async def preview(visit: Visit) -> web.Response:
    """The draft's answer for a user beside that of the placement as it is. Nothing is set."""
    draft = await _draft(visit)
    columns: list[Column] = []
    if placement := draft.placement():
        now = f"{draft.before} as it is" if draft.before else "Without a placement"
        weighed = bool(placement.action_weights)
        columns = [Column(now, weighed), Column("With the draft", weighed)]
        try:
            await visit.client.set_placements([placement], validate_only=True)
            await _compare(visit, draft, placement, columns)
        except InvalidArgument as error:
            draft.refused(error, "placements[0].")
            columns = []
    return _editor(visit, draft, columns)


async def save(visit: Visit) -> web.Response:
    """Put the draft in the place of the placement that it changes."""
    draft = await _draft(visit)
    if placement := draft.placement():
        listed = await visit.client.list_placements()
        names = [each.name for each in listed.placements]
        position = names.index(draft.before) if draft.before in names else len(names)
        wanted = [*listed.placements[:position], placement, *listed.placements[position + 1 :]]
        try:
            await visit.client.set_placements(wanted, expected_version=draft.version)
            return visit.see(f"/placements/edit?name={path(placement.name)}", f"{placement.name} holds from now on.")
        except InvalidArgument as error:
            draft.refused(error, f"placements[{position}].")
        except ShortlistError as error:
            if error.reason != "PLACEMENTS_CHANGED":
                raise
            changed = "somebody has changed the placements since you opened this page: open it anew to see their change"
            draft.mistakes = (("placements", changed),)
    return _editor(visit, draft)


async def remove(visit: Visit) -> web.Response:
    """Take a placement out."""
    draft, form = await _draft(visit), await visit.request.post()
    if not form.get("confirm"):
        return visit.render("failure", 400, failure=_NOT_CONFIRMED)
    listed = await visit.client.list_placements()
    kept = [each for each in listed.placements if each.name != draft.before]
    await visit.client.set_placements(kept, expected_version=draft.version)
    return visit.see("/placements", f"{draft.before} is gone.")


async def _compare(visit: Visit, draft: Draft, placement: Placement, columns: list[Column]) -> None:
    asked = BatchRecommendQuery(user_id=draft.user_id, include_trace=True, include_action_probabilities=True)

    async def now() -> RecommendResponse:
        return await visit.client.recommend(
            draft.user_id,
            0 if draft.before else placement.count,
            placement=draft.before,
            include_trace=True,
            include_action_probabilities=True,
        )

    async def then() -> RecommendResponse:
        seen = await visit.client.preview_placement(placement, asked)
        answer = seen.recommendation
        return RecommendResponse(
            bundle_version=seen.bundle_version, items=answer.items, degraded=answer.degraded, trace=answer.trace
        )

    calls = zip(columns, (now, then), strict=True)
    await asyncio.gather(*(column.ask(call, visit.settings.address) for column, call in calls))
    for column in columns:
        if column.wrong and not column.failed:
            column.failed = "; ".join(f"{name} {rule}".strip() for name, rule in column.wrong.items())
    await told(visit.client, columns)


async def _draft(visit: Visit) -> Draft:
    form = await visit.request.post()
    before, text, version, user_id = (str(form.get(name, "")) for name in ("before", "text", "version", "user_id"))
    return Draft(before, text.replace("\r\n", "\n"), version, user_id.strip())


def _editor(visit: Visit, draft: Draft, columns: list[Column] | None = None) -> web.Response:
    return visit.render(
        "placement",
        400 if draft.mistakes else 200,
        draft=draft,
        columns=columns or [],
        tried=(),
        pictures=visit.settings.pictures,
    )


def _named(listed: ListPlacementsResponse, name: str) -> Placement | None:
    return next((each for each in listed.placements if each.name == name), None)


def _json(placement: Placement) -> str:
    return MessageToJson(placement, ensure_ascii=False)
