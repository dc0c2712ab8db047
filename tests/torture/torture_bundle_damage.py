"""Files of a bundle are cut off or lose a bit: the bundle is refused by the file's name, and the old one serves on.

The bundle is that of a stand-in for the models, and smaller than a trained one.
"""

from __future__ import annotations

import random
from pathlib import Path

import grpc
from google.rpc import error_details_pb2, status_pb2
from shop_server import Shop
from shortlist import Client, Options
from shortlist.v1 import bundle_service_pb2 as api

TITLE = "Damaged bundles"
FULL = {"trials": 1_000}
SHORT = {"trials": 30}


def torture(folder: Path, seed: int, trials: int) -> list[str]:
    """One file is damaged per trial, each in its turn; what was counted. AssertionError where one is overlooked."""

    chance = random.Random(seed)
    shop = Shop.publish(folder)
    good, bad, _ = shop.points
    directory = shop.bundles.directory / bad
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    ways = {"truncated": 0, "bit-flipped": 0}
    with shop.serve(workers=1) as address, shop.operator(address) as operate:
        with Client(address, Options(timeout=60, max_attempts=1)) as client:
            for trial in range(trials):
                path = files[trial % len(files)]
                whole = path.read_bytes()
                way, damaged = _damaged(whole, chance)
                ways[way] += 1
                path.write_bytes(damaged)
                try:
                    operate.ActivateBundle(api.ActivateBundleRequest(bundle_version=bad), timeout=60)
                    raise AssertionError(f"{path.name} {way} in trial {trial} was not noticed")
                except grpc.RpcError as error:
                    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
                    assert _info(error) == (bad, str(path.relative_to(directory))), (path, way, error)
                finally:
                    path.write_bytes(whole)
                answer = client.recommend(f"u{trial}", 1)
                assert answer.bundle_version == good and not answer.degraded
        answer = operate.ActivateBundle(api.ActivateBundleRequest(bundle_version=bad), timeout=60)
        assert answer.serving.stable_bundle_version == bad, "a bundle that is whole again is not refused"
    said = ", ".join(f"{count:,} {way}" for way, count in ways.items())
    return [
        f"{trials:,} trials over the {len(files)} files of a bundle: {said}",
        f"{trials:,} refused with FAILED_PRECONDITION by the name of the file; the bundle before answered after each",
    ]


def _damaged(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    if chance.random() < 0.5:
        return "truncated", whole[: chance.randrange(len(whole))]
    at, bit = chance.randrange(len(whole)), 1 << chance.randrange(8)
    return "bit-flipped", whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :]


def _info(error: object) -> tuple[str, str]:
    """The bundle and the file that an error names."""
    trailers = dict(error.trailing_metadata())  # type: ignore[attr-defined]
    info = error_details_pb2.ErrorInfo()
    for detail in status_pb2.Status.FromString(trailers["grpc-status-details-bin"]).details:
        detail.Unpack(info)
    return info.metadata["bundle"], info.metadata["file"]
