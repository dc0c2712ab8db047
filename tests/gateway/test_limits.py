"""Nothing that one caller of a gateway sends keeps the others waiting, and nothing it leaves out is waited for."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator

import pytest
from gateway_http import ASKED, HEAD, WHOLE, Connection, GatewayWith, ask

from shortlist_gateway.bodies import MAX_PARTS


@pytest.fixture
def without_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What a caller does wrong is no error of the gateway: nothing of that kind is logged."""
    yield
    assert not [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]


async def test_millions_of_tiny_values_are_refused_while_others_are_answered(gateway_with: GatewayWith) -> None:
    bomb = b'{"contextEvents": [' + b"{}," * 5_000_000 + b"{}]}"
    async with gateway_with() as address:
        bombs = [asyncio.create_task(ask(address, bomb)) for _ in range(2)]
        others = 0
        while not all(each.done() for each in bombs):
            assert (await ask(address))[0] == 200
            others += 1
        for status, _, error in await asyncio.gather(*bombs):
            assert (status, error["code"]) == (400, "invalid_argument")
            assert error["message"].endswith(f"it holds more than {MAX_PARTS:,} objects, lists and commas")
    assert others


async def test_headers_that_do_not_come_are_not_waited_for(gateway_with: GatewayWith) -> None:
    async with gateway_with(head_seconds=0.2) as address:
        silent, slow = await Connection.to(address), await Connection.to(address)
        await slow.send("POST / HTTP/1.1\r\nHos")
        assert await silent.ended() and await slow.ended()
        used = await Connection.to(address)
        await used.send(WHOLE)
        assert (await used.answer())[0] == 200
        await asyncio.gather(*(ask(address) for _ in range(20)))
        await used.send(WHOLE)  # idle_seconds go for the second one
        assert (await used.answer())[0] == 200


async def test_an_idle_connection_ends_and_so_do_slow_headers_of_a_later_request(gateway_with: GatewayWith) -> None:
    async with gateway_with(idle_seconds=0.3) as address:
        idle, slow = await Connection.to(address), await Connection.to(address)
        for each in (idle, slow):
            await each.send(WHOLE)
            assert (await each.answer())[0] == 200
        await slow.send(HEAD)
        assert await idle.ended() and await slow.ended()


@pytest.mark.parametrize("length", ["Content-Length: 100", "Transfer-Encoding: chunked"])
async def test_a_body_under_way_has_its_time(gateway_with: GatewayWith, length: str) -> None:
    async with gateway_with(body_seconds=0.2) as address:
        connection = await Connection.to(address)
        await connection.send(f"{HEAD}{length}\r\nConnect-Timeout-Ms: 60000\r\n\r\n1")
        status, _, error = await connection.answer()
        assert (status, error["code"]) == (504, "deadline_exceeded")


