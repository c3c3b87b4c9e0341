"""Two gateways, one Redis, nginx before them, many callers with idempotency keys, and one of the gateways is killed."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from cryptography.fernet import Fernet

from tests.system.nginx import free_ports, nginx, replica
from tests.system.process import Emulation, gateway_emulate, until
from tests.system.redis import redis_server

CREATE = """
mutation ($name: String!, $key: String!) {
  createTenantTag(input: { displayName: $name }, idempotencyKey: $key) { id displayName }
}
"""
FIND = "query ($name: String!) { tenantTags(filter: { displayName: { eq: $name } }) { nodes { id } } }"
CALLERS = 12
AFTER_KILL = 100
"""Creates that are answered after one gateway was killed, before the callers stop."""


@dataclass
class Callers:
    """Each creates one object after another and does what the errors say, until it knows that the object is there."""

    url: str
    token: str
    created: dict[str, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    is_over: bool = False

    async def run(self) -> None:
        headers = {"authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            await asyncio.gather(*(self._caller(http, number) for number in range(CALLERS)))

    async def _caller(self, http: aiohttp.ClientSession, number: int) -> None:
        count = 0
        while not self.is_over:
            name = f"{number}-{count}"
            self.created[name] = await self._create(http, name, tries=1)
            count += 1

    async def _create(self, http: aiohttp.ClientSession, name: str, *, tries: int) -> str:
        """The id of the object, whatever it takes. A new key only where the error says so, and nothing is there."""
        while True:
            answer = await self._ask(http, CREATE, {"name": name, "key": f"{name}/{tries}"})
            code = answer["errors"][0]["extensions"]["code"] if "errors" in answer else "OK"
            self.told["found" if "extensions" in answer else code] += 1
            if code == "OK":
                return str(answer["data"]["createTenantTag"]["id"])
            if code == "OUTCOME_UNKNOWN":
                found = await self._ask(http, FIND, {"name": name})
                nodes = found["data"]["tenantTags"]["nodes"]
                return str(nodes[0]["id"]) if nodes else await self._create(http, name, tries=tries + 1)

    async def _ask(self, http: aiohttp.ClientSession, query: str, variables: Mapping[str, str]) -> Any:
        """What is answered; a connection that breaks, or a proxy that has no answer, is no answer."""
        while True:
            try:
                async with http.post(self.url, json={"query": query, "variables": variables}) as response:
                    if response.content_type == "application/json":
                        return await response.json()
                    self.told[f"status {response.status}"] += 1
            except aiohttp.ClientError:
                self.told["no answer"] += 1


def names_at_graph(emulation: Emulation) -> list[str]:
    """What Graph has of what the callers made."""
    headers = {"authorization": f"Bearer {emulation.graph_token}"}
    url: str | None = f"{emulation.graph_url}/v1.0/tenantRelationships/managedTenants/tenantTags?$select=displayName"
    names: list[str] = []
    while url:
        page = httpx.get(url, headers=headers).json()
        names += [each["displayName"] for each in page["value"]]
        url = page.get("@odata.nextLink")
    return [name for name in names if "-" in name and name.replace("-", "").isdigit()]


async def test_no_create_is_lost_or_doubled_when_a_replica_is_killed(tmp_path: Path) -> None:
    """Callers who send again with the same key have each object once, whichever gateway answers."""
    [port, *replicas] = free_ports(3)
    with gateway_emulate() as emulation, redis_server() as redis, ExitStack() as stack:
        own = {
            "GATEWAY_STORE_URL": redis.url,
            "GATEWAY_SECRET_KEYS": Fernet.generate_key().decode(),
            "GATEWAY_GRAPH_BUDGETS": "false",
            "GATEWAY_DEADLINE_SECONDS": "5",
        }
        programs = [stack.enter_context(replica(each, {**emulation.settings, **own})) for each in replicas]
        callers = Callers(stack.enter_context(nginx(tmp_path, port, replicas)) + "/graphql", emulation.graph_token)

        def kill_one() -> None:
            until(lambda: len(callers.created) > AFTER_KILL)
            programs[0].process.kill()
            programs[0].process.wait()
            before = len(callers.created)
            until(lambda: len(callers.created) > before + AFTER_KILL)

        running = asyncio.create_task(callers.run())
        try:
            await asyncio.to_thread(kill_one)
        finally:
            callers.is_over = True
            await running
        made = names_at_graph(emulation)
        assert sorted(made) == sorted(callers.created)
        assert callers.told["OK"] > 2 * AFTER_KILL
        assert callers.told["status 502"], "nothing was in flight at the gateway that was killed"
