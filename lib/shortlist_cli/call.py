"""`shortlist call`: ask a running server from the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal, NoReturn

import typer
from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from shortlist import (
    Client,
    DeadlineExceeded,
    Event,
    EventType,
    Filter,
    HealthStatus,
    InvalidArgument,
    Options,
    SeenItemsPolicy,
    ShortlistError,
    Unavailable,
    UserAttribute,
)
from shortlist.v1 import recommendation_service_pb2 as api

from shortlist_cli import environment, tables
from shortlist_core.errors import DataError

SECONDS = 10.0
"""How long a person waits for an answer; a program should wait less."""

app = typer.Typer(
    no_args_is_help=True,
    help="Ask a running server. SHORTLIST_TOKEN is sent as bearer token; SHORTLIST_ROOT_CERTIFICATES, the path of a PEM"
    " file, turns on TLS; SHORTLIST_CERTIFICATE_CHAIN and SHORTLIST_PRIVATE_KEY are shown to servers that ask (mTLS).",
)

Address = Annotated[str, typer.Option(help="Where the server listens, host:port.")]
User = Annotated[str, typer.Option(help="Id of the user.")]
Items = Annotated[list[str], typer.Option("--item", help="Id of an item; may be given several times.")]
Exclude = Annotated[list[str] | None, typer.Option(help="Id of an item to leave out; may be given several times.")]
Category = Annotated[list[str] | None, typer.Option(help="Only items of this category, or of one of several.")]
KeepSeen = Annotated[bool, typer.Option("--keep-seen", help="Also items that the user has seen.")]
Attribute = Annotated[
    list[str] | None,
    typer.Option(help="What is known of the user, such as country=France; may be given several times."),
]
Trace = Annotated[bool, typer.Option("--trace", help="Also show what each stage did.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Kind = Literal["view", "click", "cart", "purchase", "like", "dislike", "impression", "rating"]

LOCAL = "127.0.0.1:50051"


@app.command()
def recommend(
    user: User = "",
    count: Annotated[int, typer.Option(help="How many items at most.")] = 20,
    candidates: Annotated[int, typer.Option(help="How many candidates to rank; 0: as the server likes.")] = 0,
    exclude: Exclude = None,
    category: Category = None,
    keep_seen: KeepSeen = False,
    diversity: Annotated[float, typer.Option(help="0: score alone, 1: variety alone.")] = 0.0,
    attribute: Attribute = None,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """The best items for a user, each with its reason."""
    with connected(address) as client:
        answer = client.recommend(
            user,
            count,
            candidate_count=candidates,
            excluded_item_ids=exclude or [],
            filter=_filter(category),
            seen_items_policy=_policy(keep_seen),
            diversity=diversity,
            user_attributes=_attributes(attribute),
            include_trace=trace,
        )
    if not as_json:
        tables.output().print(tables.recommendations(answer.items))
    _finish(answer, as_json)


@app.command()
def retrieve(
    user: User = "",
    count: Annotated[int, typer.Option(help="How many candidates at most.")] = 400,
    exclude: Exclude = None,
    category: Category = None,
    keep_seen: KeepSeen = False,
    attribute: Attribute = None,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Stage one alone: the candidates before ranking."""
    with connected(address) as client:
        answer = client.retrieve(
            user,
            count,
            excluded_item_ids=exclude or [],
            filter=_filter(category),
            seen_items_policy=_policy(keep_seen),
            user_attributes=_attributes(attribute),
            include_trace=trace,
        )
    _show_scored(answer, as_json)


