"""Failures of calls, as a page says them: what is wrong and what to do, never a traceback."""

from __future__ import annotations

from dataclasses import dataclass

import grpc
from shortlist import DeadlineExceeded, InvalidArgument, NotFound, PermissionDenied, ShortlistError, Unavailable


@dataclass(frozen=True)
class Failure:
    """What a page says in place of what it was asked for."""

    title: str
    text: str
    status: int
    fields: tuple[tuple[str, str], ...] = ()  # those of the request that break a rule, and the rule


def failure(error: ShortlistError, server: str) -> Failure:
    """A call's error in words, and the HTTP status that fits it."""
    message = " ".join(error.message.split()) or error.code.name
    if isinstance(error, InvalidArgument):
        fields = tuple((each.field, each.description) for each in error.violations)
        return Failure("The server refuses this", message, 400, fields)
    if isinstance(error, PermissionDenied):
        return Failure("Your token does not allow this", f"The server says: {message}.", 403)
    if isinstance(error, NotFound):
        return Failure("There is no such thing", f"The server says: {message}.", 404)
    if isinstance(error, DeadlineExceeded):
        return Failure("The server took too long", f"{server} did not answer in time. Try again.", 504)
    if isinstance(error, Unavailable) and not error.reason:
        return Failure("The server is away", _away(message, server), 503)
    if isinstance(error, Unavailable):
        return Failure("The server cannot answer now", f"It says: {message}.", 503)
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Failure("The server has too much to do", f"It says: {message}. Try again in a moment.", 503)
    if error.code is grpc.StatusCode.FAILED_PRECONDITION:
        return Failure("That cannot be done now", f"The server says: {message}.", 409)
    if error.code is grpc.StatusCode.UNIMPLEMENTED:
        return Failure("The server does not know this yet", "It is of a version before this console's.", 501)
    return Failure("The call failed", f"The server says: {message}.", 502)


def _away(message: str, server: str) -> str:
    if "handshake failed" in message or "Socket closed" in message:
        return (
            f"{server} can be reached, but the TLS handshake fails: only one side uses TLS, or a certificate is missing"
            " or not trusted."
        )
    return f"Nobody answers at {server}. Is it running? The page works again as soon as it is."
