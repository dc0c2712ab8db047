"""`shortlist call`: call a running server from the terminal."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
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
from shortlist_cli.pairs import attributes_of, contexts_of, weights_of
from shortlist_cli.seen import Seen
from shortlist_core import terminal
from shortlist_core.seen_items import SeenItems

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
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Kind = Literal["view", "click", "cart", "purchase", "like", "dislike", "impression", "rating"]


@app.command()
def recommend(
    user: User = "",
    count: Annotated[int, typer.Option(help="Number of items at most; 0: the placement's, or 20.")] = 0,
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
        answer = client.recommend(
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
    if not as_json:
        terminal.output().print(tables.recommendations(answer.items))
    _finish(answer, as_json)


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
    _show_scored(answer, as_json)


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
    _show_scored(answer, as_json)
    if answer.unknown_item_ids and not as_json:
        terminal.say(f"unknown to the serving bundle: {', '.join(answer.unknown_item_ids)}")
    if answer.filtered_item_ids and not as_json:
        terminal.say(f"ruled out by the filter: {', '.join(answer.filtered_item_ids)}")


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
    _show_scored(answer, as_json)


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


def _show_scored(answer: api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse, as_json: bool) -> None:
    if not as_json:
        terminal.output().print(tables.scored(answer.items))
    _finish(answer, as_json)


def _finish(
    answer: api.RecommendResponse | api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse, as_json: bool
) -> None:
    """Print what follows the items of an answer: the trace if asked for, degradations, bundle and request id."""
    if as_json:
        terminal.say_json(_json(answer))
        return
    trace = [] if isinstance(answer, api.SimilarItemsResponse) else answer.trace
    if trace:
        terminal.output().print(tables.stages(trace))
        if (rules := tables.rules(trace)) is not None:
            terminal.output().print(rules)
    if answer.degraded:
        terminal.say(f"degraded: {tables.degraded(answer.degraded)}")
    terminal.say(f"{len(answer.items)} items, bundle {answer.bundle_version}, request {answer.request_id}")


def _json(answer: Message) -> str:
    return MessageToJson(answer, preserving_proto_field_name=True, ensure_ascii=False)
