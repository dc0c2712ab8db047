"""Options of the command line that are pairs, such as `--attribute country=France`."""

from __future__ import annotations

from shortlist import ActionWeight, ContextAttribute, EventType, UserAttribute

from shortlist_core.errors import DataError
from shortlist_core.events import ACTIONS

NAMES = tuple(action.name.lower() for action in ACTIONS)


def attributes_of(given: list[str] | None) -> list[UserAttribute]:
    """The user's attributes given as KEY=VALUE. Raises DataError that names every other text."""
    return [UserAttribute(key=key, value=value) for key, value in _pairs("--attribute", given, "country=France")]


def contexts_of(given: list[str] | None) -> list[ContextAttribute]:
    """What is told of the moment of the request, given as KEY=VALUE. Raises DataError likewise."""
    return [ContextAttribute(key=key, value=value) for key, value in _pairs("--context", given, "device=phone")]


def weights_of(given: list[str] | None) -> list[ActionWeight]:
    """The weights of actions given as ACTION=NUMBER. Raises DataError that names every other text."""
    pairs = _pairs("--action-weight", given, "purchase=1")
    if wrong := [f"{key}={value}" for key, value in pairs if key not in NAMES or not _is_number(value)]:
        rule = f"--action-weight must be ACTION=NUMBER, where ACTION is one of {', '.join(NAMES)}"
        raise DataError(f"{rule}, not {', '.join(map(repr, wrong))}")
    return [
        ActionWeight(action=EventType.Value(f"EVENT_TYPE_{key.upper()}"), weight=float(value)) for key, value in pairs
    ]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _pairs(option: str, given: list[str] | None, example: str) -> list[tuple[str, str]]:
    pairs = [text.partition("=") for text in given or []]
    if wrong := [f"{key}{sign}{value}" for key, sign, value in pairs if not (key and value)]:
        raise DataError(f"{option} must be KEY=VALUE, such as {example}, not {', '.join(map(repr, wrong))}")
    return [(key, value) for key, _, value in pairs]
