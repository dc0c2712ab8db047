"""Pages of a list: the token that leads from one answer of Recommend to the next holds all that the next one needs.

No server keeps anything: workers share a port, servers restart, and bundles change while somebody scrolls. The token
holds when it was made, a digest of what the list is, and the 64-bit hash of each item shown so far. The next page is a
new recommendation without these items, so nothing comes twice whatever happened to events, catalogue and bundle.

The token is checked against damage alone. Whoever makes one up hides items from nobody but themselves.
"""

from __future__ import annotations

import base64
import struct
import time
from collections.abc import Sequence
from hashlib import blake2b

from shortlist.v1.recommendation_service_pb2 import RecommendRequest

from shortlist_bundle.strings import hash_ids
from shortlist_core.errors import PageTokenExpiredError
from shortlist_server.pipeline.query import Page
from shortlist_server.rpc.checks import Check

MAX_SHOWN = 5_000
"""Items after which a list ends: 250 pages of 20, more than anybody scrolls through. The token has 53 kB by then."""

DAY_SECONDS = 24 * 60 * 60
"""How exactly a token knows when it was made, so that equal requests have equal answers for most of a day. It is good
on its day and the next one: a page that is left open over night still goes on in the morning.
"""

MAY_DIFFER = (
    "request_id",
    "page_token",
    "count",
    "context_events",
    "context_attributes",
    "include_trace",
    "include_action_probabilities",
)
"""Fields of the request that may change from page to page; by all others the list is the same list."""

_HEAD = struct.Struct("<BI8s")  # version of the format, days since 1970, digest of the list
_VERSION, _CHECKSUM, _HASH = 1, 8, 8
MAX_CHARACTERS = 60_000
"""More than the longest token has: one of a last page of 500 items, which is not given, would have 58,686."""


def next_token(page: Page, item_ids: Sequence[str]) -> str:
    """The token of the page after `page`, which shows these items; empty where the list ends here."""
    shown = page.shown + hash_ids(item_ids).astype("<u8").tobytes()
    if not item_ids or len(shown) >= MAX_SHOWN * _HASH:
        return ""
    content = _HEAD.pack(_VERSION, _today(), page.list) + shown
    return base64.urlsafe_b64encode(content + _checksum(content)).decode().rstrip("=")


def page_of(check: Check, request: RecommendRequest) -> Page:
    """The page that a request asks for; a token that is damaged or of another list is noted as a violation.

    Raises PageTokenExpiredError where the token is too old and nothing else is wrong.
    """
    digest, token = _digest(request), request.page_token
    if not token:
        return Page(digest)
    check.short("page_token", token, MAX_CHARACTERS)
    content = _content(token[:MAX_CHARACTERS])
    if content is None:
        check.refuse("page_token", "must be the next_page_token of the page before, and this one is damaged")
        return Page(digest)
    _, day, of = _HEAD.unpack_from(content)
    if of != digest:
        fixed = "only " + ", ".join(MAY_DIFFER) + " may differ from page to page"
        check.refuse("page_token", f"must be of the same list, and this one is of another request: {fixed}")
    elif day > _today() + 1:
        check.refuse("page_token", "must not be from the future: the clocks of the servers differ by more than a day")
    elif day < _today() - 1 and not check.violations:
        raise PageTokenExpiredError
    return Page(digest, content[_HEAD.size :])


def _content(token: str) -> bytes | None:
    """What a token holds besides its checksum; None where `next_token` did not make it."""
    try:
        raw = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    content, checksum = raw[:-_CHECKSUM], raw[-_CHECKSUM:]
    whole = len(content) >= _HEAD.size and (len(content) - _HEAD.size) % _HASH == 0
    return content if whole and content[0] == _VERSION and checksum == _checksum(content) else None


def _today() -> int:
    return int(time.time()) // DAY_SECONDS


def _checksum(content: bytes) -> bytes:
    return blake2b(content, digest_size=_CHECKSUM, person=b"page token").digest()


def _digest(request: RecommendRequest) -> bytes:
    """A digest of the fields of a request that make the list, 8 bytes."""
    of_list = RecommendRequest()
    of_list.CopyFrom(request)
    for name in MAY_DIFFER:
        of_list.ClearField(name)  # type: ignore[arg-type]  # the stubs want the name as a literal
    return blake2b(of_list.SerializeToString(deterministic=True), digest_size=8, person=b"list").digest()
