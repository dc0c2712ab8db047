"""One serving path: gRPC, `shortlist recommend` and `shortlist evaluate` give the same lists, to the last score."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import polars as pl
import pytest
from shortlist.v1.recommendation_service_pb2 import RecommendRequest
from shortlist.v1.recommendation_service_pb2_grpc import RecommendationServiceStub
from typer.testing import CliRunner

from shortlist_bundle import BundleStore
from shortlist_cli.main import app
from shortlist_data.dataset import Dataset
from shortlist_data.splits import parse_time
from shortlist_evaluation.protocol import Heldout
from shortlist_server.base.settings import Settings
from shortlist_server.process.app import create_server
from shortlist_state import open_store
from shortlist_synthetic.publish import publish
from shortlist_training.assess import LIST_LENGTH, answered, of_users
from shortlist_training.offline import serving_offline

List = list[tuple[str, np.float32]]
pytestmark = pytest.mark.system

UNKNOWN = ["nobody knows me", "nor me"]


@dataclass(frozen=True)
class Case:
    """A folder of bundles, users to ask about, and the interactions before the cut where there are any."""

    bundles: BundleStore
    users: list[str]
    past: pl.DataFrame | None = None
    heldout: Heldout | None = None


@pytest.fixture(scope="module", params=["trained", "synthetic vectors"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    if request.param == "synthetic vectors":
        folder = tmp_path_factory.mktemp("bundles")
        publish(folder, 700, 50, 1, lambda _: None)
        return Case(BundleStore(folder), [f"u{row:07d}" for row in range(0, 50, 6)])
    trained = request.getfixturevalue("trained_bundle")
    dataset, cut = Dataset.read(trained.data), parse_time(trained.until)
    heldout = Heldout.of(dataset, cut)
    return Case(BundleStore(trained.bundles), heldout.user_ids[::25], dataset.until(cut).interactions, heldout)


@pytest.fixture
async def stub(case: Case) -> AsyncIterator[RecommendationServiceStub]:
    """A real server of the case's bundle that makes every answer anew."""
    settings = Settings.of(
        bundles=case.bundles.directory,
        state="",
        address="127.0.0.1:0",
        reuse_seconds=0,
        drain_delay_seconds=0,
        grace_seconds=5,
    )
    server, port = await create_server(settings, open_store("sqlite::memory:"))
    await server.begin()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield RecommendationServiceStub(channel)
    await server.drain()


async def served(stub: RecommendationServiceStub, users: Sequence[str], count: int) -> dict[str, List]:
    answers = {}
    for user in users:
        request = RecommendRequest(user_id=user, count=count, candidate_count=max(count, 400))
        response = await stub.Recommend(request, timeout=60)
        assert not response.degraded
        answers[user] = [(item.item_id, np.float32(item.score)) for item in response.items]
    return answers


def written(case: Case, users: Sequence[str], count: int, folder: Path) -> dict[str, List]:
    (folder / "users.txt").write_text("\n".join(users))
    command = ["recommend", "--bundles", str(case.bundles.directory), "--users", str(folder / "users.txt")]
    result = CliRunner().invoke(app, [*command, "--out", str(folder / "lists.csv"), "--count", str(count)])
    assert result.exit_code == 0, result.output
    frame = pl.read_csv(folder / "lists.csv", schema_overrides={"user_id": pl.String, "item_id": pl.String})
    lists: dict[str, List] = {user: [] for user in users}
    for user, item, score in frame.select("user_id", "item_id", "score").iter_rows():
        lists[user].append((item, np.float32(score)))
    return lists


def evaluated(case: Case, users: Sequence[str]) -> dict[str, List]:
    with serving_offline(case.bundles.load(), case.past) as recommender:
        lists = recommender.recommend(of_users(users))
        ids = recommender.bundle.items.ids
        return {
            user: list(zip(ids.take(items[items >= 0]), scores[items >= 0], strict=True))
            for user, items, scores in zip(users, lists.items, lists.scores, strict=True)
        }


async def test_the_file_of_recommend_has_what_the_server_answers(
    case: Case, stub: RecommendationServiceStub, tmp_path: Path
) -> None:
    users = [*case.users, *UNKNOWN]
    assert written(case, users, 10, tmp_path) == await served(stub, users, 10)


async def test_evaluation_ranks_what_the_server_answers(case: Case, stub: RecommendationServiceStub) -> None:
    users = [*case.users, *UNKNOWN]
    assert evaluated(case, users) == await served(stub, users, LIST_LENGTH)


def test_the_gate_compares_what_evaluation_ranks(case: Case) -> None:
    if case.heldout is None or case.past is None:
        pytest.skip("this bundle was made without interactions")
    bundle, ids = case.bundles.load(), case.heldout.train.item_ids
    lists = answered(bundle, case.heldout, case.past).items
    for user, items in evaluated(case, case.users).items():
        own = lists[case.heldout.user_ids.index(user)]
        assert ids.gather(own[own >= 0]).to_list() == [item for item, _ in items if item in set(ids)]
