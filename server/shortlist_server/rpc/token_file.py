"""The token file: the hashes of the tokens that a server accepts, read again whenever it changes."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from shortlist_core.errors import DataError
from shortlist_server.base.names import NAME_RULE, is_name
from shortlist_server.rpc.auth import SCOPES, USUAL, Authority, Token
from shortlist_server.rpc.tenants import check_tenant

POLL_SECONDS = 1.0
"""How often a server looks for changes of the file."""

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")  # RFC 3339

log = structlog.get_logger(__name__)


class TokenFile:
    """The token file of a server, and the authority of the tokens in it.

    Every token belongs to one of the server's tenants; without tenants to none. Raises DataError, as `catch_up` does.
    """

    def __init__(self, path: Path, tenants: Collection[str] = ()) -> None:
        self._path, self._tenants = path, tenants
        self._content = _content(path)
        self.authority = Authority(_tokens(path, self._content, tenants))

    def catch_up(self) -> None:
        """Accept the tokens that the file holds now.

        Raises DataError where it cannot be read or makes no sense: then those of before are accepted further on. The
        content is compared rather than the time of change, which does not tell two changes at once apart.
        """
        content = _content(self._path)
        if content != self._content:
            tokens = _tokens(self._path, content, self._tenants)
            self.authority.replace(tokens)
            self._content = content
            log.info("tokens_replaced", tokens=len(tokens))


def read_tokens(path: Path) -> Authority:
    """The authority of the tokens that a file holds now. Raises DataError where it makes no sense."""
    return TokenFile(path).authority


def new_token(
    scopes: Iterable[str] = (), name: str = "", expires: datetime | None = None, quota: str = "", tenant: str = ""
) -> tuple[str, str]:
    """A random token, which is stored nowhere, and the line of the token file that accepts it.

    `expires` has a time zone; None: never. `quota` is such as 50/s. Raises ValueError for a name, a quota or a
    tenant's name that the file would refuse.
    """
    if name and not is_name(name):
        raise ValueError(NAME_RULE)
    if tenant and not is_name(tenant):
        raise ValueError(f"tenant {NAME_RULE}")
    token = secrets.token_urlsafe(32)
    words = [f"sha256:{Token.hashed(token).hex()}", *(sorted(scopes) or sorted(USUAL))]
    if name:
        words.append(f"name={name}")
    if expires:
        words.append(f"expires={expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    if quota and _quota(quota):
        words.append(f"quota={quota}")
    if tenant:
        words.append(f"tenant={tenant}")
    return token, " ".join(words)


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise DataError(f"cannot read the token file {path}: {reason}") from None


def _tokens(path: Path, content: str, tenants: Collection[str]) -> list[Token]:
    """The tokens of a token file. A line holds `sha256:HEX`, the hash of a token, and what is said of it.

    That is its scopes (`read`, `write`, `users`, `admin`; without any it has the first two), `name=NAME`,
    `expires=TIME`, a time of RFC 3339, `quota=N/s`, queries a second of one worker, and `tenant=NAME`. Empty lines and
    those that begin with # are ignored. Raises DataError for a file that holds no token, or a line that is none, or
    that belongs to no tenant of the server.
    """
    tokens: list[Token] = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            if (words := line.split()) and not words[0].startswith("#"):
                token = _token(words)
                check_tenant(token, tokens, tenants)
                tokens.append(token)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: {error}") from None
    if not tokens:
        raise DataError(f"the token file {path} holds no token")
    return tokens


def _token(words: list[str]) -> Token:
    """The token of a line. Raises ValueError, whose text does not repeat what may be a secret."""
    first, *rest = words
    if not (hashed := re.fullmatch(r"sha256:([0-9a-fA-F]{64})", first)):
        raise ValueError(
            "this is no hashed token, sha256:HEX [read] [write] [users] [admin] [name=NAME] [expires=TIME] "
            "[quota=N/s] [tenant=NAME]; `shortlist token` makes one, and `printf %s TOKEN | sha256sum` tells the HEX "
            "of a token that you have"
        )
    pairs = [word.split("=", 1) for word in rest if "=" in word]
    said, scopes = dict(pairs), {word for word in rest if "=" not in word}
    if unknown := sorted(scopes - SCOPES):
        raise ValueError(f"there is no scope {unknown[0]!r}, only {', '.join(sorted(SCOPES))}")
    if len(said) < len(pairs):
        raise ValueError("name, expires, quota and tenant are said once at most")
    if others := sorted(said.keys() - {"name", "expires", "quota", "tenant"}):
        raise ValueError(f"there is no {others[0]!r}, only name, expires, quota and tenant")
    name = said.get("name", f"token-{hashed[1][:12].lower()}")
    if not is_name(name):
        raise ValueError(f"the name {NAME_RULE}")
    expires = _time(said["expires"]) if "expires" in said else math.inf
    quota = _quota(said["quota"]) if "quota" in said else math.inf
    return Token(bytes.fromhex(hashed[1]), frozenset(scopes) or USUAL, name, expires, quota, said.get("tenant", ""))


def _quota(text: str) -> float:
    if (said := re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)/s", text)) and float(said[1]) > 0:
        return float(said[1])
    raise ValueError(f"quota must be a number of queries a second such as 50/s, not {text!r}")


def _time(text: str) -> float:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text.upper()).timestamp()
    except ValueError:  # the 30th of February
        pass
    raise ValueError(f"expires must be a time such as 2027-01-31T12:00:00Z, not {text!r}")