@pytest.mark.parametrize(
    "body", ["zz\r\n{}\r\n0\r\n\r\n", "2\r\n{}XX0\r\n\r\n", "-2\r\n{}\r\n", "ffffffffffffffffff\r\n"]
)
async def test_a_body_that_is_no_http_is_the_callers_fault(
    gateway_with: GatewayWith, body: str, without_errors: None
) -> None:
    async with gateway_with() as address:
        connection = await Connection.to(address)
        await connection.send(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n")
        await connection.send(body)
        assert (await connection.answer())[0] == 400


async def test_an_announced_body_beyond_the_limit_is_refused_at_once(gateway_with: GatewayWith) -> None:
    async with gateway_with(max_body_bytes=1_000) as address:
        connection = await Connection.to(address)
        await connection.send(f"{HEAD}Content-Length: 1001\r\n\r\n")
        status, _, error = await connection.answer()
        assert (status, error["code"]) == (413, "resource_exhausted")


async def test_bodies_beyond_what_may_be_held_are_refused(gateway_with: GatewayWith) -> None:
    async with gateway_with(max_held_bytes=100_000) as address:
        held = await Connection.to(address)
        await held.send(f"{HEAD}Content-Length: 90000\r\n\r\n" + " " * 80_000)
        while (got := await ask(address, ASKED + " " * 30_000))[0] == 200:  # until the first one has arrived
            pass
        assert (got[0], got[2]["code"]) == (429, "resource_exhausted")
        assert (await ask(address))[0] == 200
        await held.send(f"{ASKED}" + " " * (10_000 - len(ASKED)))
        assert (await held.answer())[0] == 200
        assert (await ask(address, ASKED + " " * 30_000))[0] == 200


@pytest.mark.parametrize(
    "head",
    [
        "X-Long: " + "x" * 9_000,
        "\r\n".join(f"X-{number}: 1" for number in range(200)),
        "X" * 9_000 + ": 1",
        "Bad header",
        "Content-Length: -1",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 99999999999999999999",
        "X-Escape: \x1b[31m\x00",
    ],
    ids=range(8),
)
async def test_headers_that_are_too_much_or_none_are_refused(
    gateway_with: GatewayWith, head: str, without_errors: None
) -> None:
    async with gateway_with() as address:
        connection = await Connection.to(address)
        await connection.send(f"{HEAD}{head}\r\n\r\n")
        assert (await connection.answer())[0] == 400
        assert (await ask(address))[0] == 200


async def test_a_caller_that_does_not_read_is_let_go(gateway_with: GatewayWith) -> None:
    body = json.dumps({"queries": [{"userId": f"u{n}", "count": 40, "includeTrace": True} for n in range(64)]})
    head = HEAD.replace("Recommend HTTP", "BatchRecommend HTTP")
    async with gateway_with(answer_seconds=0.2) as address:
        connection = await Connection.to(address)
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
        asking = f"{head}Content-Length: {len(body)}\r\n\r\n{body}" * 100
        async with asyncio.timeout(60):
            with pytest.raises(ConnectionError):
                while True:
                    await connection.send(asking)


async def test_beyond_the_most_connections_the_longest_idle_makes_room(gateway_with: GatewayWith) -> None:
    async with gateway_with(max_connections=2, answer_seconds=5) as address:
        first, second = await Connection.to(address), await Connection.to(address)
        for each in (first, second):
            await each.send(WHOLE)
            assert (await each.answer())[0] == 200
        assert (await ask(address))[0] == 200
        assert await first.ended()
        await second.send(WHOLE)
        assert (await second.answer())[0] == 200


async def test_where_all_connections_are_busy_a_new_one_is_refused(gateway_with: GatewayWith) -> None:
    async with gateway_with(max_connections=1) as address:
        busy = await Connection.to(address)
        await busy.send(f"{HEAD}Content-Length: {len(ASKED)}\r\nExpect: 100-continue\r\n\r\n")
        await busy.reader.readuntil(b"\r\n\r\n")  # 100: the request is under way
        status, headers, error = await (await Connection.to(address)).answer()
        assert (status, error["code"], headers["connection"]) == (503, "unavailable", "close")
        await busy.send(ASKED)
        assert (await busy.answer())[0] == 200


@pytest.mark.parametrize(
    "millis",
    ["", "-1", "+5", "1.5", "1e3", "12345678901", "0x10", "\u0661", "5 ms", "5, 6", "5\r\nConnect-Timeout-Ms: 5"],
)
async def test_a_timeout_that_is_none_is_refused(gateway_with: GatewayWith, millis: str) -> None:
    async with gateway_with() as address:
        status, _, error = await ask(address, ASKED, f"Connect-Timeout-Ms: {millis}")
        assert (status, error["code"]) == (400, "invalid_argument")


async def test_a_timeout_beyond_the_longest_is_cut(gateway_with: GatewayWith) -> None:
    async with gateway_with(max_seconds=0.2) as address:
        connection = await Connection.to(address)
        await connection.send(f"{HEAD}Content-Length: 10\r\nConnect-Timeout-Ms: 9999999999\r\n\r\n1")
        assert (await connection.answer())[0] == 504
