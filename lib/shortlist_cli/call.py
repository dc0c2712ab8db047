"""`shortlist call`: call a running server from the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain, islice
from typing import Annotated, Literal

import typer
from shortlist import (
    Event,
    EventType,
    HealthStatus,
    SeenItemsPolicy,
)
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_cli import tables
from shortlist_cli.conditions import Available, Category, PriceMax, PriceMin, Where, filter_of
from shortlist_cli.connection import LOCAL, Address, connected
from shortlist_cli.messages import message
from shortlist_cli.pairs import attributes_of, contexts_of, weights_of
from shortlist_cli.seen import Seen
from shortlist_cli.showing import AsJson, show
from shortlist_core import terminal
from shortlist_core.seen_items import SeenItems
from shortlist_core.tables import Table

app = typer.Typer(
    no_args_is_help=True,
    help="Call a running server. SHORTLIST_TOKEN is sent as bearer token. SHORTLIST_ROOT_CERTIFICATES, the path of a"
    " PEM file, turns on TLS. SHORTLIST_CERTIFICATE_CHAIN and SHORTLIST_PRIVATE_KEY are used for mTLS.",
)

User = Annotated[str, typer.Option(help="Id of the user.")]
Items = Annotated[list[str], typer.Option("--item", help="Id of an item; may be repeated.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Id of an item to exclude; may be repeated.")]
Attribute = Annotated[
    list[str] | None,
    typer.Option(help="Attribute of the user, such as country=France; may be repeated."),
]
Context = Annotated[
    list[str] | None,
    typer.Option(help="Where or how the request comes about, such as device=phone; may be repeated."),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--action-weight", help="How much an action counts, such as purchase=1 or dislike=-1; may be repeated."
    ),
]
Actions = Annotated[bool, typer.Option("--actions", help="Also show how likely each action is, such as a purchase.")]
Trace = Annotated[bool, typer.Option("--trace", help="Also show what each stage did and how long it took.")]
Answer = api.RecommendResponse | api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse
Kind = Literal["view", "click", "cart", "purchase", "like", "dislike", "impression", "rating"]


@app.command()
def recommend(
    user: User = "",
    count: Annotated[int, typer.Option(help="Number of items at most; 0: the placement's, or 20.")] = 0,
    pages: Annotated[
        int, typer.Option(min=1, help="Number of pages at most, each of COUNT items that no page before it holds.")
    ] = 1,
    candidates: Annotated[int, typer.Option(help="Number of candidates to rank; 0: the server's default.")] = 0,
    exclude: Exclude = None,
    category: Category = None,
    price_min: PriceMin = None,
    price_max: PriceMax = None,
    available: Available = False,
    where: Where = "",
    seen_items: Seen = None,
    diversity: Annotated[float, typer.Option(help="From 0 (by score only) to 1 (by variety only).")] = 0.0,
    placement: Annotated[str, typer.Option(help="Placement whose settings and rules hold.")] = "",
    attribute: Attribute = None,
    context: Context = None,
    action_weight: Weights = None,
    actions: Actions = False,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Recommend items to a user, each with a reason."""
    with connected(address) as client:
        following = client.recommend_pages(
            user,
            count,
            candidate_count=candidates,
            excluded_item_ids=exclude or [],
            filter=filter_of(category, price_min, price_max, available, where),
            seen_items_policy=_policy(seen_items),
            diversity=diversity,
            placement=placement,
            user_attributes=attributes_of(attribute),
            context_attributes=contexts_of(context),
            action_weights=weights_of(action_weight),
            include_action_probabilities=actions,
            include_trace=trace,
        )
        answers = list(islice(following, pages))
    if pages == 1:
        _show(answers[0], tables.recommendations(answers[0].items), as_json)
        return
    firsts = accumulate([1, *(len(answer.items) for answer in answers)])
    told = [_told(a, tables.recommendations(a.items, first=first)) for a, first in zip(answers, firsts, strict=False)]
    show(as_json, {"pages": [message(answer) for answer in answers]}, *chain.from_iterable(told))


