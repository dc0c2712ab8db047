"""Authentication: hashes of bearer tokens from a file, and one table of the scopes that each method needs."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shortlist_core.errors import DataError, PermissionDeniedError, UnauthenticatedError
from shortlist_server.rpc.caller import authenticated

READ, WRITE, USERS, ADMIN = "read", "write", "users", "admin"
SCOPES = frozenset({READ, WRITE, USERS, ADMIN})
USUAL = frozenset({READ, WRITE})
"""Scopes of a token that names none. Single users' data and the choice of the bundle need a scope by name."""
ANYBODY: frozenset[str] = frozenset()

_RECOMMENDATION, _EVENT = "/shortlist.v1.RecommendationService/", "/shortlist.v1.EventService/"
_CATALOG = "/shortlist.v1.CatalogService/"
_USER, _BUNDLE = "/shortlist.v1.UserService/", "/shortlist.v1.BundleService/"

TABLE: Mapping[str, frozenset[str]] = {
    # method -> scopes of which a caller needs one; a method that is not in the table is refused to everybody
    f"{_RECOMMENDATION}Recommend": frozenset({READ}),
    f"{_RECOMMENDATION}BatchRecommend": frozenset({READ}),
    f"{_RECOMMENDATION}StreamRecommend": frozenset({READ}),
    f"{_RECOMMENDATION}Retrieve": frozenset({READ}),
    f"{_RECOMMENDATION}Rank": frozenset({READ}),
    f"{_RECOMMENDATION}SimilarItems": frozenset({READ}),
    f"{_EVENT}WriteEvents": frozenset({WRITE}),
    f"{_CATALOG}UpsertItems": frozenset({WRITE}),
    f"{_CATALOG}DeleteItems": frozenset({WRITE}),
    f"{_CATALOG}GetItem": frozenset({READ}),
    f"{_CATALOG}ListItems": frozenset({READ}),
    f"{_USER}GetUser": frozenset({USERS}),
    f"{_USER}ExportUser": frozenset({USERS}),
    f"{_USER}DeleteUser": frozenset({USERS}),
    f"{_BUNDLE}ListBundles": frozenset({ADMIN}),
    f"{_BUNDLE}GetServingBundle": frozenset({ADMIN}),
    f"{_BUNDLE}ActivateBundle": frozenset({ADMIN}),
    f"{_BUNDLE}RollbackBundle": frozenset({ADMIN}),
    "/grpc.health.v1.Health/Check": ANYBODY,  # balancers have no tokens
    "/grpc.health.v1.Health/Watch": ANYBODY,
    "/grpc.health.v1.Health/List": ANYBODY,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": SCOPES,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": SCOPES,
}


@dataclass(frozen=True, slots=True)
class Token:
    """One accepted token, of which only the hash is kept, and its scopes."""

    sha256: bytes
    scopes: frozenset[str]

    @property
    def name(self) -> str:
        """What tells the token from others without telling the token: the first digits of its hash."""
        return f"token {self.sha256.hex()[:12]}"


class Authority:
    """The accepted tokens: decides which caller may call which method."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = tuple(tokens)

    def check(self, method: str, authorization: str | bytes | None) -> None:
        """Return if a caller with this `authorization` header may call the method with this full name.

        `caller.caller_of` answers the token's name from then on, in this call.
        Raises UnauthenticatedError without an accepted token, PermissionDeniedError where its scopes do not suffice.
        """
        needed = TABLE.get(method)
        if needed is not None and not needed:
            return
        tokens = self._matching(authorization)
        if not tokens:
            raise UnauthenticatedError("this server asks for a known bearer token in the header `authorization`")
        if needed is None or not any(needed & token.scopes for token in tokens):
            raise PermissionDeniedError(f"this token does not allow {method}")
        authenticated(tokens[0].name)

    def _matching(self, authorization: str | bytes | None) -> list[Token]:
        """The lines of the token in a header, usually one; none where there is no token or it is not accepted.

        The hash is compared with all hashes, each in constant time, so that the time taken tells nothing of a token.
        """
        if not isinstance(authorization, str) or authorization[:7].lower() != "bearer ":
            return []
        given = _hash(authorization[7:].strip())
        return [token for token in self._tokens if hmac.compare_digest(token.sha256, given)]


def new_token(scopes: Iterable[str] = ()) -> tuple[str, str]:
    """A random token, which is stored nowhere, and the line of the token file that accepts it."""
    token = secrets.token_urlsafe(32)
    return token, " ".join([f"sha256:{_hash(token).hex()}", *(sorted(scopes) or sorted(USUAL))])


def read_tokens(path: Path) -> Authority:
    """The authority of a token file. A line holds `sha256:HEX`, the hash of a token, and its scopes.

    Scopes are `read`, `write`, `users` and `admin`; a token without scopes has the first two. Empty lines and those
    that begin with # are ignored. Raises DataError for a file that cannot be read, that holds no token or one that is
    not hashed, or that names another scope.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError(f"cannot read the token file {path}: {reason}") from None
    tokens = []
    for number, line in enumerate(lines, 1):
        token, *scopes = line.split() or ["#"]
        if token.startswith("#"):
            continue
        if not (hashed := re.fullmatch(r"sha256:([0-9a-fA-F]{64})", token)):  # its text may be a secret: not repeated
            raise DataError(
                f"{path}, line {number}: this is no hashed token, sha256:HEX [read] [write] [users] [admin]; "
                "`shortlist token` makes one, and `printf %s TOKEN | sha256sum` tells the HEX of a token that you have"
            )
        if unknown := sorted(set(scopes) - SCOPES):
            raise DataError(
                f"{path}, line {number}: there is no scope {unknown[0]!r}, only {', '.join(sorted(SCOPES))}"
            )
        tokens.append(Token(bytes.fromhex(hashed[1]), frozenset(scopes) or USUAL))
    if not tokens:
        raise DataError(f"the token file {path} holds no token")
    return Authority(tokens)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
