"""Callers: the token's name where a token was checked in this call, else the address of the peer."""

import asyncio
from contextvars import Context
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shortlist_server.rpc.auth import READ, Authority, Token, _hash
from shortlist_server.rpc.caller import address, caller_of

RECOMMEND = "/shortlist.v1.RecommendationService/Recommend"
CONTEXT = cast(Any, SimpleNamespace(peer=lambda: "ipv4:10.0.0.7:41234"))


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("ipv4:10.0.0.7:41234", "10.0.0.7"),
        ("ipv6:[2001:db8::1]:41234", "2001:db8::1"),
        ("ipv6:%5B::1%5D:41234", "::1"),
        ("unix:", "unix"),
        ("unix:/run/shortlist.sock", "unix"),
    ],
)
def test_an_address_has_neither_family_nor_port(peer: str, expected: str) -> None:
    assert address(peer) == expected


async def test_a_call_with_a_token_is_named_by_it_and_calls_beside_it_are_not() -> None:
    token = Token(_hash("secret"), frozenset({READ}))
    authority = Authority([token])

    async def with_token() -> str:
        authority.check(RECOMMEND, "Bearer secret")
        await asyncio.sleep(0)
        return caller_of(CONTEXT)

    async def without() -> str:
        await asyncio.sleep(0)
        return caller_of(CONTEXT)

    named, unnamed = await asyncio.gather(
        asyncio.create_task(with_token()), asyncio.create_task(without(), context=Context())
    )
    assert named == token.name
    assert unnamed == "10.0.0.7"
    assert "secret" not in named
