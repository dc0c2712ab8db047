"""BundleService off the wire: what serves changes between requests, or nothing changes and the caller learns why."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import grpc
import pytest
import server_fakes as fakes
from bundle_calls import CANARY, SHADOW, STABLE, activate, best, damage, rollback, serving, until
from conftest import Start
from server_wire import Running, failure
from shortlist.v1 import bundle_service_pb2 as api

from shortlist_bundle import BundleStore
from shortlist_bundle.reports import write_report
from shortlist_core.errors import BundleRefusedError
from shortlist_server.system.loaded_bundle import LoadedBundle


async def test_an_activated_bundle_answers_and_a_rollback_loads_nothing(
    following: Running, published: BundleStore, loads: list[str]
) -> None:
    first, second, _ = published.versions()
    assert await best(following) == (first, 0.01)
    state = await activate(following, second)
    assert (state.stable_bundle_version, state.previous_bundle_version) == (second, first)
    assert await best(following) == (second, 0.02)
    assert published.current() == second
    state = await rollback(following)
    assert (state.stable_bundle_version, state.previous_bundle_version) == (first, second)
    assert await best(following) == (first, 0.01)
    assert published.current() == first
    await activate(following, first)  # again: nothing to do
    assert loads == [first, second]


async def test_rolling_back_further_than_memory_goes_loads_again(following: Running, published: BundleStore) -> None:
    first, second, third = published.versions()
    await activate(following, second)
    await activate(following, third)
    assert (await rollback(following)).stable_bundle_version == second
    assert (await rollback(following)).stable_bundle_version == first
    got = await failure(following.bundles.RollbackBundle(api.RollbackBundleRequest()))
    assert (got.code, got.info.reason) == (grpc.StatusCode.NOT_FOUND, "BUNDLE_NOT_FOUND")
    assert await best(following) == (first, 0.01)


@pytest.mark.parametrize("label", [STABLE, CANARY, SHADOW])
async def test_a_damaged_bundle_is_refused_with_file_and_check_and_changes_nothing(
    following: Running, published: BundleStore, label: Any
) -> None:
    first, second, _ = published.versions()
    damage(published, second)
    request = api.ActivateBundleRequest(bundle_version=second, label=label)
    got = await failure(following.bundles.ActivateBundle(request))
    assert (got.code, got.info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "BUNDLE_REFUSED")
    size = (published.directory / second / "items/prices.npy").stat().st_size
    check = f"has {size} bytes instead of {size + 1}"
    assert dict(got.info.metadata) == {"bundle": second, "file": "items/prices.npy", "check": check}
    assert await serving(following) == api.ServingState(stable_bundle_version=first)
    assert (published.current(), published.labels().versions()) == (first, set())
    assert await best(following) == (first, 0.01)


async def test_a_bundle_that_is_whole_but_makes_no_sense_is_refused_before_current_moves(
    following: Running, published: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = published.versions()

    def refuse(bundle: Any) -> LoadedBundle:
        raise BundleRefusedError(bundle.version, "retrieval/items.faiss", "has 64 dimensions instead of 32")

    monkeypatch.setattr(fakes, "load", refuse)
    got = await failure(following.bundles.ActivateBundle(api.ActivateBundleRequest(bundle_version=second)))
    assert (got.code, got.info.metadata["file"]) == (grpc.StatusCode.FAILED_PRECONDITION, "retrieval/items.faiss")
    assert published.current() == first and await best(following) == (first, 0.01)


@pytest.mark.parametrize(
    ("request_", "violations"),
    [
        ({"bundle_version": "../etc", "label": 9}, {"bundle_version", "label"}),
        ({"label": SHADOW, "user_share": 0.5}, {"bundle_version", "user_share"}),
        ({"bundle_version": "20200101-000000-abcdef", "label": CANARY, "user_share": 1.5}, {"user_share"}),
    ],
)
async def test_a_request_that_makes_no_sense_lists_what_is_wrong(
    following: Running, request_: dict[str, Any], violations: set[str]
) -> None:
    got = await failure(following.bundles.ActivateBundle(api.ActivateBundleRequest(**request_)))
    assert got.code == grpc.StatusCode.INVALID_ARGUMENT and set(got.violations) == violations


async def test_an_unknown_bundle_is_not_found(following: Running) -> None:
    got = await failure(
        following.bundles.ActivateBundle(api.ActivateBundleRequest(bundle_version="20200101-000000-abcdef"))
    )
    assert (got.code, got.info.reason) == (grpc.StatusCode.NOT_FOUND, "BUNDLE_NOT_FOUND")


async def test_while_the_server_starts_nothing_is_activated(start: Start) -> None:
    following = await start(load=False)
    for call in (
        following.bundles.GetServingBundle(api.GetServingBundleRequest()),
        following.bundles.ActivateBundle(api.ActivateBundleRequest(bundle_version="20200101-000000-abcdef")),
        following.bundles.RollbackBundle(api.RollbackBundleRequest()),
    ):
        got = await failure(call)
        assert (got.code, got.info.reason) == (grpc.StatusCode.UNAVAILABLE, "NO_BUNDLE")


async def test_bundles_are_listed_by_pages(following: Running, published: BundleStore) -> None:
    first, second, third = published.versions()
    await activate(following, second, CANARY, 0.5)
    (published.directory / third / "manifest.json").write_text("{")
    page = await following.bundles.ListBundles(api.ListBundlesRequest(page_size=2))
    assert [each.bundle_version for each in page.bundles] == [third, second]
    assert page.bundles[0].damage.startswith("manifest.json: ") and not page.bundles[0].size_bytes
    assert page.bundles[1].labels == [CANARY]
    assert page.bundles[1].metrics == [
        api.BundleMetric(name="items", value=40),
        api.BundleMetric(name="ndcg", value=0.5),
    ]
    assert page.bundles[1].data_end_time.ToMicroseconds() == fakes.AS_OF and page.bundles[1].size_bytes > 1_000
    fakes.publish(published.directory, activate=False)  # newer than the page: does not move what follows it
    rest = await following.bundles.ListBundles(api.ListBundlesRequest(page_size=200, page_token=page.next_page_token))
    assert [(each.bundle_version, list(each.labels)) for each in rest.bundles] == [(first, [STABLE])]
    assert not rest.next_page_token
    got = await failure(following.bundles.ListBundles(api.ListBundlesRequest(page_size=-1, page_token="what?")))
    assert set(got.violations) == {"page_size", "page_token"}


async def test_what_happens_in_the_folder_is_followed(following: Running, published: BundleStore) -> None:
    first, second, third = published.versions()
    published.activate(second)
    await until(following, lambda state: state.stable_bundle_version == second)
    assert await best(following) == (second, 0.02)
    published.set_shadow(third)
    await until(following, lambda state: state.shadow.bundle_version == third)
    published.rollback()
    await until(following, lambda state: state.stable_bundle_version == first)


async def test_publishing_beside_changes_nothing(following: Running, published: BundleStore) -> None:
    before = await serving(following)
    fakes.publish(published.directory, 0.002, activate=False)
    published.set_shadow(published.versions()[1])  # once this is followed, the folder has been looked at since
    state = await until(following, lambda state: state.HasField("shadow"))
    state.ClearField("shadow")
    assert state == before


async def test_a_folder_that_asks_for_a_damaged_bundle_is_not_followed_and_says_why(
    following: Running, published: BundleStore
) -> None:
    first, second, third = published.versions()
    damage(published, second)
    (published.directory / "CURRENT").write_text(f"{second}\n{first}\n")
    state = await until(following, lambda state: bool(state.refusal))
    assert state.refusal.startswith(f"bundle {second} refused: items/prices.npy: has ")
    assert await best(following) == (first, 0.01)
    published.activate(third)
    state = await until(following, lambda state: state.stable_bundle_version == third)
    assert state.refusal == "" and state.previous_bundle_version == first


async def test_labels_that_are_none_are_not_followed(following: Running, published: BundleStore) -> None:
    first = published.versions()[0]
    (published.directory / "LABELS").write_text('{"canary":{"version":"../x","share":1}}')
    state = await until(following, lambda state: bool(state.refusal))
    assert "LABELS: canary.version" in state.refusal
    assert await best(following) == (first, 0.01)


async def test_an_activation_ends_although_its_caller_leaves(
    following: Running, published: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, entered = threading.Event(), threading.Event()
    loading = fakes.load

    def slow(bundle: Any) -> LoadedBundle:
        entered.set()
        free.wait(20)
        return loading(bundle)

    monkeypatch.setattr(fakes, "load", slow)
    second = published.versions()[1]
    call = following.bundles.ActivateBundle(api.ActivateBundleRequest(bundle_version=second))
    await asyncio.to_thread(entered.wait, 20)
    call.cancel()
    assert (await best(following))[0] != second  # nobody waits for the one that loads
    free.set()
    await until(following, lambda state: state.stable_bundle_version == second)


async def test_requests_under_way_end_with_the_bundle_they_began_with(
    following: Running, published: BundleStore
) -> None:
    first, second, _ = published.versions()
    free, entered = threading.Event(), threading.Event()
    ranker = following.server.engine.stable.ranker
    ranker.before = lambda: (entered.set(), free.wait(20))  # type: ignore[attr-defined]
    calling = asyncio.ensure_future(best(following))
    await asyncio.to_thread(entered.wait, 20)
    await activate(following, second)
    free.set()
    assert await calling == (first, 0.01)
    assert await best(following) == (second, 0.02)


async def test_the_report_beside_a_bundle_is_handed_out(following: Running, published: BundleStore) -> None:
    first, second, _ = published.versions()
    write_report(published.directory, first, "<!doctype html><title>Bundle ä</title>")
    got = await following.bundles.GetBundleReport(api.GetBundleReportRequest(bundle_version=first))
    assert got.html == "<!doctype html><title>Bundle ä</title>"
    none = await failure(following.bundles.GetBundleReport(api.GetBundleReportRequest(bundle_version=second)))
    assert (none.code, none.info.reason) == (grpc.StatusCode.NOT_FOUND, "REPORT_NOT_FOUND")
    odd = await failure(following.bundles.GetBundleReport(api.GetBundleReportRequest(bundle_version="../x")))
    assert set(odd.violations) == {"bundle_version"}


async def test_a_report_goes_with_its_bundle(published: BundleStore) -> None:
    _, second, third = published.versions()
    write_report(published.directory, second, "page")
    write_report(published.directory, third, "page")
    assert published.prune(1) == [second]
    assert [path.name for path in (published.directory / "reports").iterdir()] == [f"{third}.html"]
