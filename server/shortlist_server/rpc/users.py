"""UserService: summarises, exports and deletes what is stored of a user."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import grpc
from shortlist.v1 import user_service_pb2 as api
from shortlist.v1.user_attribute_pb2 import UserAttribute
from shortlist.v1.user_service_pb2_grpc import UserServiceServicer

from shortlist_core.catalog import Attribute
from shortlist_core.errors import InvalidArgumentError, Violation
from shortlist_core.types import NO_GROUP, Event, Queries
from shortlist_server.rpc import validate
from shortlist_server.rpc.caller import lane_of, of_tenant
from shortlist_server.rpc.messages import off_loop
from shortlist_server.rpc.page_size import MAX_PAGE_BYTES
from shortlist_server.serving.engine import Engine
from shortlist_server.system.loaded_bundle import LoadedBundle
from shortlist_state import LiveUser, StateStore

Context = grpc.aio.ServicerContext[Any, Any]


class UserServicer(UserServiceServicer):
    """Reads the store, and for users who were not erased the serving bundle too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def UpsertUsers(self, request: api.UpsertUsersRequest, context: Context) -> api.UpsertUsersResponse:
        """See the service's definition, as for all methods here."""
        users = await off_loop(validate.upsert_users, request)
        await self._engine.store.write(lambda store: store.describe(users), lane_of(context))
        return api.UpsertUsersResponse(written_user_count=len(users))

    async def GetUser(self, request: api.GetUserRequest, context: Context) -> api.GetUserResponse:
        """Numbers of the store and of the bundle."""
        user_id, bundle = validate.get_user(request), self._engine.stable
        summary = await self._engine.store.read(lambda store: store.summary(user_id), lane_of(context))
        erased = summary.erased or self._engine.live.erased(user_id)
        trained = [] if erased else bundle.histories.queries([user_id]).times.tolist()
        response = api.GetUserResponse(
            user_id=user_id,
            live_event_count=sum(summary.counts.values()),
            bundle_event_count=len(trained),
            deleted_before=erased,
            bundle_version=bundle.version,
            live_attribute_count=summary.attributes,
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
        user_id, size, token = validate.export_user(request)
        bundle, live = self._engine.stable, self._engine.live
        start = _Position.read(token, user_id, bundle)

        def export(store: StateStore) -> api.ExportUserResponse:
            [known] = store.read([user_id], 0)
            return _exported(
                store, bundle, user_id, start, size, replace(known, erased=known.erased or live.erased(user_id))
            )

        return await self._engine.store.read(export, lane_of(context))

    async def DeleteUser(self, request: api.DeleteUserRequest, context: Context) -> api.DeleteUserResponse:
        """The deletion completes even if its caller leaves."""
        user_id = validate.delete_user(request)

        def erase(store: StateStore) -> tuple[int, bool]:
            self._engine.drop_impressions(user_id)
            return store.erase(user_id), self._engine.forget(user_id)

        deleted, is_recorded = await self._engine.store.write(erase, lane_of(context))
        return api.DeleteUserResponse(user_id=user_id, deleted_event_count=deleted, recorded_with_bundles=is_recorded)


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
            if (user, version) == (_digest(user_id), of_tenant(bundle.version)):
                return cls(min(max(0, int(trained)), _MOST), min(max(-1, int(after)), _MOST))
        except (ValueError, TypeError, OverflowError, RecursionError):
            pass
        rule = "must be the next_page_token of a page of this user, from the bundle that serves now"
        raise InvalidArgumentError([Violation("page_token", rule)])

    def text(self, user_id: str, bundle: LoadedBundle) -> str:
        content = json.dumps([_digest(user_id), of_tenant(bundle.version), self.trained, self.after])
        return base64.urlsafe_b64encode(content.encode()).decode()


def _exported(
    store: StateStore, bundle: LoadedBundle, user_id: str, start: _Position, size: int, known: LiveUser
) -> api.ExportUserResponse:
    """The page of up to `size` events that begins at `start`."""
    trained = bundle.histories.queries([] if known.erased else [user_id])
    stop = min(start.trained + size, len(trained.items))
    events = [_of_bundle(bundle, trained, i) for i in range(start.trained, stop)]
    page = store.export(user_id, start.after, size - len(events))
    more = page.more or (len(events) == size and page.end == start.after)
    end = _Position(stop, page.end)
    written = [(entry.sequence, _of_store(entry.event)) for entry in page.entries if entry.event]
    fitting = _fitting([message for _, message in written])
    if fitting < len(written):
        more, end = True, _Position(stop, written[fitting - 1][0])
    events += [message for _, message in written[:fitting]]
    is_first = start == _Position()
    return api.ExportUserResponse(
        events=events,
        next_page_token=end.text(user_id, bundle) if more else "",
        user_attributes=_messages(_attributes(bundle, user_id)) if is_first and not known.erased else [],
        live_user_attributes=_messages(known.attributes) if is_first else [],
    )


def _digest(user_id: str) -> str:
    """What tells in a token whose page it is; whoever has the token knows the user anyway."""
    return hashlib.blake2b(user_id.encode(), digest_size=8).hexdigest()


def _fitting(messages: Sequence[api.UserEvent]) -> int:
    """How many of the messages, but at least the first one, fit into a page that clients accept."""
    sizes = accumulate(message.ByteSize() + 8 for message in messages)
    return max(sum(size <= MAX_PAGE_BYTES for size in sizes), min(len(messages), 1))


def _messages(attributes: Sequence[Attribute]) -> list[UserAttribute]:
    return [UserAttribute(key=key, value=value) for key, value in attributes]


def _attributes(bundle: LoadedBundle, user_id: str) -> list[Attribute]:
    """The attributes that the bundle knows of a user."""
    groups = None if bundle.groups is None else bundle.groups.of([user_id])
    if bundle.groups is None or groups is None:
        return []
    return [bundle.groups.names[group] for group in groups[0].tolist() if group != NO_GROUP]


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
