"""Errors as Markdown: every reason that a call can end with, and what travels with it, as the server makes them."""

from __future__ import annotations

from dataclasses import dataclass

from google.rpc import code_pb2, error_details_pb2
from structlog.testing import capture_logs

from shortlist_core import errors
from shortlist_reference.paragraphs import table, wrapped
from shortlist_server.rpc.status import CODES, DOMAIN, MAX_DETAILS_BYTES, to_status

GENERATED = "<!-- Generated from the program by `make reference`: change shortlist_reference/program/errors.py. -->"


@dataclass(frozen=True)
class Cause:
    """An error as it is raised, when it is, and what a caller can do."""

    error: BaseException
    when: str
    advice: str


_VIOLATION = errors.Violation("count", "must be 1 to 500, or 0 for 20")
_CALLER_GONE = next(kind for kind in CODES if kind.reason == "CANCELLED")
_SAME = "Try again; the clients do so by themselves, where the call is safe to repeat."

CAUSES = (
    Cause(
        errors.InvalidArgumentError([_VIOLATION]),
        "A field of the request breaks its rule.",
        "Correct the request: every violation is listed by the path of its field, such as `queries[3].count`.",
    ),
    Cause(
        errors.NotFoundError("item", "i1"),
        "GetItem of an item that is not in the catalogue; SimilarItems of an item that the serving bundle does not"
        " know.",
        "Ask for another item.",
    ),
    Cause(
        errors.NotFoundError("bundle", "v1"),
        "ActivateBundle of a version that does not exist; RollbackBundle with nothing to roll back to.",
        "List the bundles.",
    ),
    Cause(
        errors.NotFoundError("placement", "home"),
        "A request names a placement that the server does not have.",
        "List the placements. Where their file has a mistake, ListPlacements says what it is.",
    ),
    Cause(
        errors.NotFoundError("report", "v1"),
        "GetBundleReport of a bundle beside which no `--html` has left a report.",
        "Evaluate the bundle with `shortlist evaluate --html`.",
    ),
    Cause(errors.NotFoundError("service", "s1"), "A health check of a service that the server does not have.", "None."),
    Cause(
        errors.PageTokenExpiredError(),
        "Recommend with a `page_token` that is more than a day old.",
        "Begin again with the first page.",
    ),
    Cause(
        errors.BundleRefusedError("v1", "items/price.npy", "its SHA-256 is not the manifest's"),
        "ActivateBundle or RollbackBundle of a bundle that is damaged or does not fit. What served before goes on.",
        "See [why a bundle is refused](bundle-format.md#why-a-bundle-is-refused).",
    ),
    Cause(
        errors.PreconditionError("PLACEMENTS_CHANGED", "", version="5f3c9a0d7be1"),
        "SetPlacements with an `expected_version` that is not in force any more; `version` is the one that is.",
        "List the placements, and make the change once more.",
    ),
    Cause(
        errors.PreconditionError("BUNDLE_NOT_LOADED", "", bundle="v1", loaded="v2"),
        "Recommend with the `bundle_version` of a bundle that this process does not have in memory.",
        "Name one of those in `loaded`, or give the bundle a label.",
    ),
    Cause(
        errors.OverloadedError("too many", 0.1),
        "The server has more work than it takes on.",
        "Come back after the time in RetryInfo. The trailer `grpc-retry-pushback-ms` holds it, too. The clients do not"
        " try again by themselves.",
    ),
    Cause(
        errors.QuotaError(1.0),
        "The caller's token has asked as many queries as its quota allows.",
        "Come back after the time in RetryInfo, or ask the operator for a larger quota.",
    ),
    Cause(
        errors.CatalogFullError(0, 1, 1),
        "UpsertItems with more new items than the server takes.",
        "Train a bundle that contains them. Waiting does not help.",
    ),
    Cause(
        errors.AnswerTooLargeError(2, 1),
        "The answer would have more bytes than a message may, as with items whose titles are very long.",
        "Ask for fewer items, or for fewer users at once. Waiting does not help.",
    ),
    Cause(errors.UnavailableError("NO_BUNDLE", ""), "The server has not loaded a bundle yet.", _SAME),
    Cause(errors.UnavailableError("DRAINING", ""), "The server is shutting down.", _SAME),
    Cause(errors.StateError(""), "The store of live users and items cannot be used at the moment.", _SAME),
    Cause(
        errors.StateReplacedError(""),
        "The file of the store was replaced, moved or removed under the server: nothing is written to it any more.",
        "For the operator: put the file back, or restart the server, which then uses the file that is there.",
    ),
    Cause(
        errors.UnavailableError("BUNDLE_STORAGE", ""),
        "The folder of bundles cannot be written.",
        "Let the operator look at the folder.",
    ),
    Cause(
        errors.UnavailableError("FOLDER", ""),
        "The file of placements cannot be written beside the bundles.",
        "Let the operator look at the folder, or change the file there.",
    ),
    Cause(
        errors.SlowCallerError("request"),
        "The caller did not send its request, did not read an answer, or left a stream idle for too long.",
        "Send and read faster; open a stream when there is something to send.",
    ),
    Cause(
        errors.DeadlineError("rank"),
        "The caller's deadline was spent; `stage` is the first one that did not run.",
        "Allow more time, or ask for fewer candidates.",
    ),
    Cause(errors.UnauthenticatedError(""), "The call has no known bearer token, or one that expired.", "Send one."),
    Cause(errors.PermissionDeniedError(""), "The token does not have the scope of the method.", "Use another token."),
    Cause(_CALLER_GONE(), "The caller cancelled.", "None."),  # type: ignore[call-arg]
    Cause(
        Exception(),
        "A defect of the server. The exception's text never leaves it.",
        "Give `error_id` to the operator: the server's log has the exception under it.",
    ),
)

_ABOUT = f"""
Every error of a call carries one `google.rpc.ErrorInfo` with the domain `{DOMAIN}` and a stable reason. Programs branch
on the code and the reason; the message is for people. An element of StreamRecommend that fails is answered by its
`error`, which is the same status with the same details, and the stream goes on.

Violations are listed in `google.rpc.BadRequest` until they take {MAX_DETAILS_BYTES:,} bytes; a last entry `...` says
how many more there are.

A request above the server's size limit is refused by gRPC itself with RESOURCE_EXHAUSTED, without details.
"""

_NO_ERRORS = """
The following are no errors: a user that nobody knows; ids that the bundle does not know in Rank (they are listed as
`unknown_item_ids`), in `excluded_item_ids`, in `context_events` or in events (they count as soon as a bundle knows the
item); `user_attributes` that the bundle does not know; a filter that matches nothing (the answer is empty).
"""


def page() -> str:
    """One row per code and reason."""
    rows = [_row(cause) for cause in CAUSES]
    errors_table = table(("code", "reason", "metadata", "further details", "when", "what to do"), *rows)
    blocks = [GENERATED, "# Errors", wrapped(_ABOUT), errors_table, "## What is no error", wrapped(_NO_ERRORS)]
    return "\n\n".join(blocks) + "\n"


def _row(cause: Cause) -> tuple[str, ...]:
    with capture_logs():  # some errors are logged as they are translated
        status = to_status(cause.error)
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    metadata = ", ".join(f"`{key}`" for key in sorted(info.metadata))
    details = ", ".join(f"`{each.TypeName()}`" for each in status.details[1:])
    return code_pb2.Code.Name(status.code), f"`{info.reason}`", metadata, details, cause.when, cause.advice
