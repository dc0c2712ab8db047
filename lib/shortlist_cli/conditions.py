"""The filter of a call, from options of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from google.protobuf.json_format import Parse, ParseError
from shortlist import Condition, Filter, conditions

from shortlist_core.errors import DataError

Category = Annotated[
    list[str] | None, typer.Option(help="Only items of this category; may be repeated to allow several.")
]
PriceMin = Annotated[float | None, typer.Option(help="Only items that cost this or more.")]
PriceMax = Annotated[float | None, typer.Option(help="Only items that cost this or less.")]
Available = Annotated[bool, typer.Option("--available", help="Only items that can be had.")]
Where = Annotated[
    str,
    typer.Option(
        help="A condition on the items in JSON, as shortlist.v1.Condition writes it, such as"
        ' \'{"attribute": {"key": "colour", "any_of": ["red"]}}\'.'
    ),
]


def filter_of(
    categories: Sequence[str] | None, price_min: float | None, price_max: float | None, available: bool, where: str
) -> Filter | None:
    """The filter that lets through what meets all of the options; None where none is given.

    Raises DataError where `where` is no condition in JSON.
    """
    wanted = []
    if price_min is not None or price_max is not None:
        wanted.append(conditions.price(at_least=price_min, at_most=price_max))
    if available:
        wanted.append(conditions.available())
    if where:
        wanted.append(_parsed(where))
    if not (categories or wanted):
        return None
    condition = conditions.all_of(*wanted) if len(wanted) > 1 else next(iter(wanted), None)
    return Filter(included_categories=categories, condition=condition)


def _parsed(text: str) -> Condition:
    try:
        return Parse(text, Condition())
    except ParseError as error:
        raise DataError(f"--where is no condition in JSON: {str(error).splitlines()[0]}") from error
