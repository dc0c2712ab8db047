"""What a worker writes on its standard output: the report of its start, then signs of life."""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from shortlist_server.process.worker import REPORT, Ready

SECOND_LOOK_SECONDS = 1.0
"""How long a silent worker is watched further before it is taken for a hanging one."""


async def report_of(stdout: asyncio.StreamReader) -> Ready | None:
    """A worker's report of its start; None where the worker dies before it reports."""
    while line := await stdout.readline():
        try:
            return REPORT.validate_json(line)
        except ValidationError:  # a line that some library printed
            continue
    return None


async def silence(stdout: asyncio.StreamReader, seconds: float) -> None:
    """Return when the worker has sent nothing for so many seconds and one more, though it has not ended."""
    suspected = False
    while True:
        try:
            async with asyncio.timeout(SECOND_LOOK_SECONDS if suspected else seconds):
                line = await stdout.readline()
        except TimeoutError:
            if suspected:
                return
            suspected = True  # or it was the supervisor itself that stood still
            continue
        suspected = False
        if not line:  # it has ended, or is about to
            await asyncio.Event().wait()