@app.command()
def retrieve(
    user: User = "",
    count: Annotated[int, typer.Option(help="Number of candidates at most.")] = 400,
    exclude: Exclude = None,
    category: Category = None,
    price_min: PriceMin = None,
    price_max: PriceMax = None,
    available: Available = False,
    where: Where = "",
    seen_items: Seen = None,
    attribute: Attribute = None,
    context: Context = None,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Run stage one only: the candidates before ranking."""
    with connected(address) as client:
        answer = client.retrieve(
            user,
            count,
            excluded_item_ids=exclude or [],
            filter=filter_of(category, price_min, price_max, available, where),
            seen_items_policy=_policy(seen_items),
            user_attributes=attributes_of(attribute),
            context_attributes=contexts_of(context),
            include_trace=trace,
        )
    _show(answer, tables.scored(answer.items), as_json)


@app.command()
def rank(
    item: Items,
    user: User = "",
    category: Category = None,
    price_min: PriceMin = None,
    price_max: PriceMax = None,
    available: Available = False,
    where: Where = "",
    attribute: Attribute = None,
    context: Context = None,
    action_weight: Weights = None,
    actions: Actions = False,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Run stage two only: rank given items for a user."""
    with connected(address) as client:
        answer = client.rank(
            user,
            item,
            filter=filter_of(category, price_min, price_max, available, where),
            user_attributes=attributes_of(attribute),
            context_attributes=contexts_of(context),
            action_weights=weights_of(action_weight),
            include_action_probabilities=actions,
            include_trace=trace,
        )
    unknown, filtered = ", ".join(answer.unknown_item_ids), ", ".join(answer.filtered_item_ids)
    more = [f"unknown to the serving bundle: {unknown}"] if unknown else []
    more += [f"ruled out by the filter: {filtered}"] if filtered else []
    _show(answer, tables.scored(answer.items), as_json, *more)


@app.command()
def similar(
    item: Annotated[str, typer.Option(help="Id of the item to compare with.")],
    count: Annotated[int, typer.Option(help="Number of items at most.")] = 20,
    exclude: Exclude = None,
    category: Category = None,
    price_min: PriceMin = None,
    price_max: PriceMax = None,
    available: Available = False,
    where: Where = "",
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Show the items that are most similar to an item."""
    with connected(address) as client:
        answer = client.similar_items(
            item,
            count,
            excluded_item_ids=exclude or [],
            filter=filter_of(category, price_min, price_max, available, where),
        )
    _show(answer, tables.scored(answer.items), as_json)


@app.command()
def events(
    user: User,
    item: Items,
    kind: Annotated[Kind, typer.Option("--type", help="What the user did.")] = "click",
    value: Annotated[float | None, typer.Option(help="Rating, quantity or seconds. Left out: 1.")] = None,
    address: Address = LOCAL,
) -> None:
    """Write events of a user on one or several items; the next answer takes them into account."""
    number = EventType.Value(f"EVENT_TYPE_{kind.upper()}")
    with connected(address) as client:
        answer = client.write_events([Event(user_id=user, item_id=i, event_type=number, value=value) for i in item])
    unknown = f", {answer.unknown_item_count} of unknown items" if answer.unknown_item_count else ""
    terminal.say(f"{answer.accepted_count} written, {answer.duplicate_count} known already{unknown}")


@app.command()
def health(
    service: Annotated[str, typer.Option(help="Full name of a service. Left out: the whole server.")] = "",
    address: Address = LOCAL,
) -> None:
    """Show whether the server accepts calls; exit code 1 if it does not."""
    with connected(address) as client:
        status = client.health(service)
    terminal.say(status.name)
    if status is not HealthStatus.SERVING:
        raise typer.Exit(1)


def _policy(seen_items: SeenItems | None) -> SeenItemsPolicy.ValueType:
    return SeenItemsPolicy.Value(f"SEEN_ITEMS_POLICY_{seen_items.name if seen_items else 'UNSPECIFIED'}")


def _show(answer: Answer, items: Table, as_json: bool, *more: str) -> None:
    """Show an answer, and after it the lines `more`."""
    show(as_json, message(answer), *_told(answer, items), *more)


def _told(answer: Answer, items: Table) -> Iterator[Table | str]:
    """What a person is told of an answer: items, the trace if asked for, degradations, bundle and request id."""
    yield items
    trace = [] if isinstance(answer, api.SimilarItemsResponse) else answer.trace
    if trace:
        yield tables.stages(trace)
        if (rules := tables.rules(trace)) is not None:
            yield rules
    if answer.degraded:
        yield f"degraded: {tables.degraded(answer.degraded)}"
    yield f"{len(answer.items)} items, bundle {answer.bundle_version}, request {answer.request_id}"
