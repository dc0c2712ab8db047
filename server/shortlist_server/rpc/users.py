"""UserService: summarises, exports and deletes what is stored of a user."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import grpc
from shortlist.v1 import user_service_pb2 as api
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer

from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.types import Event, Queries
from shortlist_server.base.logs import hashed
from shortlist_server.rpc import validate
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import LoadedBundle

Context = grpc.aio.ServicerContext[Any, Any]


class UserServicer(UserServiceServicer):
    """Reads the store, and for users who were not erased the serving bundle too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def GetUser(self, request: api.GetUserRequest, context: Context) -> api.GetUserResponse:
        """See the service's definition, as for all methods here."""
        user_id, bundle = validate.get_user(request), self._engine.stable
        summary = await self._engine.ask_store(lambda store: store.summary(user_id))
        trained = [] if summary.erased else bundle.histories.queries([user_id]).times.tolist()
        response = api.GetUserResponse(
            user_id=user_id,
            live_event_count=sum(summary.counts.values()),
            bundle_event_count=len(trained),
            deleted_before=summary.erased,
            bundle_version=bundle.version,
        )
        for type, count in sorted(summary.counts.items(), key=lambda entry: (-entry[1], entry[0])):
            response.live_event_type_counts.add(event_type=int(type), event_count=count)
        times = [*trained, *(time for time in (summary.first, summary.last) if time is not None)]
        if times:
            response.first_event_time.FromMicroseconds(min(times))
            response.last_event_time.FromMicroseconds(max(times))
        return response

    async def ExportUser(self, request: api.ExportUserRequest, context: Context) -> api.ExportUserResponse:
        """A page of the bundle's events, then of the store's."""
        (user_id, size, token), bundle = validate.export_user(request), self._engine.stable
        start = _Position.read(token, user_id, bundle)
        live = await self._engine.ask_store(lambda store: store.read([user_id], 0)[0])
        trained = bundle.histories.queries([] if live.erased else [user_id])
        stop = min(start.trained + size, len(trained.items))
        events = [_of_bundle(bundle, trained, i) for i in range(start.trained, stop)]
        page = await self._engine.ask_store(lambda store: store.export(user_id, start.after, size - len(events)))
        events += [_of_store(entry.event) for entry in page.entries if entry.event]
        more = page.more or (len(events) == size and page.end == start.after)
        end = _Position(stop, page.end)
        return api.ExportUserResponse(events=events, next_page_token=end.text(user_id, bundle) if more else "")

    async def DeleteUser(self, request: api.DeleteUserRequest, context: Context) -> api.DeleteUserResponse:
        """The deletion completes even if its caller leaves."""
        user_id = validate.delete_user(request)
        deleted = await self._engine.with_store(lambda store: store.erase(user_id))
        return api.DeleteUserResponse(user_id=user_id, deleted_event_count=deleted)


_MOST = 1 << 53  # bound of the numbers in a page token, larger than any count of events


@dataclass(frozen=True, slots=True)
class _Position:
    """How far an export has come."""

    trained: int = 0  # how many events of the bundle are exported
    after: int = -1  # sequence number of the last exported live event

    @classmethod
    def read(cls, token: str, user_id: str, bundle: LoadedBundle) -> _Position:
        if not token:
            return cls()
        try:
            user, version, trained, after = json.loads(base64.urlsafe_b64decode(token.encode()))
            if (user, version) == (hashed(user_id), bundle.version):
                return cls(min(max(0, int(trained)), _MOST), min(max(-1, int(after)), _MOST))
        except (ValueError, TypeError, OverflowError, RecursionError):
            pass
        rule = "must be the next_page_token of a page of this user, from the bundle that serves now"
        raise InvalidArgumentError([Violation("page_token", rule)])

    def text(self, user_id: str, bundle: LoadedBundle) -> str:
        content = json.dumps([hashed(user_id), bundle.version, self.trained, self.after])
        return base64.urlsafe_b64encode(content.encode()).decode()


def _of_bundle(bundle: LoadedBundle, trained: Queries, i: int) -> api.UserEvent:
    event = api.UserEvent(
        origin=api.USER_EVENT_ORIGIN_BUNDLE,
        item_id=bundle.items.ids[int(trained.items[i])],
        event_type=int(trained.types[i]),  # type: ignore[arg-type]
        value=float(trained.values[i]),
    )
    event.event_time.FromMicroseconds(int(trained.times[i]))
    return event


def _of_store(event: Event) -> api.UserEvent:
    message = api.UserEvent(
        origin=api.USER_EVENT_ORIGIN_LIVE,
        event_id=event.event_id,
        item_id=event.item_id,
        event_type=int(event.type),  # type: ignore[arg-type]
        value=event.value,
        session_id=event.session_id,
        attribution_token=event.attribution_token,
    )
    message.event_time.FromMicroseconds(event.time)
    return message
