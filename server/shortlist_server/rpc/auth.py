"""Authentication: the accepted bearer tokens, and one table of the scopes that each method needs."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from shortlist_core.errors import PermissionDeniedError, UnauthenticatedError
from shortlist_server.rpc.caller import authenticated, belongs_to
from shortlist_server.rpc.quotas import Quotas

READ, WRITE, USERS, ADMIN = "read", "write", "users", "admin"
SCOPES = frozenset({READ, WRITE, USERS, ADMIN})
USUAL = frozenset({READ, WRITE})
"""Scopes of a token that names none. Single users' data and the choice of the bundle need a scope by name."""
ANYBODY: frozenset[str] = frozenset()

_RECOMMENDATION, _EVENT = "/shortlist.v1.RecommendationService/", "/shortlist.v1.EventService/"
_CATALOG = "/shortlist.v1.CatalogService/"
_USER, _BUNDLE = "/shortlist.v1.UserService/", "/shortlist.v1.BundleService/"
_PLACEMENT = "/shortlist.v1.PlacementService/"

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
    f"{_USER}UpsertUsers": frozenset({WRITE}),
    f"{_USER}GetUser": frozenset({USERS}),
    f"{_USER}ExportUser": frozenset({USERS}),
    f"{_USER}DeleteUser": frozenset({USERS}),
    f"{_BUNDLE}ListBundles": frozenset({ADMIN}),
    f"{_BUNDLE}GetServingBundle": frozenset({ADMIN}),
    f"{_BUNDLE}GetBundleReport": frozenset({ADMIN}),
    f"{_BUNDLE}ActivateBundle": frozenset({ADMIN}),
    f"{_BUNDLE}RollbackBundle": frozenset({ADMIN}),
    f"{_PLACEMENT}ListPlacements": frozenset({READ, ADMIN}),
    f"{_PLACEMENT}SetPlacements": frozenset({ADMIN}),
    f"{_PLACEMENT}PreviewPlacement": frozenset({ADMIN}),
    "/grpc.health.v1.Health/Check": ANYBODY,  # balancers have no tokens
    "/grpc.health.v1.Health/Watch": ANYBODY,
    "/grpc.health.v1.Health/List": ANYBODY,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": SCOPES,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": SCOPES,
}


@dataclass(frozen=True, slots=True)
class Token:
    """One accepted token, of which only the hash is kept."""

    sha256: bytes
    scopes: frozenset[str]
    name: str  # tells the token from others without telling the token
    expires: float = math.inf  # seconds since 1970 at which it is not accepted any more
    quota: float = math.inf  # queries a second
    tenant: str = ""  # whose calls it makes; empty on a server without tenants

    @property
    def caller(self) -> str:
        """Who calls with it. Tokens of different tenants never are the same caller, though they have the same name."""
        return f"{self.tenant}/{self.name}" if self.tenant else self.name

    @classmethod
    def hashed(cls, token: str) -> bytes:
        """The hash of a token."""
        return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


class Authority:
    """The accepted tokens, which may be replaced at any time: decides which caller may call which method."""

    def __init__(self, tokens: Iterable[Token], clock: Callable[[], float] = time.time) -> None:
        self._tokens = tuple(tokens)
        self._clock = clock
        self._quotas = Quotas()

    def replace(self, tokens: Iterable[Token]) -> None:
        """Accept these tokens from now on, and no others. Any thread may call this."""
        self._tokens = tuple(tokens)

    def check(self, method: str, authorization: str | bytes | None) -> None:
        """Return if a caller with this `authorization` header may call the method with this full name.

        From then on `caller` knows the token and its tenant in this call, and `caller.check_again` asks again.
        Raises UnauthenticatedError without an accepted token, PermissionDeniedError where its scopes do not suffice,
        QuotaError where its quota is used up.
        """
        needed = TABLE.get(method)
        if needed is not None and not needed:
            return
        known = self._matching(authorization)
        if not known:
            raise UnauthenticatedError("this server asks for a known bearer token in the header `authorization`")
        belongs_to(known[0].tenant)  # refused calls too, in metrics and logs
        tokens = [token for token in known if self._clock() < token.expires]
        if not tokens:
            raise UnauthenticatedError("this token has expired")
        if needed is None or not any(needed & token.scopes for token in tokens):
            raise PermissionDeniedError(f"this token does not allow {method}")
        caller, quota = tokens[0].caller, tokens[0].quota
        self._quotas.take(caller, quota)
        authenticated(caller, partial(self.check, method, authorization), partial(self._quotas.take, caller, quota))

    def caller(self, authorization: str | bytes | None) -> tuple[str, str]:
        """The caller and the tenant of the token in an `authorization` header; both empty where it is not known."""
        known = self._matching(authorization)
        return (known[0].caller, known[0].tenant) if known else ("", "")

    def _matching(self, authorization: str | bytes | None) -> list[Token]:
        """The lines of the token in a header, usually one; none where there is no token or it is not known.

        The hash is compared with all hashes, each in constant time, so that the time taken tells nothing of a token.
        """
        if not isinstance(authorization, str) or authorization[:7].lower() != "bearer ":
            return []
        given = Token.hashed(authorization[7:].strip())
        return [token for token in self._tokens if hmac.compare_digest(token.sha256, given)]
