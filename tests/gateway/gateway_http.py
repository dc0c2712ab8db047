"""Raw HTTP to a gateway: anything can be sent, also what no HTTP client sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from gateway_process import RECOMMEND

from shortlist_core.addresses import split

GatewayWith = Callable[..., AbstractAsyncContextManager[str]]
HEAD = f"POST {RECOMMEND} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ASKED = json.dumps({"userId": "ann", "count": 1})
WHOLE = f"{HEAD}Content-Length: {len(ASKED)}\r\n\r\n{ASKED}"
"""A request that is answered."""


class Connection:
    """A connection over which anything can be sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, address: str) -> Connection:
        return cls(*await asyncio.open_connection(*split(address)))

    async def send(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode())
        await self.writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of the next answer."""
        async with asyncio.timeout(30):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers, json.loads(body) if "json" in headers.get("content-type", "") else body

    async def ended(self) -> bool:
        """Wait until the gateway ends the connection."""
        async with asyncio.timeout(30):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


async def ask(address: str, body: str | bytes = ASKED, *headers: str) -> tuple[int, dict[str, str], Any]:
    connection = await Connection.to(address)
    data = body.encode() if isinstance(body, str) else body
    await connection.send("".join([HEAD, *(f"{each}\r\n" for each in headers), f"Content-Length: {len(data)}\r\n\r\n"]))
    await connection.send(data)
    try:
        return await connection.answer()
    finally:
        connection.writer.close()
