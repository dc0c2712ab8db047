"""Redis catalogue: the changes of items in Redis.

The keys, below the store's prefix: `catalog:items` (hash: item id -> item as JSON, empty for a deleted one),
`catalog:changes` (sorted set: item id by the sequence number of its newest change), `catalog:there` (sorted set of the
ids of items that are not deleted, all scores 0: it is in the order of the ids' bytes) and `catalog:position`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shortlist_core.catalog import CatalogChange, CatalogItem
from shortlist_state.catalog import (
    Before,
    CatalogStore,
    ChangePage,
    Written,
    check_ids,
    check_items,
    to_change,
    to_json,
)
from shortlist_state.checks import check_limit, is_utf8
from shortlist_state.redis_connection import Client, RedisConnection
from shortlist_state.redis_scripts import START
from shortlist_state.store import IDENTITY, salted

# Lua's own way of writing a number keeps 14 digits; a sequence number has 16.
_WRITE = (
    START
    + """
local items, changes, there = p .. 'catalog:items', p .. 'catalog:changes', p .. 'catalog:there'
local position = tonumber(redis.call('GET', p .. 'catalog:position') or '0')
if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= position then return {} end
local time = redis.call('TIME')
local next = math.max(position + 1, time[1] * 1000000 + time[2])
local answer = {0}
for i = 4, #ARGV, 2 do  -- item id, item
  local old = redis.call('HGET', items, ARGV[i])
  answer[#answer + 1] = old and (old == '' and 1 or 2) or 0
  redis.call('HSET', items, ARGV[i], ARGV[i + 1])
  redis.call('ZADD', changes, string.format('%.0f', next), ARGV[i])
  if ARGV[i + 1] == '' then redis.call('ZREM', there, ARGV[i]) else redis.call('ZADD', there, 0, ARGV[i]) end
  position, next = next, next + 1
end
redis.call('SET', p .. 'catalog:position', string.format('%.0f', position))
answer[1] = position
return answer
"""
)

_DESCRIBE = (
    START
    + """
local function describe(ids)
  local answer = {}
  for _, id in ipairs(ids) do
    local sequence = redis.call('ZSCORE', p .. 'catalog:changes', id)
    if sequence then
      answer[#answer + 1] = id
      answer[#answer + 1] = tonumber(sequence)
      answer[#answer + 1] = redis.call('HGET', p .. 'catalog:items', id)
    end
  end
  return answer
end
"""
)

_GET = (
    _DESCRIBE
    + """
local ids = {}
for i = 3, #ARGV do ids[#ids + 1] = ARGV[i] end
return describe(ids)
"""
)

_ITEMS = (
    _DESCRIBE
    + """
return describe(redis.call('ZRANGEBYLEX', p .. 'catalog:there', '(' .. ARGV[3], '+', 'LIMIT', 0, ARGV[4]))
"""
)

_CHANGES = (
    _DESCRIBE
    + """
return describe(redis.call('ZRANGEBYSCORE', p .. 'catalog:changes', '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[4]))
"""
)

_DROP = (
    START
    + """
local dropped = 0
for i = 3, #ARGV, 2 do  -- item id, sequence number
  local sequence = redis.call('ZSCORE', p .. 'catalog:changes', ARGV[i])
  if sequence and tonumber(sequence) == tonumber(ARGV[i + 1]) then
    redis.call('ZREM', p .. 'catalog:changes', ARGV[i])
    redis.call('ZREM', p .. 'catalog:there', ARGV[i])
    redis.call('HDEL', p .. 'catalog:items', ARGV[i])
    dropped = dropped + 1
  end
end
return dropped
"""
)


class RedisCatalog(CatalogStore):
    """A `CatalogStore` on the connection of a `RedisStore`."""

    def __init__(self, connection: RedisConnection) -> None:
        self._redis = connection

    @property
    def identity(self) -> str:
        """Made of the salt. A Redis that lost its data becomes another store, or the same with larger numbers."""
        return salted(self._redis.salt, IDENTITY).hex()

    def upsert(self, items: Sequence[CatalogItem], expected: int | None = None) -> Written | None:
        """See `CatalogStore`, as for all methods here."""
        check_items(items)
        return self._write([text for item in items for text in (item.item_id, to_json(item))], expected)

    def delete(self, item_ids: Sequence[str]) -> Written:
        """Writes empty items."""
        check_ids(item_ids)
        written = self._write([text for item_id in item_ids for text in (item_id, "")], None)
        assert written is not None
        return written

    def get(self, item_ids: Sequence[str]) -> list[CatalogChange | None]:
        """Reads all in one round trip."""
        valid = [item_id for item_id in item_ids if is_utf8(item_id)]
        changes = {change.item_id: change for change in self._described(_GET, valid)}
        return [changes.get(item_id) for item_id in item_ids]

    def items(self, after: str, limit: int) -> list[CatalogChange]:
        """Reads a range of the ids of items that are not deleted."""
        check_limit(limit)
        return self._described(_ITEMS, [after, limit])

    def changes(self, after: int, limit: int) -> ChangePage:
        """Reads a range of the sequence numbers."""
        check_limit(limit)
        changes = self._described(_CHANGES, [after, limit])
        return ChangePage(changes, changes[-1].sequence if changes else after, len(changes) == limit > 0)

    def position(self) -> int:
        """Reads one key, as briefly as other reads that answers wait for."""
        return int(self._ask("GET", "position", self._redis.reads) or 0)

    def count(self) -> int:
        """Redis counts the members of the sorted set."""
        return int(self._ask("ZCARD", "there", self._redis.others))

    def drop(self, changes: Sequence[CatalogChange]) -> int:
        """Runs one script."""
        texts = [text for change in changes for text in (change.item_id, change.sequence)]
        return int(self._redis.run(self._redis.others, _DROP, lambda: texts))

    def _write(self, texts: Sequence[str], expected: int | None) -> Written | None:
        arguments = ["" if expected is None else expected, *texts]
        answer = self._redis.run(self._redis.others, _WRITE, lambda: arguments)
        return Written(answer[0], [Before(number) for number in answer[1:]]) if answer else None

    def _described(self, script: str, arguments: Sequence[str | int]) -> list[CatalogChange]:
        flat = self._redis.run(self._redis.others, script, lambda: arguments)
        parts = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        return [to_change(item_id.decode(), sequence, text) for item_id, sequence, text in parts]

    def _ask(self, command: str, key: str, client: Client) -> Any:
        with self._redis.translated(client):
            return client.execute_command(command, f"{self._redis.prefix}catalog:{key}")
