"""A store in Redis, for several replicas.

An entry survives as long as Redis keeps what it acknowledged, which is the operator's choice of persistence and
replication: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.errors import StoreUnavailableError
from gateway.state.buckets import NO_WAIT, Bucket, Buckets, Wait
from gateway.state.store import ANSWER_SECONDS

PREFIX: Final = "{gateway}:"
"""Of all keys. The braces keep them in one slot of a cluster, so that a script may touch several.

https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
"""

INDEX: Final = f"{PREFIX}entries"
"""The names by the time of their end, by which they are counted."""

SWAP: Final = """
local entry, index = KEYS[1], KEYS[2]
local has_old, old, has_new, new = ARGV[1] == '1', ARGV[2], ARGV[3] == '1', ARGV[4]
local lifetime, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local current = redis.call('GET', entry)
if (has_new and current == new) or (not has_new and not current) then return 1 end
if (has_old and current ~= old) or (not has_old and current) then return 0 end
if not has_new then
  redis.call('DEL', entry)
  redis.call('ZREM', index, entry)
  return 1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not current and redis.call('ZCOUNT', index, now, '+inf') >= most then return -1 end
-- First of all writes: a Redis that is out of memory refuses it, but none that follows another in the same script.
redis.call('SET', entry, new, 'PX', lifetime)
redis.call('ZADD', index, now + lifetime, entry)
redis.call('ZREMRANGEBYSCORE', index, '-inf', now)
return 1
"""
"""One look and one change that nothing comes between: https://redis.io/docs/latest/develop/programmability/eval-intro/"""

FULL: Final = -1


TAKE: Final = """
local count, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local levels, wait, slowest = {}, 0, 0
for each, key in ipairs(KEYS) do
  local size, per_second = tonumber(ARGV[2 * each + 1]), tonumber(ARGV[2 * each + 2])
  local kept = redis.call('HMGET', key, 'level', 'at')
  local level = size
  if kept[1] then level = math.min(size, kept[1] + math.max(0, now - kept[2]) * per_second) end
  levels[each] = level - count
  if -levels[each] / per_second > wait then wait, slowest = -levels[each] / per_second, each end
end
if wait <= longest then
  for each, key in ipairs(KEYS) do
    local size, per_second = tonumber(ARGV[2 * each + 1]), tonumber(ARGV[2 * each + 2])
    redis.call('HSET', key, 'level', string.format('%.6f', levels[each]), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil((size - levels[each]) / per_second * 1000) + 1000)
  end
end
return {string.format('%.6f', wait), slowest}
"""
"""What `LocalBuckets.take` does. A bucket that would be full again is forgotten."""


class RedisStore:
    """Is a `Store`, and `Buckets`. It connects when it is first asked: without it all but keys is served."""

    def __init__(self, url: str, *, max_entries: int, ca_file: Path | None) -> None:
        options: dict[str, Any] = {"ssl_ca_certs": str(ca_file)} if ca_file and url.startswith("rediss:") else {}
        self._client: Redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a connection that Redis closed while it was idle fails at its next use
            **options,
        )
        self._swap = self._client.register_script(SWAP)
        self._take = self._client.register_script(TAKE)
        self._max_entries = max_entries

    @property
    def buckets(self) -> Buckets:
        return self

    async def get(self, name: str) -> bytes | None:
        async with _guarded():
            entry = await self._client.get(f"{PREFIX}{name}")
        assert entry is None or isinstance(entry, bytes), "the client decodes nothing"
        return entry

    async def swap(self, name: str, old: bytes | None, new: bytes | None, *, lifetime_seconds: float) -> bool:
        arguments: list[Any] = [
            int(old is not None),
            old or b"",
            int(new is not None),
            new or b"",
            max(1, round(lifetime_seconds * 1000)),
            self._max_entries,
        ]
        async with _guarded():
            swapped = await self._swap(keys=[f"{PREFIX}{name}", INDEX], args=arguments)
        if swapped == FULL:
            raise StoreUnavailableError.full(self._max_entries)
        return bool(swapped)

    async def take(self, buckets: Sequence[Bucket], count: int, *, longest_seconds: float) -> Wait:
        sizes = [number for each in buckets for number in (each.size, each.per_second)]
        async with _guarded():
            seconds, slowest = await self._take(
                keys=[f"{PREFIX}{each.name}" for each in buckets], args=[count, longest_seconds, *sizes]
            )
        return Wait(float(seconds), buckets[slowest - 1]) if slowest else NO_WAIT

    async def close(self) -> None:
        await self._client.aclose()


@asynccontextmanager
async def _guarded() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as failure:
        raise StoreUnavailableError.silent() from failure
