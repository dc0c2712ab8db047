"""Every implementation of the store, under a URL that stays the same across reopening."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from redis_server import INSTALLED, RedisServer

from shortlist_state import StateStore, open_store


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path / 'state.db'}"


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory, system_test: None) -> Iterator[RedisServer]:
    if not INSTALLED:
        pytest.skip("there is no redis-server; tests/install-redis.sh installs Debian's")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """Of a Redis that is empty."""
    assert shared_redis.ask("FLUSHALL").startswith("+OK")
    return shared_redis.url()


REDIS = pytest.param("redis", marks=pytest.mark.system)  # starts one


@pytest.fixture(params=["file", REDIS])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["file", "memory", REDIS])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StateStore]:
    memory = request.param == "memory"
    monkeypatch.setattr(
        "shortlist_state.redis.READ_SECONDS", 60
    )  # a busy machine must not look like a store that is gone
    store = open_store("sqlite::memory:" if memory else request.getfixturevalue(f"{request.param}_url"))
    yield store
    store.close()
