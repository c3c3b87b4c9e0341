"""`make soak`: a gateway process under load before an emulator that fails in many ways, and a report of how it went."""

import asyncio
import json
import os
import secrets
import signal
import ssl
import sys
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

import aiohttp

from benchmarks.server import free_port
from gateway.auth.claims import MOST_CLAIMS
from gateway.execution.executor import MOST_PLANS
from tests.soak.bounds import of_caches, of_drift, of_process
from tests.soak.faults import PORTION_SECONDS, portion
from tests.soak.ledger import Ledger
from tests.soak.load import CALLERS, Caller, Heard
from tests.soak.report import Soak, to_markdown
from tests.soak.watch import Sample, Watcher
from tests.system.process import END_SECONDS, PUBLIC_APP, Emulation, Gateway, gateway_emulate, gateway_serve

SAMPLE_SECONDS: Final = 1.0
TOKENS: Final = 24
"""Different ones, of the same person."""

CACHE_ENTRIES: Final = 300
"""So few that a minute fills the caches."""

SETTLED_SECONDS: Final = 45.0
"""Until the load is really over: a write outlives its caller, and connections to Graph are kept for a while."""

FORESEEN: Final = (
    "GATEWAY_SECRET_KEYS is not set",
    "GATEWAY_ENTRA_CLIENT_SECRET",
    "a write ended after its caller had gone",
)
"""Warnings that this gateway deserves, and that its callers do."""

GRAPH_TAGS: Final = "/v1.0/tenantRelationships/managedTenants/tenantTags"


@dataclass
class Stage:
    """Both processes, and one session for everything but the load."""

    gateway: Gateway
    emulation: Emulation
    session: aiohttp.ClientSession
    watcher: Watcher
    rng: Random

    async def control(self, method: str, path: str, content: Any = None) -> None:
        url = f"{self.emulation.graph_url}/_emulator/{path}"
        async with self.session.request(method, url, json=content) as response:
            assert response.status < 300, await response.text()

    async def sign_in(self) -> str:
        """A token of its own, as a person gets it who signs in by device code."""
        base = f"{self.emulation.settings['GATEWAY_ENTRA_URL']}/common/oauth2"
        form = {"client_id": PUBLIC_APP, "scope": "https://graph.microsoft.com/.default"}
        started = await self._post_form(f"{base}/v2.0/devicecode", form)
        async with self.session.get(f"{base}/deviceauth", params={"otc": started["user_code"]}) as page:
            assert page.status == 200
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        form |= {"grant_type": grant, "device_code": started["device_code"]}
        token: str = (await self._post_form(f"{base}/v2.0/token", form))["access_token"]
        return token

    async def _post_form(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        async with self.session.post(url, data=form) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def fail_until(self, end: float) -> None:
        """Faults, portion by portion. The journal goes with each: it would be the largest thing on the machine."""
        while time.monotonic() < end:
            await self.control("DELETE", "faults")
            await self.control("DELETE", "journal")
            await self.control("POST", "faults", portion(self.rng))
            await asyncio.sleep(PORTION_SECONDS)
        await self.control("DELETE", "faults")

    async def watch_until(self, end: float) -> list[Sample]:
        samples = []
        while time.monotonic() < end:
            samples.append(await self.watcher.sample())
            await asyncio.sleep(SAMPLE_SECONDS)
        return samples

    async def settled(self, idle: Sample) -> Sample:
        """The process once it is as it was before the load; as it is, if that does not come."""
        end = time.monotonic() + SETTLED_SECONDS
        while True:
            sample = await self.watcher.sample()
            if (sample.descriptors <= idle.descriptors and not sample.running) or time.monotonic() > end:
                return sample
            await asyncio.sleep(SAMPLE_SECONDS)

    async def tags(self) -> list[str]:
        """Display names of all that the emulator has."""
        names: list[str] = []
        url: str | None = f"{self.emulation.graph_url}{GRAPH_TAGS}?$select=displayName"
        headers = {"authorization": f"Bearer {self.emulation.graph_token}"}
        while url:
            async with self.session.get(url, headers=headers) as response:
                page = await response.json()
            names += [each["displayName"] for each in page["value"]]
            url = page.get("@odata.nextLink")
        return names


@asynccontextmanager
async def staged(rng: Random) -> AsyncIterator[Stage]:
    port = free_port()
    with gateway_emulate() as emulation:
        settings = {
            **emulation.settings,
            "GATEWAY_ADMIN_PORT": str(port),
            "GATEWAY_DOCUMENT_CACHE_ENTRIES": str(CACHE_ENTRIES),
            "GATEWAY_GRAPH_BUDGETS": "false",  # Graph's limits would leave it next to nothing to do
            "COVERAGE_PROCESS_CONFIG": "",  # what is measured must not measure itself
        }
        trusted = ssl.create_default_context(cafile=emulation.settings["GATEWAY_CA_FILE"])
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session:
            with gateway_serve(settings) as gateway:
                probe_url = f"{emulation.graph_url}/v1.0/$metadata"
                watcher = Watcher(gateway.program.process.pid, session, f"http://127.0.0.1:{port}/metrics", probe_url)
                yield Stage(gateway, emulation, session, watcher, rng)


async def soak(minutes: float, seed: int) -> Soak:
    rng = Random(seed)
    ledger, heard = Ledger(), Heard()
    async with staged(rng) as stage:
        tokens = [await stage.sign_in() for _ in range(TOKENS)]
        idle = await stage.watcher.sample()
        started = time.monotonic()
        end = started + minutes * 60
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
            asyncio.TaskGroup() as all_,
        ):
            watching = all_.create_task(stage.watch_until(end))
            all_.create_task(stage.fail_until(end))
            for _ in range(CALLERS):
                caller = Caller(session, stage.gateway.url, tokens, ledger, heard, Random(rng.random()))
                all_.create_task(caller.call_until(end))
        ended, samples = time.monotonic(), watching.result()
        after = await stage.settled(idle)
        wrong = list(_end(stage.gateway, stage.emulation, tokens))
        wrong += [*heard.unforeseen[:5], *ledger.differences(await stage.tags())[:5]]
    seen = Soak(seed, started, ended, samples, heard, ledger, [], wrong)
    bounds = [
        *of_process(idle, samples, after, len(heard.seconds)),
        *of_caches(samples, _cache_bounds()),
        *of_drift(seen.window(0, 1 / 3), seen.window(2 / 3, 1)),
    ]
    return replace(seen, bounds=bounds)


