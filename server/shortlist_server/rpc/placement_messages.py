"""Placements to set, checked by the limits that the comments in `placement.proto` and `rule.proto` promise.

A new kind of rule is one function here, one line in `READERS`, and its class in `system/placements/rule.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shortlist.v1 import filter_pb2 as filter_api
from shortlist.v1 import placement_pb2 as api
from shortlist.v1 import rule_pb2 as rule_api

from shortlist_core.tiring import USUAL, Tiring
from shortlist_ranking.arrangement.diversity import Diversity, DiversityMethod
from shortlist_server.base.limits import DEFAULT_COUNT, MAX_CANDIDATES, MAX_COUNT
from shortlist_server.rpc.checks import MAX_ATTRIBUTES, Check
from shortlist_server.rpc.conditions import attribute_of, condition_of, filter_of, moment
from shortlist_server.system.placements.contradictions import contradictions
from shortlist_server.system.placements.item_selector import ByCondition, ItemSelector, OfLongTail
from shortlist_server.system.placements.placement import Placement
from shortlist_server.system.placements.rule import (
    Boost,
    Bury,
    Cap,
    Effect,
    Grouping,
    MinimumShare,
    OneOf,
    Pin,
    RequestCondition,
    Rule,
    Spacing,
)

MAX_PLACEMENTS = 100
MAX_RULES = 50
MAX_PINNED = 50
MAX_FACTOR, USUAL_FACTOR = 1_000, 2.0
MAX_DISTANCE = 50
HEAD_SHARE = 0.8
LEAST_RECOVERY, MOST_RECOVERY = 60, 31_536_000

_METHODS = {0: DiversityMethod.MMR, 1: DiversityMethod.MMR, 2: DiversityMethod.DPP}


def placements_of(check: Check, messages: Sequence[api.Placement]) -> list[Placement]:
    """The placements of the messages, in their order. Contradictions among the rules of each are violations."""
    check.length("placements", messages, MAX_PLACEMENTS)
    sent = messages[:MAX_PLACEMENTS]
    check.different("placements", [message.name for message in sent], "name")
    return [placement_of(check.below(f"placements[{i}]."), message) for i, message in enumerate(sent)]


def placement_of(check: Check, message: api.Placement) -> Placement:
    """The placement of a message."""
    before = len(check.violations)
    check.length("rules", message.rules, MAX_RULES)
    sent = message.rules[:MAX_RULES]
    check.different("rules", [rule.name for rule in sent], "name")
    placement = Placement(
        name=check.id("name", message.name),
        count=_limit(check, "count", message.count, MAX_COUNT),
        candidate_count=_limit(check, "candidate_count", message.candidate_count, MAX_CANDIDATES),
        filter=filter_of(check.below("filter."), message.filter),
        seen_items=check.seen_items(message.seen_items_policy),
        diversity=diversity_of(check.below("diversity."), message.diversity) if message.HasField("diversity") else None,
        action_weights=check.action_weights(message.action_weights),
        rules=tuple(_rule(check.below(f"rules[{i}]."), rule) for i, rule in enumerate(sent)),
        tiring=_tiring(check.below("tiring."), message.tiring) if message.HasField("tiring") else None,
        count_impressions=message.count_impressions,
    )
    if len(check.violations) == before:
        for found in contradictions(placement.rules, placement.count or DEFAULT_COUNT):
            earlier = placement.rules[found.earlier].name
            check.refuse(f"rules[{found.later}]", f"contradicts the rule {earlier!r}: {found.reason}")
    return placement


def diversity_of(check: Check, message: rule_api.Diversity) -> Diversity:
    """The diversity of a message."""
    if message.method not in _METHODS:
        check.refuse("method", f"{message.method} is no DiversityMethod")
    return Diversity(check.share("strength", message.strength), _METHODS.get(message.method, DiversityMethod.MMR))


def _tiring(check: Check, message: api.Tiring) -> Tiring:
    """How items tire; where the message does not say, as usual."""
    seconds = message.recovery_seconds
    if seconds and not LEAST_RECOVERY <= seconds <= MOST_RECOVERY:
        rule = f"must be {LEAST_RECOVERY} to {MOST_RECOVERY:,}, or 0 for {USUAL.recovery:,.0f}, not {seconds}"
        check.refuse("recovery_seconds", rule)
    share = check.share("per_impression", message.per_impression)
    return Tiring(share or USUAL.per_impression, seconds or USUAL.recovery)


def _limit(check: Check, field: str, value: int, most: int) -> int:
    """The value, if it is 1 to `most`, or 0, where the placement does not say."""
    if not 0 <= value <= most:
        check.refuse(field, f"must be 1 to {most:,}, or 0 where the request says it, not {value}")
    return value


def _rule(check: Check, message: rule_api.Rule) -> Rule:
    kind = message.WhichOneof("effect")
    effect: Effect = Diversity()
    if kind is None:
        check.refuse_whole("must have one of its effects set: pin, boost, bury, cap, and so on")
    else:
        effect = READERS[kind](check.below(f"{kind}."), getattr(message, kind))
    since = moment(check, "start_time", message.start_time) if message.HasField("start_time") else -math.inf
    before = moment(check, "end_time", message.end_time) if message.HasField("end_time") else math.inf
    if since >= before:
        check.refuse("end_time", "must be later than start_time")
    return Rule(check.id("name", message.name), effect, since, before, _when(check.below("when."), message.when))


def _when(check: Check, message: rule_api.RequestCondition) -> RequestCondition:
    return RequestCondition(
        _one_of(check, "user_attributes", message.user_attributes),
        _one_of(check, "context_attributes", message.context_attributes),
        message.has_history if message.HasField("has_history") else None,
    )


def _one_of(check: Check, field: str, messages: Sequence[filter_api.AttributeCondition]) -> tuple[OneOf, ...]:
    check.length(field, messages, MAX_ATTRIBUTES)
    sent = messages[:MAX_ATTRIBUTES]
    check.different(field, [message.key for message in sent], "key")
    return tuple(OneOf(*attribute_of(check.below(f"{field}[{i}]."), message)) for i, message in enumerate(sent))


def _items(check: Check, message: rule_api.ItemSelector) -> ItemSelector:
    """The items of a selector; whatever where it breaks a rule."""
    kind = message.WhichOneof("items")
    if kind is None:
        check.refuse_whole("must have one of its fields set: condition or long_tail")
    if kind == "condition":
        condition = condition_of(check.below("condition."), message.condition)
        return OfLongTail(HEAD_SHARE) if condition is None else ByCondition(condition)
    return OfLongTail(check.share("long_tail.head_share", message.long_tail.head_share) or HEAD_SHARE)


def _grouping(check: Check, message: rule_api.Grouping) -> Grouping:
    kind = message.WhichOneof("grouping")
    if kind == "attribute_key":
        return Grouping(check.id("attribute_key", message.attribute_key))
    if not message.category:
        check.refuse_whole("must be by category, or have an attribute_key")
    return Grouping()


def _pin(check: Check, message: rule_api.Pin) -> Pin:
    item_ids = check.ids("item_ids", message.item_ids, MAX_PINNED, least=1)
    check.different("item_ids", item_ids)
    return Pin(item_ids, check.number("position", message.position, MAX_COUNT, 1))


def _boost(check: Check, message: rule_api.Boost) -> Boost:
    if not 0 <= message.factor <= MAX_FACTOR:
        check.refuse("factor", f"must be 0 to {MAX_FACTOR:,}, not {message.factor}")
    return Boost(_items(check.below("items."), message.items), message.factor or USUAL_FACTOR)


def _bury(check: Check, message: rule_api.Bury) -> Bury:
    return Bury(_items(check.below("items."), message.items))


def _cap(check: Check, message: rule_api.Cap) -> Cap:
    most = _whole(check, "most", message.most, MAX_COUNT)
    kind = message.WhichOneof("of")
    if kind is None:
        check.refuse_whole("must say of what: each or items")
    if kind == "each":
        return Cap(_grouping(check.below("each."), message.each), most)
    return Cap(_items(check.below("items."), message.items) if kind else Grouping(), most)


def _minimum_share(check: Check, message: rule_api.MinimumShare) -> MinimumShare:
    return MinimumShare(_items(check.below("items."), message.items), check.share("share", message.share))


def _spacing(check: Check, message: rule_api.Spacing) -> Spacing:
    distance = _whole(check, "distance", message.distance, MAX_DISTANCE)
    return Spacing(_grouping(check.below("each."), message.each), distance)


def _whole(check: Check, field: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        check.refuse(field, f"must be 1 to {most:,}, not {value}")
    return value


READERS: Mapping[str, Callable[[Check, Any], Effect]] = {
    "pin": _pin,
    "boost": _boost,
    "bury": _bury,
    "cap": _cap,
    "minimum_share": _minimum_share,
    "spacing": _spacing,
    "diversity": diversity_of,
}
"""What reads each kind of rule, by its field in `shortlist.v1.Rule`."""
