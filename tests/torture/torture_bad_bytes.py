"""Bytes that are no HTTP/2, or that are and make no sense: paths that are no text, frames of unknown kinds and of wrong
sizes, header blocks that cannot be read, requests of HTTP/1, connections cut anywhere, beside another caller's ordinary
calls. All of those are answered, nothing ends with UNKNOWN or INTERNAL, and the process that answers is the same
afterwards.
"""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import server_fakes as fakes
from load_generator import Generator, Load
from observer import Observer
from raw_http2 import (
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PREFACE,
    SETTINGS,
    WINDOW_UPDATE,
    Connection,
    frame,
    headers,
    message,
    request_fields,
)
from served import served
from torture_overload import RECOMMEND, REQUESTS

TITLE = "Bad bytes"
FULL = {"attacks": 10_000}
SHORT = {"attacks": 200}

CALLS_A_SECOND = 50
PATHS = (
    b"/\xff\xfe",
    b"\xc3\x28",
    b"",
    b"/",
    b"//",
    b"x" * 8_000,
    b"/a\x00b",
    b"/shortlist.v1.EventService/\xed\xa0\x80",
)
NAMES = (b":path", b":status", b"grpc-timeout", b"grpc-encoding", b"content-type", b"te", b"Upper", b"", b"x\xff")
VALUES = (b"", b"\xff\xfe", b"99999999999S", b"-1m", b"identity,,", b"\x00", b"a\r\nb", b"v" * 9_000)


def torture(folder: Path, seed: int, attacks: int) -> list[str]:
    """So many attacks. AssertionError where a call of another caller is lost, or the server does not live on."""
    fakes.publish(folder / "bundles")
    chance, kinds = random.Random(seed), Counter[str]()
    with served(folder / "bundles", "--workers", "2", "--log-level", "debug") as server, Observer(server) as observer:
        workers = server.workers
        seconds = max(3.0, attacks / 100)
        others = Generator(
            Load(server.address, RECOMMEND, REQUESTS, seconds, rate=CALLS_A_SECOND, deadline=30, connections=4)
        )
        for number in range(attacks):
            kind = KINDS[number % len(KINDS)]
            connection = Connection(server.address)
            connection.send(kind(chance))
            if number % 10 == 0:
                connection.read()
            connection.close()
            kinds[kind.__name__.strip("_")] += 1
        outcome = others.outcome()
        assert server.workers == workers, "a worker died"
    assert set(outcome.ends) == {"OK"}, outcome.ends
    assert observer.serves, observer.ends
    log = (folder / "server.log").read_text()
    assert '"code": "UNKNOWN"' not in log and '"code": "INTERNAL"' not in log and "internal_error" not in log, log[
        -999:
    ]
    counted = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.items())
    return [
        f"{attacks:,} attacks: {counted}",
        f"{outcome.calls:,} calls of another caller meanwhile: all answered; health: {observer.ends.total():,} checks,"
        f" all SERVING, {observer.slowest_ms:.0f} ms at most",
        "0 UNKNOWN, 0 INTERNAL; both workers lived on",
    ]


def _paths(chance: random.Random) -> bytes:
    fields = request_fields(chance.choice((*PATHS, chance.randbytes(chance.randrange(40)))))
    return _call(headers(fields))


def _header_fields(chance: random.Random) -> bytes:
    fields = request_fields(RECOMMEND.encode())
    for _ in range(chance.randrange(1, 6)):
        fields.insert(chance.randrange(len(fields) + 1), (chance.choice(NAMES), chance.choice(VALUES)))
    return _call(headers(fields))


def _header_blocks(chance: random.Random) -> bytes:
    return _call(chance.randbytes(chance.randrange(200)))


def _frames(chance: random.Random) -> bytes:
    """Frames of any kind, size and stream, in any order."""
    return b"".join(
        frame(chance.randrange(256), chance.randrange(256), chance.choice((0, 1, 2, 2**31 - 1)), chance.randbytes(size))
        for size in (chance.choice((0, 1, 4, 5, 6, 8, 100, 16_384)) for _ in range(chance.randrange(1, 6)))
    )


def _settings(chance: random.Random) -> bytes:
    values = struct.pack(">HI", chance.randrange(8), chance.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1)))
    return frame(SETTINGS, 0, chance.choice((0, 1)), values * chance.randrange(1, 100))


def _windows(chance: random.Random) -> bytes:
    return b"".join(
        frame(WINDOW_UPDATE, 0, chance.choice((0, 1)), struct.pack(">I", chance.choice((0, 1, 2**31 - 1))))
        for _ in range(chance.randrange(1, 20))
    )


def _messages(chance: random.Random) -> bytes:
    """A call whose message is longer or shorter than it says, or is compressed with nothing that there is."""
    data = chance.choice(
        (message(b"x", 2**32 - 1), message(b"xxxx", 1), b"\x01\x00\x00\x00\x02xx", b"\xff" * 7, chance.randbytes(50))
    )
    return _call(headers(request_fields(RECOMMEND.encode())), data)


def _other_protocols(chance: random.Random) -> bytes:
    return chance.choice(
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", PREFACE, chance.randbytes(99))
    )


def _call(block: bytes, data: bytes = message(b"")) -> bytes:
    return frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, data)


KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    _paths,
    _header_fields,
    _header_blocks,
    _frames,
    _settings,
    _windows,
    _messages,
    _other_protocols,
)
