"""Which of the systems in memory answers whom; replaced as a whole, between requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b

from shortlist_core.errors import DeadlineError
from shortlist_core.types import Ranked
from shortlist_server.base.query import Plan
from shortlist_server.pipeline.requests import Call
from shortlist_server.serving.canary import CanaryWatch
from shortlist_server.serving.shadow import Shadow
from shortlist_server.system.loaded_bundle import System


@dataclass(frozen=True, eq=False)
class Canary:
    """A second system for a share of the users, and how it fares."""

    system: System
    share: float  # above 0 to 1
    watch: CanaryWatch


@dataclass(slots=True, eq=False)
class Turn:
    """One user's request with the system that answers it, and the answer once there is one."""

    system: System
    shadow: Shadow | None  # that compares the answer; None for one of the canary
    answer: Ranked | None = None

    def compare(self, plan: Plan) -> None:
        """Let the shadow, if there is one, rank the same request some time later, unless it did so a moment ago."""
        if self.shadow and self.answer and not self.answer.reused:
            self.shadow.offer(plan, self.system, self.answer)


@dataclass(frozen=True, eq=False)
class Serving:
    """The systems of one moment."""

    stable: System
    canary: Canary | None = None
    shadow: Shadow | None = None
    previous: System | None = None  # kept for an instant rollback

    @contextmanager
    def turn(self, plan: Plan, call: Call) -> Iterator[Turn]:
        """The system for the plan's user. How the request ends, by the answer or by an exception, is counted."""
        canary = self.canary
        chosen = canary is not None and is_on_canary(plan.user_id, canary.system.version, canary.share)
        turn = Turn(canary.system, None) if canary and chosen else Turn(self.stable, self.shadow)
        try:
            yield turn
        except BaseException as error:
            if canary:  # gRPC cancels a call whose deadline is over, as if its caller had left
                canary.watch.count(chosen, DeadlineError("answer") if call.late() else error)
            raise
        if canary:
            canary.watch.count(chosen, turn.answer)

    def systems(self) -> list[System]:
        """Every system that is held in memory."""
        canary = [self.canary.system] if self.canary else []
        shadow = [self.shadow.system] if self.shadow else []
        return [self.stable, *canary, *shadow, *([self.previous] if self.previous else [])]


def is_on_canary(user_id: str, version: str, share: float) -> bool:
    """Whether a canary of this version answers this user: everywhere and always the same; nobody without an id.

    The version is hashed too, so that it is not the same users who meet every canary.
    """
    if not user_id:
        return False
    digest = blake2b(f"{version}\0{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
