"""Structured logs on standard error: coloured lines on a terminal, one JSON object a line elsewhere.

Logs hold no payloads. A user appears as a hash, which is the same on every line.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from typing import Any

import structlog

from shortlist_server.base.settings import LogLevel


def configure(level: LogLevel) -> None:
    """Set up logging for this process."""
    terminal = sys.stderr.isatty()
    coloured = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    shape: list[Any] = [
        structlog.dev.ConsoleRenderer(colors=coloured, exception_formatter=structlog.dev.plain_traceback)
    ]  # without local variables, which may hold secrets
    if not terminal:
        shape = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def hashed(user_id: str) -> str:
    """The hash of a user id for logs, 16 hexadecimal digits; empty for an empty id."""
    return hashlib.blake2b(user_id.encode(), digest_size=8).hexdigest() if user_id else ""
