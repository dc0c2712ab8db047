"""Bodies: reads those of requests within limits, and turns JSON into messages and back, off the event loop if large."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from google.protobuf.message import Message

from shortlist_gateway.connect import Code, ConnectError
from shortlist_gateway.settings import Settings

T = TypeVar("T")

MAX_PARTS = 300_000
"""Most objects, lists and commas of a body. The largest request of the API has some 260,000."""

_AT_ONCE_BYTES = 8 * 1024  # more than this is converted on a thread: some ten milliseconds at worst
_THREADS = 4  # so that a large body does not keep the next one waiting until it is done
_LONGEST_REASON = 300  # characters; the parser repeats what it cannot parse
_PART = re.compile(rb'"(?:[^"\\]+|\\.)*+"?|[,{\[]', re.DOTALL)  # a string is passed over as one, also an endless one


class Bodies:
    """Bodies on their way through a gateway, and the threads that convert the large ones."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held = 0  # bytes of all bodies
        self._threads = ThreadPoolExecutor(_THREADS, "json")

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def body(self, request: web.Request, deadline: float) -> AsyncIterator[bytes]:
        """The body of a request, which counts as held until the caller of this is done with it.

        `deadline` is on the event loop's clock. Raises ConnectError where the body is too large, too slow or broken, or
        where too many are held.
        """
        settings, body = self._settings, bytearray()
        clock = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline, clock.time() + settings.body_seconds)):
                _check_size(request.content_length or 0, settings.max_body_bytes)
                async for chunk in request.content.iter_any():
                    body += chunk
                    self._held += len(chunk)
                    _check_size(len(body), settings.max_body_bytes)
                    if self._held > settings.max_held_bytes:
                        raise ConnectError(
                            Code.RESOURCE_EXHAUSTED, "the gateway holds too many large bodies; try again"
                        )
            yield bytes(body)
        except web.RequestPayloadError:
            raise ConnectError(Code.INVALID_ARGUMENT, "the body breaks off, or is no HTTP body") from None
        except TimeoutError:
            raise ConnectError(Code.DEADLINE_EXCEEDED, "the request did not arrive before its deadline") from None
        finally:
            self._held -= len(body)

    async def message(self, kind: type[Message], body: bytes) -> Message:
        """The message of a JSON body. Raises ConnectError where there is none."""
        return await self._convert(len(body), lambda: parsed(kind, body))

    async def json(self, message: Message) -> str:
        """The message as JSON."""
        return await self._convert(message.ByteSize(), lambda: MessageToJson(message, indent=None, ensure_ascii=False))

    async def _convert(self, size: int, work: Callable[[], T]) -> T:
        if size <= _AT_ONCE_BYTES:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def parsed(kind: type[Message], body: bytes) -> Message:
    """The message of a JSON body. Raises ConnectError where it is none, or holds more than any request may."""
    why = ""
    try:
        if not body.lstrip().startswith(b"{"):  # the parser would take [] for an empty message
            why = "it is no JSON object"
        elif _has_too_many_parts(body):
            why = f"it holds more than {MAX_PARTS:,} objects, lists and commas"
        else:
            return Parse(body, kind())
    except RecursionError:
        why = "it is nested too deeply"
    except (ParseError, ValueError) as error:
        why = " ".join(str(error).split())[:_LONGEST_REASON]
    except Exception as error:  # whatever a parser of a third party raises is about the body
        why = type(error).__name__
    raise ConnectError(Code.INVALID_ARGUMENT, f"the body is no {kind.DESCRIPTOR.full_name}: {why}")


def _has_too_many_parts(body: bytes) -> bool:
    if body.count(b",") + body.count(b"{") + body.count(b"[") <= MAX_PARTS:
        return False
    count = 0
    for token in _PART.finditer(body):  # not those within strings
        count += token.group()[:1] != b'"'
        if count > MAX_PARTS:
            return True
    return False


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise ConnectError(Code.RESOURCE_EXHAUSTED, f"the body has more than {most:,} bytes", 413)
