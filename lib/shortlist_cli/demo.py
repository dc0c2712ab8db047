"""`shortlist demo`: the whole path on a synthetic shop: train, publish, serve, recommend, react to events."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from shortlist import Client
from shortlist.v1.event_pb2 import Event, EventType
from shortlist.v1.recommendation_pb2 import RecommendedItem

from shortlist_bundle import BundleStore
from shortlist_cli import tables
from shortlist_cli.folders import to_be_written
from shortlist_cli.html_report import keep_report
from shortlist_cli.messages import message
from shortlist_cli.own_server import own_server
from shortlist_cli.progress import steps
from shortlist_cli.showing import AsJson, show
from shortlist_cli.train import planned
from shortlist_core.allocator import keep_freed_memory
from shortlist_core.tables import Column, Table
from shortlist_core.terminal import plain
from shortlist_data.dataset import Dataset
from shortlist_data.synthetic import make_shop
from shortlist_training.config import Recipe
from shortlist_training.plan import TimeLeft

COUNT = 10
BUNDLES = Path(".demo/bundles")
"""Where the demo leaves its bundle unless it is told otherwise, and where `make console` looks for one."""

SETTINGS = {"tower_steps": 200, "sequence_batches": 200, "slices": 3}
"""Less training than the defaults: the demo shows the path, not the best quality."""


def demo(
    folder: Annotated[Path, typer.Option(help="Folder for data, bundles and events; its content is replaced.")] = Path(
        ".demo"
    ),
    items: Annotated[int, typer.Option(min=100, help="Items of the shop.")] = 1_000,
    users: Annotated[int, typer.Option(min=100, help="Users of the shop.")] = 1_000,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Make a shop, train and serve a bundle, recommend items to a user, write two events and show what they change."""
    to_be_written(folder)
    for name in ("data", "bundles", "state.sqlite", "state.sqlite-wal", "state.sqlite-shm"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    keep_freed_memory()
    dataset = _train(folder, items, users, seed)
    bundles = folder / "bundles"
    with own_server(bundles) as (address, _):
        document, told = _asked(dataset, address)
    user, serve = _somebody(dataset), f"  make serve BUNDLES={shlex.quote(plain(bundles))}"
    stopped = "", "The server is stopped again. To keep one up:", "", serve, ""
    show(as_json, document, *told, *stopped, *_next_steps(user, users, "127.0.0.1:50051"), *_console(bundles, user))


def _train(folder: Path, items: int, users: int, seed: int) -> Dataset:
    with steps() as announce:
        announce(f"making a shop of {items:,} items and {users:,} users")
        shop = make_shop(items=items, users=users, seed=seed)
        shop.write(folder / "data")
    recipe = Recipe.model_validate(SETTINGS)
    with steps(TimeLeft(planned(shop.dataset, recipe)).after) as announce:
        announce("loading TensorFlow")
        # Late: TensorFlow comes with these. Without it `--help` and mistakes take 0.4 s of a core, with it 3.1 s.
        from shortlist_training.publish import publish
        from shortlist_training.recipe import train
        from shortlist_training.report_records import Source
        from shortlist_training.report_trained import trained_record
        from shortlist_training.table import prepare

        announce("preparing the data")
        trained = train(prepare(shop.dataset, None), recipe, seed, announce)
        announce("publishing")
        manifest = publish(trained, folder / "bundles", seed)
        announce(f"published bundle {manifest.version}; making its report")
        bundles = folder / "bundles"
        source = Source(shop.dataset, folder / "data")
        keep_report(bundles, manifest.version, trained_record(trained, BundleStore(bundles).load(), source))
    return shop.dataset


def _asked(dataset: Dataset, address: str) -> tuple[dict[str, Any], list[Table | str]]:
    """Recommend, write two events, recommend again: as a document and for people."""
    user = _somebody(dataset)
    titles = dict(dataset.items.select("item_id", "title").iter_rows())
    with Client(address) as client:
        before = client.recommend(user, COUNT, timeout=10)
        follow = _unlike(client.recommend(user, 100, timeout=10).items, dataset)
        written = [Event(user_id=user, item_id=item, event_type=EventType.EVENT_TYPE_PURCHASE) for item in follow]
        answer = client.write_events(written)
        after = client.recommend(user, COUNT, timeout=10)
    bought = " and ".join(titles[item] for item in follow)
    document = {"user_id": user, "before": message(before), "bought_item_ids": follow, "after": message(after)}
    return document, [
        "",
        f"{user} lately took: {', '.join(_lately(dataset, user, titles))}",
        tables.recommendations(before.items, title=f"Recommend({user}) from bundle {before.bundle_version}"),
        f"{user} now buys {bought}: {answer.accepted_count} events written.",
        "",
        _moved(before.items, after.items),
    ]


def _somebody(dataset: Dataset) -> str:
    """The user with the median number of events: neither without history nor with an unusually long one."""
    counts = dataset.interactions.group_by("user_id").len().sort("len", "user_id")
    return str(counts["user_id"][len(counts) // 2])


def _lately(dataset: Dataset, user: str, titles: dict[str, str]) -> list[str]:
    items = dataset.interactions.filter(user_id=user)["item_id"].unique(maintain_order=True)
    return [titles[item] for item in items[-5:]]


def _unlike(items: Sequence[RecommendedItem], dataset: Dataset) -> list[str]:
    """Two items of the category that is rarest in the user's list: a new taste."""
    kinds = dict(dataset.items.select("item_id", "categories").explode("categories").iter_rows())
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(kinds[item.item_id], []).append(item.item_id)
    pairs = [group for group in groups.values() if len(group) >= 2]
    return min(pairs, key=len)[:2] if pairs else [items[-2].item_id, items[-1].item_id]


def _moved(before: Sequence[RecommendedItem], after: Sequence[RecommendedItem]) -> Table:
    ranks = {item.item_id: rank for rank, item in enumerate(before, 1)}
    heads = "#", Column("was", whole=True), "item", "title", "score", "reason"
    table = Table(*heads, title="Recommend again: what two events changed").right(0, 4)
    for rank, item in enumerate(after, 1):
        was = ranks.get(item.item_id)
        moved = "new" if was is None else f"{was} {'=' if was == rank else '↑' if was > rank else '↓'}"
        table.row(rank, moved, item.item_id, item.title, f"{item.score:.4g}", item.reason.text)
    return table


def _next_steps(user: str, users: int, address: str) -> list[str]:
    method = "shortlist.v1.RecommendationService/Recommend"
    request = f'{{"user_id": "{user}", "count": 10}}'
    return [
        f"and then, from another terminal (it serves at {address} until Ctrl-C):",
        "",
        f"  .venv/bin/shortlist call recommend --user {user} --count 10 --trace",
        f"  grpcurl -plaintext -d '{request}' {address} {method}",
        f"  ghz --insecure --call {method.replace('/', '.')} -d '{_new_requests(users)}' -n 2000 -c 8 {address}",
    ]


def _console(bundles: Path, user: str) -> list[str]:
    command = "make console" if bundles == BUNDLES else f"make console BUNDLES={shlex.quote(plain(bundles))}"
    about = "To look at all of this in a browser, and to change it:"
    return ["", about, "", f"  {command}      # and there show the user {user}"]


def _new_requests(users: int) -> str:
    """Requests as ghz makes them, each of a user at random and equal to none before it: each answer is made anew.

    To exclude an item that does not exist changes no answer, but no such request is in the response cache.
    """
    user = f"u{{{{printf `%06d` (randomInt 0 {users})}}}}"
    return f'{{"user_id": "{user}", "count": 10, "excluded_item_ids": ["{{{{newUUID}}}}"]}}'