@app.command()
def rank(
    item: Items,
    user: User = "",
    attribute: Attribute = None,
    trace: Trace = False,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """Stage two alone: given items in the order in which a user would want them."""
    with connected(address) as client:
        answer = client.rank(user, item, user_attributes=_attributes(attribute), include_trace=trace)
    _show_scored(answer, as_json)
    if answer.unknown_item_ids and not as_json:
        typer.echo(f"unknown to the serving bundle: {', '.join(answer.unknown_item_ids)}")


@app.command()
def similar(
    item: Annotated[str, typer.Option(help="Id of the item to compare with.")],
    count: Annotated[int, typer.Option(help="How many items at most.")] = 20,
    exclude: Exclude = None,
    category: Category = None,
    as_json: AsJson = False,
    address: Address = LOCAL,
) -> None:
    """The items most like one."""
    with connected(address) as client:
        answer = client.similar_items(item, count, excluded_item_ids=exclude or [], filter=_filter(category))
    _show_scored(answer, as_json)


@app.command()
def events(
    user: User,
    item: Items,
    kind: Annotated[Kind, typer.Option("--type", help="What the user did.")] = "click",
    value: Annotated[float | None, typer.Option(help="Rating, quantity or seconds; left out: 1.")] = None,
    address: Address = LOCAL,
) -> None:
    """Write that a user did something with one item or several; the next answer counts it."""
    number = EventType.Value(f"EVENT_TYPE_{kind.upper()}")
    with connected(address) as client:
        answer = client.write_events([Event(user_id=user, item_id=i, event_type=number, value=value) for i in item])
    typer.echo(f"{answer.accepted_count} written, {answer.duplicate_count} known already")


@app.command()
def health(
    service: Annotated[str, typer.Option(help="Full name of one service; left out: the whole server.")] = "",
    address: Address = LOCAL,
) -> None:
    """Whether the server takes calls; exit code 1 if it does not."""
    with connected(address) as client:
        status = client.health(service)
    typer.echo(status.name)
    if status is not HealthStatus.SERVING:
        raise typer.Exit(1)


@contextmanager
def connected(address: str, seconds: float = SECONDS) -> Iterator[Client]:
    """A client for `address` that waits `seconds` for each answer.

    A call that fails inside ends the command with one line and exit code 1.
    """
    try:
        options = Options(
            timeout=seconds,
            batch_timeout=seconds,
            bundle_timeout=seconds,
            tls=environment.tls(),
            token=environment.token(),
        )
        with Client(address, options) as client:
            yield client
    except ShortlistError as error:
        _fail(_explain(error, address, seconds))
    except (ValueError, DataError) as error:  # a setting or a value that does not fit its field
        _fail(str(error), exit_code=2)


def _explain(error: ShortlistError, address: str, seconds: float) -> str:
    """What went wrong with a call to `address`, in one line that says what to do."""
    if isinstance(error, Unavailable) and not error.reason:
        if "handshake failed" in error.message or "Socket closed" in error.message:
            return (
                f"{address} is there, but TLS does not come about: one side speaks it and the other does not, or a"
                " certificate is missing or not trusted; `shortlist call --help` names the variables that set TLS"
            )
        return (
            f"no server can be reached at {address}; start one with `shortlist serve`, or name another with --address"
        )
    if isinstance(error, DeadlineExceeded):
        return f"{address} did not answer within {seconds:g} seconds"
    if isinstance(error, InvalidArgument) and error.violations:
        return f"{address} refuses the request: " + "; ".join(f"{v.field}: {v.description}" for v in error.violations)
    return f"{address}: " + " ".join(error.message.split() or [error.code.name])


def _fail(line: str, exit_code: int = 1) -> NoReturn:
    typer.echo(f"Error: {line}", err=True)
    raise typer.Exit(exit_code)


def _filter(categories: list[str] | None) -> Filter | None:
    return Filter(included_categories=categories) if categories else None


def _attributes(given: list[str] | None) -> list[UserAttribute]:
    """Raises DataError naming each that is not KEY=VALUE."""
    pairs = [each.partition("=") for each in given or []]
    if wrong := [f"{key}{sign}{value}" for key, sign, value in pairs if not (key and value)]:
        raise DataError(f"--attribute must be KEY=VALUE, such as country=France, not {', '.join(map(repr, wrong))}")
    return [UserAttribute(key=key, value=value) for key, _, value in pairs]


def _policy(keep_seen: bool) -> SeenItemsPolicy.ValueType:
    return SeenItemsPolicy.SEEN_ITEMS_POLICY_KEEP if keep_seen else SeenItemsPolicy.SEEN_ITEMS_POLICY_DROP


def _show_scored(answer: api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse, as_json: bool) -> None:
    if not as_json:
        tables.output().print(tables.scored(answer.items))
    _finish(answer, as_json)


def _finish(
    answer: api.RecommendResponse | api.RetrieveResponse | api.RankResponse | api.SimilarItemsResponse, as_json: bool
) -> None:
    """What every answer says below its items: the stages, if asked for, what it lacks, and where it comes from."""
    if as_json:
        typer.echo(_json(answer))
        return
    trace = [] if isinstance(answer, api.SimilarItemsResponse) else answer.trace
    if trace:
        tables.output().print(tables.stages(trace))
    if answer.degraded:
        typer.echo(f"degraded: {tables.degraded(answer.degraded)}")
    typer.echo(f"{len(answer.items)} items, bundle {answer.bundle_version}, request {answer.request_id}")


def _json(answer: Message) -> str:
    return MessageToJson(answer, preserving_proto_field_name=True, ensure_ascii=False)
