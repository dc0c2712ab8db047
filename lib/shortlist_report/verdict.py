"""The verdict: one sentence that says whether a system is better than others, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FEWEST_USERS = 30
"""With fewer test users, an interval says nothing: a single user has one without any width."""

WIDE = 0.1
"""An interval is wide if half of it is more than this share of what the other system reaches."""

METRIC = "NDCG@10"

Role = Literal["baseline", "stage one", "current bundle"]
Outcome = Literal["better", "even", "worse"]
Tone = Literal["good", "doubtful", "bad"]


@dataclass(frozen=True)
class Comparison:
    """What the judged system gains over another on the same users, in NDCG@10, and the paired 95 % interval."""

    role: Role
    other: str  # the other's name
    reached: float  # by the other
    mean: float
    low: float
    high: float

    @property
    def outcome(self) -> Outcome:
        """Whether the judged system is better or worse beyond chance, or neither."""
        return "better" if self.low > 0 else "worse" if self.high < 0 else "even"

    @property
    def wide(self) -> bool:
        """Whether the interval leaves open so much that more test users would say more."""
        return (self.high - self.low) / 2 > WIDE * self.reached

    @property
    def words(self) -> str:
        """The comparison as what follows "both stages are"."""
        against = {
            "baseline": f"the best baseline ({self.other})",
            "stage one": "stage one alone",
            "current bundle": "the current bundle",
        }[self.role]
        interval = f"95 % interval {self.low:+.4f} to {self.high:+.4f}"
        if self.outcome == "even":
            return f"as good as {against} as far as chance lets one see ({self.mean:+.4f} {METRIC}, {interval})"
        return f"{self.outcome} than {against} by {abs(self.mean):.4f} {METRIC} ({interval})"


@dataclass(frozen=True)
class Verdict:
    """What was found, what to do about it, and whether that is good news."""

    sentence: str
    advice: str
    tone: Tone

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}"


def verdict(judged: str, comparisons: Sequence[Comparison], users: int, stage_one_served: bool = False) -> Verdict:
    """The verdict on the system `judged` ("both stages"), tested on so many users.

    `stage_one_served` says that the bundle serves stage one's order, as the ranker's was not better.
    """
    plural = judged.endswith("s")
    name = judged[:1].upper() + judged[1:]
    if not comparisons:
        return Verdict(f"{name} {'were' if plural else 'was'} compared with nothing.", _UNMEASURED, "doubtful")
    sentence = f"{name} {'are' if plural else 'is'} {', and '.join(each.words for each in comparisons)}."
    if users < FEWEST_USERS:
        advice = f"Test on more users: {users:,} are too few to tell anything; {FEWEST_USERS} are the least."
        return Verdict(sentence, advice, "doubtful")
    advice, tone = _advice({each.role: each for each in comparisons}, users, stage_one_served)
    return Verdict(sentence, advice, tone)


_UNMEASURED = "Measure the plain methods as well (`shortlist evaluate --baselines`): a simpler one may do as well."


def _advice(found: dict[Role, Comparison], users: int, stage_one_served: bool) -> tuple[str, Tone]:
    """The first rule that applies, from what speaks against the judged system to what speaks for it."""
    baseline, stage_one, current = (found.get(role) for role in ("baseline", "stage one", "current bundle"))
    if current:
        return _against_current(current, users)
    if baseline and baseline.outcome == "worse":
        return (
            f"Do not put this bundle into service: {baseline.other} is simpler and better. The segments below show for"
            " whom, and the data what may be missing.",
            "bad",
        )
    if stage_one and stage_one.outcome == "worse":
        return (
            "Train anew before serving it: the ranker takes away from what stage one finds. Until then, `Retrieve`"
            " gives stage one's order.",
            "bad",
        )
    if baseline and baseline.outcome == "even":
        if baseline.wide:
            return (
                f"Collect more data before deciding: the interval is wide. {_more_users(baseline, users)}",
                "doubtful",
            )
        return f"There is no reason to serve it for its lists alone: {baseline.other} is simpler.", "doubtful"
    if not baseline:
        return _UNMEASURED, "doubtful"
    if stage_one_served:
        return "Serve it. The ranker adds nothing on held-out queries, so stage one's order is served.", "good"
    if stage_one and stage_one.outcome == "even":
        more = _more_users(stage_one, users) if stage_one.wide else "`Retrieve` gives stage one's order for less time."
        return f"Serve it. Whether the ranker adds anything is within chance. {more}", "good"
    return "Serve it.", "good"


def _against_current(current: Comparison, users: int) -> tuple[str, Tone]:
    if current.outcome == "better":
        return "The new bundle is the better one: let it become current.", "good"
    if current.outcome == "worse":
        return "Keep the current bundle, and look at what changed in the data.", "bad"
    more = _more_users(current, users) if current.wide else ""
    return f"Either may be served; the newer one knows newer items and users. {more}".rstrip(), "doubtful"


def _more_users(comparison: Comparison, users: int) -> str:
    """How many test users would show a difference of the size that was found: intervals shrink with their root."""
    half = (comparison.high - comparison.low) / 2
    if not comparison.mean:
        return "No difference shows at all."
    needed = users * (half / abs(comparison.mean)) ** 2
    if needed > 1e6:
        return "A difference as small as the one that was found does not show in any test."
    return f"About {_rounded(needed):,} test users would show a difference of this size; there were {users:,}."


def _rounded(number: float) -> int:
    """The number with two leading digits."""
    return int(float(f"{number:.1e}"))
