"""HTTP/2 by hand: a client that may break every rule, such as to send half a request and to read nothing."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from contextlib import suppress

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, WINDOW_UPDATE = 0x0, 0x1, 0x3, 0x4, 0x8
END_STREAM, END_HEADERS = 0x1, 0x4
INITIAL_WINDOW_SIZE = 4
CANCEL = 0x8
LARGEST_WINDOW = 2**31 - 1
FRAME = 16_384  # bytes of the largest frame that every server takes


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def headers(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A header block without compression: each field as a literal that is not kept."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)


def request_fields(path: bytes, token: str = "") -> list[tuple[bytes, bytes]]:
    """The header fields of a gRPC call."""
    fields = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost")]
    fields += [(b"te", b"trailers"), (b"content-type", b"application/grpc")]
    return [*fields, (b"authorization", f"Bearer {token}".encode())] if token else fields


def message(data: bytes, length: int | None = None) -> bytes:
    """A gRPC message, which may lie about its length."""
    return b"\x00" + struct.pack(">I", len(data) if length is None else length) + data


class Connection:
    """A connection that reads nothing unless told to."""

    def __init__(self, address: str, window: int = 65_535, receive_buffer: int = 0) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(2)
        self._socket.connect((host, int(port)))
        settings = struct.pack(">HI", INITIAL_WINDOW_SIZE, window)
        self.send(PREFACE + frame(SETTINGS, 0, 0, settings))
        if window > 65_535:
            self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", window - 65_535)))
        self._next = 1

    def call(self, path: str, data: bytes, token: str = "", end: bool = True) -> int:
        """Begin a call and send these bytes of it. Returns its stream."""
        stream, self._next = self._next, self._next + 2
        block = headers(request_fields(path.encode(), token))
        parts = [frame(HEADERS, END_HEADERS, stream, block)]
        parts += [frame(DATA, 0, stream, data[at : at + FRAME]) for at in range(0, len(data), FRAME)]
        parts += [frame(DATA, END_STREAM, stream)] if end else []
        self.send(b"".join(parts))
        return stream

    def take_back(self, stream: int) -> None:
        """Reset a call's stream."""
        self.send(frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL)))

    def send(self, data: bytes) -> bool:
        """Send bytes. Whether the server took them."""
        try:
            self._socket.sendall(data)
        except OSError:
            return False
        return True

    def read(self, size: int = 65_536) -> bytes:
        """What the server sent; empty where the connection has ended, or nothing comes for two seconds."""
        with suppress(OSError):
            return self._socket.recv(size)
        return b""

    def close(self) -> None:
        self._socket.close()


def _text(data: bytes) -> bytes:
    size = len(data)
    if size < 127:
        return bytes([size]) + data
    size, prefix = size - 127, bytearray([127])
    while size >= 128:
        prefix.append(size % 128 + 128)
        size //= 128
    return bytes([*prefix, size]) + data
