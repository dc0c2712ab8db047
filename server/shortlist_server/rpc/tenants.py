"""Tenants of calls: which token belongs to which tenant, and which servicer answers a call of which tenant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from shortlist_core.errors import PermissionDeniedError
from shortlist_server.rpc.auth import Token
from shortlist_server.rpc.caller import tenant_of_call

_MOST_NAMED = 10  # in one message


def check_tenant(token: Token, others: Iterable[Token], tenants: Collection[str]) -> None:
    """Check that a token belongs to one of the server's tenants; where there are none, to none.

    Neither a forgotten word nor a file of another server may open more than was meant. Raises ValueError otherwise.
    """
    if not tenants and token.tenant:
        raise ValueError(f"this server has no tenants: give --tenants, or leave out tenant={token.tenant[:64]}")
    if tenants and token.tenant not in tenants:
        names = sorted(tenants)
        known = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
        wrong = f"there is no tenant {token.tenant[:64]!r}" if token.tenant else "the token belongs to no tenant"
        raise ValueError(f"{wrong}: say tenant=NAME, one of {known}")
    if any(other.sha256 == token.sha256 and other.tenant != token.tenant for other in others):
        raise ValueError("this token belongs to another tenant in a line above, and can belong to one only")


class ByTenant:
    """Stands for one servicer of each tenant: a call goes to that of its tenant, and stays there to its end.

    Raises PermissionDeniedError where the call belongs to no tenant of the server.
    """

    def __init__(self, servicers: Mapping[str, object]) -> None:
        self._servicers = servicers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of this name, as the tenant of the call under way has it."""
        return by_tenant({tenant: getattr(servicer, name) for tenant, servicer in self._servicers.items()})


def by_tenant(behaviours: Mapping[str, Callable[..., Any]]) -> Callable[..., Any]:
    """Calls what is meant for the tenant of the call under way. Raises PermissionDeniedError where there is none."""

    def behave(*arguments: Any) -> Any:
        behaviour = behaviours.get(tenant_of_call())
        if behaviour is None:
            raise PermissionDeniedError("this token belongs to no tenant of this server")
        return behaviour(*arguments)

    return behave
