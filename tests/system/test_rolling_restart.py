"""Two gateways behind nginx are restarted one after the other under load, and no caller notices."""

import asyncio
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.system.nginx import free_ports, nginx, replica
from tests.system.process import START_SECONDS, Program, gateway_emulate, until

DRAIN_SECONDS = "5"
"""The default, for which the configuration is written."""

CONNECTIONS = 16
"""Each with one request at a time; every other one creates."""

CREATE = "mutation ($name: String!) { createTenantTag(input: { displayName: $name }) { id displayName } }"
READ = '{ tenantTag(id: "nobody") { id } }'


@dataclass
class Load:
    """What callers sent, and what they were told."""

    url: str
    token: str
    created: list[str] = field(default_factory=list)
    reads: int = 0
    failures: list[str] = field(default_factory=list)
    is_over: bool = False

    async def run(self) -> None:
        """Until it is over: as many requests as are answered."""
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        headers = {"authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
            await asyncio.gather(*(self._caller(http, number) for number in range(CONNECTIONS)))

    async def _caller(self, http: aiohttp.ClientSession, number: int) -> None:
        count = 0
        while not self.is_over:
            count += 1
            if number % 2:
                self.reads += await self._ask(http, {"query": READ}, '{"data":{"tenantTag":null}}')
            else:
                name = f"{number}-{count}"
                await self._ask(http, {"query": CREATE, "variables": {"name": name}}, f'"displayName":"{name}"')
                self.created.append(name)

    async def _ask(self, http: aiohttp.ClientSession, body: Mapping[str, object], expected: str) -> bool:
        try:
            async with http.post(self.url, json=body) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            text = repr(error)
        if expected not in text:
            self.failures.append(text)
        return expected in text


async def test_no_request_fails_while_replicas_are_restarted(tmp_path: Path) -> None:
    """Each create happens once, whichever replica it met, with the configuration that operators copy."""
    [port, *replicas] = free_ports(3)
    with gateway_emulate() as emulation, ExitStack() as stack:
        own = {"GATEWAY_DRAIN_SECONDS": DRAIN_SECONDS, "GATEWAY_GRAPH_BUDGETS": "false"}
        settings = {**emulation.settings, **own}
        programs = [stack.enter_context(replica(each, settings)) for each in replicas]
        load = Load(stack.enter_context(nginx(tmp_path, port, replicas)) + "/graphql", emulation.graph_token)

        def restart(replica_port: int, before: Program) -> None:
            before.process.send_signal(signal.SIGTERM)
            assert before.process.wait(timeout=START_SECONDS) == 0
            after = stack.enter_context(replica(replica_port, settings))
            until(lambda: len(after.log_lines("operation")) > CONNECTIONS)

        callers = asyncio.create_task(load.run())
        try:
            for replica_port, before in zip(replicas, programs, strict=True):
                await asyncio.to_thread(restart, replica_port, before)
        finally:
            load.is_over = True
            await callers
        assert load.failures == []
        sent = [each["body"]["displayName"] for each in emulation.journal() if each["method"] == "POST"]
        assert sorted(sent) == sorted(load.created)
        assert load.reads > CONNECTIONS