def _cache_bounds() -> dict[str, int]:
    documents, shapes = CACHE_ENTRIES, CACHE_ENTRIES
    return {
        "documents": documents,
        "shapes": shapes,
        "plans": (documents + shapes) * MOST_PLANS,
        "claims": MOST_CLAIMS,
    }


def _end(gateway: Gateway, emulation: Emulation, tokens: list[str]) -> Iterator[str]:
    """Ends the gateway, and tells what its log has that it should not have."""
    gateway.program.process.send_signal(signal.SIGTERM)
    if code := gateway.program.process.wait(END_SECONDS):
        yield f"exit code {code}"
    signatures = [token.rpartition(".")[2] for token in tokens]
    with (gateway.program.folder / "errors").open(encoding="utf-8") as log:
        for line in log:
            told = json.loads(line) if line.startswith("{") else {"level": "none"}
            is_foreseen = told["level"] == "info" or str(told.get("message", "")).startswith(FORESEEN)
            if not is_foreseen or any(each in line for each in signatures):
                yield line[-2000:]
    if emulation.program.errors:
        yield f"the emulator says: {emulation.program.errors[:2000]}"


def main() -> None:
    parser = ArgumentParser(prog="make soak ARGS=…", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("MINUTES", "30")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SOAK_SEED", str(secrets.randbits(32)))))
    given = parser.parse_args()
    seen = asyncio.run(soak(given.minutes, given.seed))
    sys.stdout.write(to_markdown(seen))
    sys.exit(not seen.holds)


if __name__ == "__main__":
    main()
