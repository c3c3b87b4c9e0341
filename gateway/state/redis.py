"""A store in Redis, for several replicas.

An entry survives as long as Redis keeps what it acknowledged, which is the operator's choice of persistence and
replication: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.errors import StoreUnavailableError
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


class RedisStore:
    """Is a `Store`. It connects when it is first asked: the gateway starts, and serves most of it, without Redis."""

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
        self._max_entries = max_entries

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

    async def close(self) -> None:
        await self._client.aclose()


@asynccontextmanager
async def _guarded() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as failure:
        raise StoreUnavailableError.silent() from failure
