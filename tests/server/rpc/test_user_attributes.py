"""ExportUser tells what the bundle knows of a user besides events."""

from __future__ import annotations

from dataclasses import replace

from conftest import Start
from server_wire import Running
from shortlist.v1 import user_service_pb2 as users

from shortlist_bundle.groups import UserGroups, write_groups
from shortlist_server.system.loaded_bundle import LoadedBundle

NAMES = [("country", "France"), ("country", "Spain"), ("interest", "tea")]


async def page(running: Running, user: str, size: int = 0, token: str = "") -> users.ExportUserResponse:
    return await running.users.ExportUser(users.ExportUserRequest(user_id=user, page_size=size, page_token=token))


async def test_the_first_page_has_the_attributes(start: Start, system: LoadedBundle, stored) -> None:
    bundle = stored(lambda writer: write_groups(writer, NAMES, {"ann": [0, 2], "new": [1]}))
    running = await start()
    await running.server.activate(lambda: replace(system, groups=UserGroups.load(bundle)))
    first = await page(running, "ann", 3)
    assert [(each.key, each.value) for each in first.user_attributes] == [("country", "France"), ("interest", "tea")]
    second = await page(running, "ann", 3, first.next_page_token)
    assert len(second.events) == 1 and not second.user_attributes
    assert [(each.key, each.value) for each in (await page(running, "new")).user_attributes] == [("country", "Spain")]
    assert not (await page(running, "bob")).user_attributes
    await running.users.DeleteUser(users.DeleteUserRequest(user_id="ann"))
    assert not (await page(running, "ann")).user_attributes
