"""Random operations, restarts in between; `make torture` runs 200,000 of them on each store."""

from redis_server import RedisServer
from store_model import check


def test_a_file_does_what_the_model_does() -> None:
    check(25, 40)


def test_redis_does_what_the_model_does(redis_url: str, shared_redis: RedisServer) -> None:
    check(25, 40, shared_redis)
