"""A server that is away, or says no: a page that a person can read, and that works again later."""

from __future__ import annotations

import pytest
from browsing import browsing
from loopback import free_address

from shortlist_console.settings import Settings
from shortlist_core.errors import InvalidArgumentError


async def test_a_server_that_is_away_is_said_plainly() -> None:
    async with browsing(free_address(), metrics_address=free_address(), sample_seconds=0.01) as browser:
        for path in ("/", "/users/ann", "/items", "/bundles", "/placements", "/metrics"):
            page = await browser.get(path)
            assert page.status == 503 and "Nobody answers at 127.0.0.1" in page.text
        assert (await browser.get("/login")).status == 200


def test_settings_that_are_unsafe_or_invalid_are_all_told() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Settings("0.0.0.0:80", "shop.example:1", "x", pictures="ftp://x")
    assert [each.field for each in caught.value.violations] == [
        "--listen",
        "--address",
        "--metrics-address",
        "--pictures",
    ]
    Settings("0.0.0.0:80", "shop.example:1", insecure=True)
