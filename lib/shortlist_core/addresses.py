"""Addresses: host and port as one text, HOST:PORT, as the command line and gRPC write them."""

from __future__ import annotations

import ipaddress


def split(address: str) -> tuple[str, int]:
    """Host, without the brackets of IPv6, and port. Raises ValueError with a sentence where it is not HOST:PORT."""
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError(f"{address!r} is not HOST:PORT with a port from 0 to 65535")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`; a name other than localhost counts as reachable."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
