"""A server of fakes that two tenants share, who have equal users, items and names of tokens, and calls of either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import server_fakes as fakes
from google.protobuf import descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from shortlist_bundle import BundleStore
from shortlist_server.base.settings import Settings
from shortlist_server.base.tenants import Tenant
from shortlist_server.process.app import Server, create_server
from shortlist_server.process.deployments import open_stores
from shortlist_server.rpc.token_file import new_token
from shortlist_state import open_store

TENANTS = ("acme", "beta")
POINTS = {"acme": 0.01, "beta": 0.02}
"""What tells the tenants' bundles apart, apart from their versions: item 39, the best, scores 39 times as much."""


@dataclass
class Shared:
    server: Server
    channel: grpc.aio.Channel
    folder: Path
    tokens: dict[str, str]  # by tenant
    address: str

    def bundles(self, tenant: str) -> BundleStore:
        return BundleStore(self.folder / tenant / "bundles")

    def system(self, tenant: str) -> Any:
        """The fake that the tenant's queries are answered with."""
        return self.server.deployments[tenant].engine.stable

    def call(self, tenant: str, method: str, request: Message, timeout: float = 30) -> Any:
        """A call of this tenant's token: `await` its answer. `method` is such as "EventService/WriteEvents"."""
        return self.call_with(self.tokens[tenant], method, request, timeout)

    def call_with(self, token: str, method: str, request: Message, timeout: float = 30) -> Any:
        service, _, name = method.partition("/")
        described = descriptor_pool.Default().FindServiceByName(f"shortlist.v1.{service}").methods_by_name[name]
        answer = GetMessageClass(described.output_type).FromString
        path, metadata = f"/shortlist.v1.{method}", [("authorization", f"Bearer {token}")]
        if described.client_streaming:
            streams = self.channel.stream_stream(path, type(request).SerializeToString, answer)
            return _only(streams([request], metadata=metadata, timeout=timeout))
        unary = self.channel.unary_unary(path, type(request).SerializeToString, answer)
        return unary(request, metadata=metadata, timeout=timeout)


async def _only(stream: Any) -> Any:
    [answer] = [answer async for answer in stream]
    return answer


def tenants_in(folder: Path) -> dict[str, Tenant]:
    """Two tenants with a published bundle each; acme has a second one."""
    found = {}
    for name in TENANTS:
        fakes.publish(folder / name / "bundles", POINTS[name])
        found[name] = Tenant(bundles=folder / name / "bundles", state=f"sqlite:{folder / name / 'state.sqlite'}")
    fakes.publish(folder / "acme" / "bundles", 0.03, activate=False)
    return found


def tokens_in(file: Path, scopes: tuple[str, ...] = ("read", "write", "users", "admin")) -> dict[str, str]:
    """A token of each tenant, all of one name, in a token file."""
    made = {tenant: new_token(scopes, "shop", tenant=tenant) for tenant in TENANTS}
    file.write_text("".join(f"{line}\n" for _, line in made.values()))
    return {tenant: token for tenant, (token, _) in made.items()}


@asynccontextmanager
async def shared_server(folder: Path, begin: bool = True, **values: Any) -> AsyncIterator[Shared]:
    defaults = {"address": "127.0.0.1:0", "drain_delay_seconds": 0, "grace_seconds": 5, "reuse_seconds": 0}
    tokens, file = tokens_in(folder / "tokens"), folder / "tokens"
    tenants = values.pop("tenants", None) or tenants_in(folder)
    settings = Settings.of(
        **(defaults | {"tenants": tenants, "token_file": file, "bundle_poll_seconds": 0.05} | values)
    )
    server, port = await create_server(settings, open_stores(settings, open_store), load=lambda b, _: fakes.load(b))
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    try:
        if begin:
            await server.begin()
        yield Shared(server, channel, folder, tokens, f"127.0.0.1:{port}")
    finally:
        await channel.close()
        await server.drain()
