"""Structured logs on standard error: coloured lines on a terminal, one JSON object a line elsewhere, and nothing else.

Logs hold no payloads and no credentials. A user appears as a hash, which is the same on every line. What libraries and
their C code print becomes JSON too, without the parts that a caller may have chosen.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

from shortlist_core.errors import ShortlistError
from shortlist_server.base.log_writer import LogWriter
from shortlist_server.base.settings import LogLevel

_LONGEST = 200  # characters of a value, but for tracebacks
_LONGEST_TRACEBACK = 8_000
_LAST_SECONDS = 1.0  # to read at the end what was printed
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_CORE_LINE = re.compile(r"[IWEF]\d{4} [\d:.]+ +\d+ ([\w.]+:\d+)\]")  # of gRPC's and TensorFlow's C code

Fields = MutableMapping[str, Any]

_key = b""
_writer: LogWriter | None = None
_original: int | None = None  # standard error as it was; None where it is a terminal and stays
_reader: threading.Thread | None = None  # of what is printed


def configure(level: LogLevel, key: str = "") -> None:
    """Set up logging for this process. `key`, hexadecimal digits, is a secret with which user ids are hashed."""
    global _key, _writer, _original
    _key = bytes.fromhex(key)
    terminal = sys.stderr.isatty()
    if _writer is None:
        _writer = LogWriter(os.dup(2), _dropped)
        if not terminal:
            _original = _capture(_writer)
    # A terminal is shown tracebacks without local variables, which may hold secrets.
    coloured = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    console = structlog.dev.ConsoleRenderer(colors=coloured, exception_formatter=structlog.dev.plain_traceback)
    logger = _Logger(_writer)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_payload,
            console if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=False,
    )


def release() -> None:
    """Write what waits, and give standard error back, on which a last line for a person may follow."""
    global _writer, _original
    if _original is not None:
        sys.stderr.flush()
        os.dup2(_original, 2)  # what was printed ends here
        os.close(_original)
        if _reader is not None:
            _reader.join(_LAST_SECONDS)  # a child process may print on
    if _writer is not None:
        _writer.close()
    _writer = _original = None


def hashed(user_id: str) -> str:
    """The keyed hash of a user id for logs, 16 hexadecimal digits; empty for an empty id."""
    return hashlib.blake2b(user_id.encode(errors="replace"), digest_size=8, key=_key).hexdigest() if user_id else ""


def _without_payload(_: object, __: str, fields: Fields) -> Fields:
    """The fields with short values, no control characters, and errors without the texts that may hold payloads."""
    error = fields.pop("exc_info", None)
    if error:
        found = (
            error if isinstance(error, BaseException) else (error if isinstance(error, tuple) else sys.exc_info())[1]
        )
        if found is not None:
            fields["exception"] = _traceback(found)
    for name, value in fields.items():
        if isinstance(value, str) and name != "exception":
            fields[name] = _CONTROLS.sub(lambda c: f"\\x{ord(c[0]):02x}", value[:_LONGEST])
    return fields


def _traceback(error: BaseException) -> str:
    """Where the error came from. The text of an error of ours is for readers; others' texts may quote a payload."""
    frames = "".join(traceback.format_tb(error.__traceback__))[-_LONGEST_TRACEBACK:]
    return frames + type(error).__name__ + (f": {error}" if isinstance(error, ShortlistError) else "")


def _capture(writer: LogWriter) -> int:
    """Have all go to `writer` from now on that is printed on standard error. Returns the latter as it was."""
    original = os.dup(2)
    ours, theirs = os.pipe()
    os.dup2(theirs, 2)
    os.close(theirs)
    global _reader
    _reader = threading.Thread(target=_read, args=(ours, writer), name="stderr", daemon=True)
    _reader.start()
    logging.basicConfig(handlers=[_Library()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    log = structlog.get_logger("python")
    sys.excepthook = lambda _, error, __: log.error("uncaught", exc_info=error)
    threading.excepthook = lambda args: log.error("uncaught_on_thread", exc_info=args.exc_value)
    sys.unraisablehook = lambda args: log.warning("unraisable", exc_info=args.exc_value)
    return original


class _Logger:
    """What structlog calls with rendered lines."""

    def __init__(self, writer: LogWriter) -> None:
        self._writer = writer

    def msg(self, line: str) -> None:
        self._writer.write(line)

    debug = info = warning = error = critical = exception = log = msg


def _dropped(count: int) -> str:
    return json.dumps({"event": "log_lines_dropped", "count": count, "level": "warning"})


def _read(descriptor: int, writer: LogWriter) -> None:
    """Turn what is printed on standard error into lines of JSON. A worker's are JSON already, and stay."""
    with os.fdopen(descriptor, "rb") as lines:
        for data in iter(lambda: lines.readline(1 << 16), b""):
            text = data.decode(errors="backslashreplace").strip()
            if text.startswith("{") and text.endswith("}"):
                writer.write(text)
            elif text:
                core = _CORE_LINE.match(text)
                writer.write(json.dumps({"event": "printed", "text": core[1] if core else text[:_LONGEST]}))


class _Library(logging.Handler):
    """Tells what a library logs: by its first line, before arguments are put in, which may hold payloads."""

    def emit(self, record: logging.LogRecord) -> None:
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        structlog.get_logger("library").log(
            record.levelno,
            "library",
            library=record.name,
            text=(template.splitlines() or [""])[0],
            where=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info,
        )
