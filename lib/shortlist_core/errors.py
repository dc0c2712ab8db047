"""Errors of the domain. Only `shortlist_server.rpc.status` translates them into gRPC statuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ShortlistError(Exception):
    """Base of all errors that Shortlist raises on purpose. Its text is one line for the person who caused it."""

    reason = "INTERNAL"

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.metadata = metadata


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request, or one setting, that breaks its rule."""

    field: str
    description: str


class InvalidArgumentError(ShortlistError):
    """The caller's input breaks the rules; carries all violations, not only the first."""

    reason = "INVALID_ARGUMENT"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)


class NotFoundError(ShortlistError):
    """What the caller names does not exist. `reason` says its kind: ITEM_NOT_FOUND, BUNDLE_NOT_FOUND and so on."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name!r}", **{kind: name})
        self.reason = f"{kind.upper()}_NOT_FOUND"


class PageTokenExpiredError(ShortlistError):
    """The token of a page is too old; the list has to begin again."""

    reason = "PAGE_TOKEN_EXPIRED"

    def __init__(self) -> None:
        super().__init__("the page_token has expired, as it is more than a day old: begin again with the first page")


class BundleRefusedError(ShortlistError):
    """A bundle is damaged or does not fit; names the file and the check that failed."""

    reason = "BUNDLE_REFUSED"

    def __init__(self, version: str, file: str, check: str) -> None:
        super().__init__(f"bundle {version} refused: {file}: {check}", bundle=version, file=file, check=check)


class PreconditionError(ShortlistError):
    """What the request builds on is not so. `reason` says what."""

    def __init__(self, reason: str, message: str, **metadata: str) -> None:
        super().__init__(message, **metadata)
        self.reason = reason


class OverloadedError(ShortlistError):
    """The server has too much work; the caller may try again after `retry_after_seconds`."""

    reason = "OVERLOADED"

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class QuotaError(OverloadedError):
    """The caller's token has asked as much as its quota allows; it may go on after `retry_after_seconds`."""

    reason = "QUOTA_EXCEEDED"

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("the quota of this token is used up for now", retry_after_seconds)


class CatalogFullError(ShortlistError):
    """The limit of new items, which are not in the serving bundle, is reached; training a new bundle helps."""

    reason = "CATALOG_FULL"

    def __init__(self, new_items: int, more: int, most: int) -> None:
        super().__init__(
            f"{new_items:,} items are not in the serving bundle, and {more:,} more would be above the limit of"
            f" {most:,}: train a bundle that contains them (`shortlist train --events`, `shortlist retrain`), then try"
            " again; `shortlist catalog compact` takes them out of the store",
            limit=str(most),
        )


class UnavailableError(ShortlistError):
    """The server cannot answer now: it is draining, or has no bundle yet. `reason` says which."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeadlineError(ShortlistError):
    """The caller's deadline was exceeded before the named stage, which did not run."""

    reason = "DEADLINE_SPENT"

    def __init__(self, stage: str) -> None:
        super().__init__(f"the deadline was spent before the stage {stage!r}", stage=stage)


class SlowCallerError(ShortlistError):
    """The caller was let go, because it took too long for what the server waited for."""

    reason = "CALLER_TOO_SLOW"

    def __init__(self, waited_for: str) -> None:
        what = {"request": "did not send its request", "message": "sent no further message"}
        super().__init__(f"the caller {what.get(waited_for, 'did not read')} in the time that this server allows")


class AnswerTooLargeError(ShortlistError):
    """The answer is larger than a message may be; a request for less would be answered."""

    reason = "ANSWER_TOO_LARGE"

    def __init__(self, size: int, most: int) -> None:
        super().__init__(
            "the answer is larger than a message may be: ask for less at once", bytes=str(size), most_bytes=str(most)
        )


class UnauthenticatedError(ShortlistError):
    """The caller sent no valid credentials."""

    reason = "UNAUTHENTICATED"


class PermissionDeniedError(ShortlistError):
    """The caller's credentials do not allow this call."""

    reason = "PERMISSION_DENIED"


class DataError(ShortlistError):
    """Input data cannot be used: a missing file or column, too many bad rows, too little of it to train on."""

    reason = "BAD_DATA"


class StateError(ShortlistError):
    """The store of live users cannot be read or written at the moment."""

    reason = "STATE_UNAVAILABLE"


class StateReplacedError(StateError):
    """The file of the store was replaced, moved or removed under the program that uses it."""

    reason = "STATE_REPLACED"
