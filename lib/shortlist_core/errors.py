"""What can go wrong, in the domain's own terms; `shortlist_server.rpc.status` alone makes gRPC statuses of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ShortlistError(Exception):
    """Anything Shortlist raises on purpose. Its text is one line, fit for the person who caused it."""

    reason = "INTERNAL"

    def __init__(self, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.metadata = metadata


@dataclass(frozen=True, slots=True)
class Violation:
    """One field of a request or setting that breaks its rule."""

    field: str
    description: str


class InvalidArgumentError(ShortlistError):
    """The caller's input breaks the rules; carries every violation, not only the first."""

    reason = "INVALID_ARGUMENT"

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = tuple(violations)


class NotFoundError(ShortlistError):
    """The thing that the caller names does not exist. `reason` says which kind: ITEM_NOT_FOUND, BUNDLE_NOT_FOUND."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name!r}", **{kind: name})
        self.reason = f"{kind.upper()}_NOT_FOUND"


class BundleRefusedError(ShortlistError):
    """A bundle is damaged or does not fit; says which file and which check."""

    reason = "BUNDLE_REFUSED"

    def __init__(self, version: str, file: str, check: str) -> None:
        super().__init__(f"bundle {version} refused: {file}: {check}", bundle=version, file=file, check=check)


class OverloadedError(ShortlistError):
    """More work than the server takes on; the caller may try again after `retry_after_seconds`."""

    reason = "OVERLOADED"

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class CatalogFullError(ShortlistError):
    """There are as many items that the serving bundle does not contain as the server takes; only training helps."""

    reason = "CATALOG_FULL"

    def __init__(self, there: int, more: int, most: int) -> None:
        super().__init__(
            f"{there:,} items are not in the serving bundle, and {more:,} more would be above the limit of {most:,}: "
            "train a bundle that contains them (`shortlist train --events`, `shortlist retrain`), then try again; "
            "`shortlist catalog compact` takes them out of the store",
            limit=str(most),
        )


class UnavailableError(ShortlistError):
    """The server cannot answer now but will: draining, or no bundle yet (`reason` says which)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeadlineError(ShortlistError):
    """The caller's deadline was spent before the named stage; no later stage ran."""

    reason = "DEADLINE_SPENT"

    def __init__(self, stage: str) -> None:
        super().__init__(f"the deadline was spent before the stage {stage!r}", stage=stage)


class UnauthenticatedError(ShortlistError):
    """The caller did not say who it is."""

    reason = "UNAUTHENTICATED"


class PermissionDeniedError(ShortlistError):
    """The caller may not do this."""

    reason = "PERMISSION_DENIED"


class DataError(ShortlistError):
    """Input data cannot be used: a missing file or column, too many bad rows, too little of it to train on."""

    reason = "BAD_DATA"


class StateError(ShortlistError):
    """The store of live users cannot be read or written at the moment."""

    reason = "STATE_UNAVAILABLE"
