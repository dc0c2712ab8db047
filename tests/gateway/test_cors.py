"""Which pages of other origins may call a gateway."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_http import ASKED, Connection, GatewayWith, ask
from gateway_process import RECOMMEND

from shortlist_core.errors import InvalidArgumentError
from shortlist_gateway.settings import Settings

ORIGIN = "https://shop.example"
PREFLIGHT = f"OPTIONS {RECOMMEND} HTTP/1.1\r\nHost: x\r\nAccess-Control-Request-Method: POST\r\nOrigin: "


async def preflight(address: str, origin: str) -> tuple[int, dict[str, str], Any]:
    connection = await Connection.to(address)
    await connection.send(f"{PREFLIGHT}{origin}\r\n\r\n")
    return await connection.answer()


async def test_pages_of_an_allowed_origin_may_call(gateway_with: GatewayWith) -> None:
    async with gateway_with(allow_origins=(ORIGIN, "http://localhost:5173")) as address:
        status, headers, _ = await preflight(address, ORIGIN)
        assert (status, headers["access-control-allow-origin"]) == (204, ORIGIN)
        assert "POST" in headers["access-control-allow-methods"]
        asked = {"authorization", "connect-protocol-version", "connect-timeout-ms", "content-type"}
        assert set(headers["access-control-allow-headers"].lower().split(", ")) == asked
        for body, expected in ((ASKED, 200), ("{", 400)):  # a page may read why it was refused
            status, headers, _ = await ask(address, body, f"Origin: {ORIGIN}")
            assert (status, headers["access-control-allow-origin"], headers["vary"]) == (expected, ORIGIN, "Origin")


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil", "null", "http://shop.example"])
async def test_pages_of_other_origins_may_not(gateway_with: GatewayWith, origin: str) -> None:
    async with gateway_with(allow_origins=(ORIGIN,)) as address:
        status, headers, _ = await preflight(address, origin)
        assert status == 405 and "access-control-allow-origin" not in headers
        status, headers, _ = await ask(address, ASKED, f"Origin: {origin}")
        assert status == 200 and "access-control-allow-origin" not in headers and headers["vary"] == "Origin"


async def test_without_that_setting_no_page_may_call(gateway_with: GatewayWith) -> None:
    async with gateway_with() as address:
        status, headers, _ = await preflight(address, ORIGIN)
        assert status == 405 and "access-control-allow-origin" not in headers


async def test_every_origin_may_be_allowed(gateway_with: GatewayWith) -> None:
    async with gateway_with(allow_origins=("*",)) as address:
        assert (await preflight(address, ORIGIN))[1]["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "https://*.example", "null", ""])
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"allow_origins: must be SCHEME://HOST"):
        Settings(allow_origins=(origin,))
