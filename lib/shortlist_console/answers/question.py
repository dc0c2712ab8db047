"""Question: what the form of a user's page asks, from the page's address to the options of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from google.protobuf.json_format import Parse, ParseError
from shortlist import Condition, ContextAttribute, Filter, SeenItemsPolicy, UserAttribute
from shortlist.v1.filter_pb2 import ConditionList, NumberRange

from shortlist_console.answers.lines import MistakeError, event, lines, number, pair, weight, whole
from shortlist_console.words import SEEN_POLICIES

FIELDS = (
    "count",
    "candidates",
    "placement",
    "bundle",
    "include",
    "exclude",
    "price_min",
    "price_max",
    "available",
    "where",
    "seen",
    "diversity",
    "attributes",
    "context",
    "weights",
    "events",
)
"""Fields of the form, by their names in the address."""

OF_SERVER: Mapping[str, str] = {
    "count": "count",
    "candidate_count": "candidates",
    "placement": "placement",
    "bundle_version": "bundle",
    "filter.included_categories": "include",
    "filter.excluded_categories": "exclude",
    "filter.condition": "where",
    "seen_items_policy": "seen",
    "diversity": "diversity",
    "user_attributes": "attributes",
    "context_attributes": "context",
    "action_weights": "weights",
    "context_events": "events",
}
"""Which field of the form a field of the request comes from."""


@dataclass(frozen=True)
class Question:
    """The fields as they were typed."""

    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Question:
        """The question in an address: fields left out or blank are not asked."""
        return cls({name: query[name] for name in FIELDS if query.get(name, "").strip()})

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def __bool__(self) -> bool:
        return bool(self.fields)

    def only(self, *names: str) -> Question:
        """These fields of it."""
        return replace(self, fields={name: value for name, value in self.fields.items() if name in names})

    def but(self, **values: str) -> Question:
        """The question with other values; a blank one takes the field out."""
        fields = {**self.fields, **values}
        return replace(self, fields={name: value for name, value in fields.items() if value.strip()})

    def trying(self, action: str, item_id: str) -> dict[str, str]:
        """The address's fields with one more event to try."""
        events = f"{self['events'].rstrip()}\n{action} {item_id}".strip()
        return dict(self.but(events=events).fields)

    def options(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Options of `AsyncClient.recommend` besides the user, and what is wrong, by field."""
        return _Reading(self).options()


class _Reading:
    def __init__(self, question: Question) -> None:
        self._question = question
        self._wrong: dict[str, str] = {}

    def options(self) -> tuple[dict[str, Any], dict[str, str]]:
        asked: dict[str, Any] = {
            "count": self._read("count", whole) or 0,
            "candidate_count": self._read("candidates", whole) or 0,
            "placement": self._question["placement"].strip(),
            "bundle_version": self._question["bundle"].strip(),
            "filter": self._filter(),
            "seen_items_policy": self._read("seen", _policy),
            "diversity": self._read("diversity", number),
            "user_attributes": self._pairs("attributes", UserAttribute),
            "context_attributes": self._pairs("context", ContextAttribute),
            "action_weights": self._lines("weights", weight),
            "context_events": self._lines("events", event),
        }
        return {name: value for name, value in asked.items() if value}, self._wrong

    def _filter(self) -> Filter | None:
        conditions = [each for each in (self._price(), self._available(), self._read("where", _condition)) if each]
        included, excluded = self._lines("include", str), self._lines("exclude", str)
        if not (conditions or included or excluded):
            return None
        asked = Filter(included_categories=included, excluded_categories=excluded)
        if conditions:
            both = conditions[0] if len(conditions) == 1 else Condition(all_of=ConditionList(conditions=conditions))
            asked.condition.CopyFrom(both)
        return asked

    def _price(self) -> Condition | None:
        least, most = self._read("price_min", number), self._read("price_max", number)
        return None if least is None and most is None else Condition(price=NumberRange(at_least=least, at_most=most))

    def _available(self) -> Condition | None:
        asked = self._question["available"]
        return Condition(available=asked == "yes") if asked in ("yes", "no") else None

    def _pairs(self, name: str, kind: Callable[..., Any]) -> list[Any]:
        return [kind(key=key, value=value) for key, value in self._lines(name, pair)]

    def _lines(self, name: str, read: Callable[[str], Any]) -> list[Any]:
        return self._read(name, lambda text: lines(text, read)) or []

    def _read(self, name: str, read: Callable[[str], Any]) -> Any:
        """What a field says; None where it is blank or a mistake, which is noted."""
        if text := self._question[name]:
            try:
                return read(text)
            except MistakeError as error:
                self._wrong[name] = str(error)
        return None


def _policy(name: str) -> SeenItemsPolicy.ValueType:
    if name not in SEEN_POLICIES:
        raise MistakeError(f"knows {', '.join(SEEN_POLICIES)}, not {name!r}")
    return SEEN_POLICIES[name]


def _condition(text: str) -> Condition:
    try:
        return Parse(text, Condition())
    except (ParseError, RecursionError) as error:
        raise MistakeError(f"takes a Condition as JSON: {' '.join(str(error).split())}") from None


def by_field(violations: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What the server refuses, by field of the form; what belongs to none stands under an empty name."""
    found: dict[str, str] = {}
    for path, rule in violations:
        name = next((ours for theirs, ours in OF_SERVER.items() if path.startswith(theirs)), "")
        said = rule if name else f"{path} {rule}"
        found[name] = f"{found[name]}; {said}" if name in found else said
    return found
