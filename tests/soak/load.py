"""Callers of many kinds, all at once: each has its own mind, pauses, and tells what came back."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import uuid4

import aiohttp

from tests.soak.ledger import Ledger

CALLERS: Final = 16
PAUSE_SECONDS: Final = 0.05
"""Between two requests of a caller, on the average: the machine must not be the bound."""

PATIENCE_SECONDS: Final = 40.0

CREATE: Final = "mutation ($input: CreateTenantTagInput!) { createTenantTag(input: $input) { id displayName } }"
BULK: Final = """mutation ($inputs: [CreateTenantTagInput!]!, $onError: OnError!) {
  createTenantTags(inputs: $inputs, onError: $onError) {
    results { __typename ... on TenantTag { id } ... on ItemError { code } }
  }
}"""
UPDATE: Final = 'mutation ($id: ID!) { updateTenantTag(id: $id, input: { description: "seen" }) { id description } }'
GET: Final = "query ($id: ID!) { tenantTag(id: $id) { id displayName description createdDateTime } }"
PAGES: Final = """query ($after: String) {
  managedDeviceCompliances(first: 7, after: $after) {
    nodes { id managedDeviceName complianceStatus } pageInfo { hasNextPage endCursor }
  }
}"""
JOIN: Final = """{ managedDeviceCompliances(first: 20, filter: { complianceStatus: { ne: "compliant" } }) {
  totalCount nodes { managedDeviceName tenant { displayName tenantStatusInformation { onboardingStatus } } }
} }"""
FIELDS: Final = ("id", "managedDeviceName", "complianceStatus", "osDescription", "model", "manufacturer", "tenantId")
INVALID: Final = ("{", "{ nothing }", "query ($a: Int!) { __typename }", "{ tenantTag { id } }", "\ufeff", "{ a { } }")
INTROSPECTION: Final = "{ __schema { types { name kind fields(includeDeprecated: true) { name } } } }"

UNFORESEEN: Final = frozenset({"INTERNAL_SERVER_ERROR", "MISCONFIGURED", "OVERLOADED"})

TRANSPORT_FAILURE: Final = "no answer"


@dataclass
class Heard:
    """What callers heard: outcomes by act, seconds that answers took and when they came, and what must not be."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)


@dataclass
class Caller:
    """One of many."""

    session: aiohttp.ClientSession
    url: str
    tokens: Sequence[str]
    ledger: Ledger
    heard: Heard
    rng: Random

    async def call_until(self, end: float) -> None:
        while time.monotonic() < end:
            [act] = self.rng.choices(list(ACTS), weights=list(ACTS.values()))
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await act(self)
            except (aiohttp.ClientError, TimeoutError) as error:
                self.heard.outcomes[act.__name__, TRANSPORT_FAILURE] += 1
                self.heard.unforeseen.append(f"{act.__name__}: {type(error).__name__}")
            await asyncio.sleep(self.rng.expovariate(1 / PAUSE_SECONDS))

    async def create(self) -> None:
        name = self.ledger.name()
        answer = await self._post("create", CREATE, {"input": {"displayName": name}})
        self.ledger.tell(name, (answer.get("data") or {}).get("createTenantTag"), code_of(answer))

    async def create_many(self) -> None:
        names = [self.ledger.name() for _ in range(self.rng.randint(2, 30))]
        variables = {
            "inputs": [{"displayName": name} for name in names],
            "onError": self.rng.choice(("CONTINUE", "STOP")),
        }
        answer = await self._post("create_many", BULK, variables)
        payload = (answer.get("data") or {}).get("createTenantTags")
        for name, result in zip(names, payload["results"] if payload else [{}] * len(names), strict=True):
            self.ledger.tell(name, result if "id" in result else None, result.get("code") or code_of(answer))

    async def hang_up(self) -> None:
        """While a create is in flight, or before or after it was."""
        name = self.ledger.name()
        with suppress(TimeoutError):
            async with asyncio.timeout(self.rng.choice((0.001, 0.01, 0.1))):
                answer = await self._post("hang_up", CREATE, {"input": {"displayName": name}})
                self.ledger.tell(name, (answer.get("data") or {}).get("createTenantTag"), code_of(answer))
                return
        self.heard.outcomes["hang_up", "hung up"] += 1

    async def update(self) -> None:
        await self._post("update", UPDATE, {"id": self._key()})

    async def get(self) -> None:
        await self._post("get", GET, {"id": self._key()})

    async def page(self) -> None:
        after = None
        for _ in range(3):
            answer = await self._post("page", PAGES, {"after": after})
            connection = (answer.get("data") or {}).get("managedDeviceCompliances")
            after = connection and connection["pageInfo"]["endCursor"]
            if after is None:
                return

    async def join(self) -> None:
        await self._post("join", JOIN)

    async def unseen(self) -> None:
        """A document that nobody has sent before; or one whose literals alone are new."""
        if self.rng.random() < 0.5:
            await self._post("unseen", f'{{ tenantTag(id: "{uuid4()}") {{ id displayName }} }}')
            return
        chosen = self.rng.sample(FIELDS, k=self.rng.randint(1, len(FIELDS)))
        fields = " ".join(f"{each}_{self.rng.randint(0, 9999)}: {each}" for each in chosen)
        await self._post("unseen", f"{{ managedDeviceCompliances(first: 5) {{ nodes {{ {fields} }} }} }}")

    async def invalid(self) -> None:
        await self._post("invalid", self.rng.choice((*INVALID, f"{{ n{uuid4().hex} }}")))

    async def stranger(self) -> None:
        """With a token that nobody has sent before, and that Graph refuses."""
        await self._post("stranger", GET, {"id": "a"}, token=uuid4().hex * 30)

    async def hurried(self) -> None:
        await self._post("hurried", JOIN, headers={"x-deadline-ms": str(self.rng.randint(1, 60))})

    async def introspect(self) -> None:
        await self._post("introspect", INTROSPECTION)

    def _key(self) -> str:
        return self.rng.choice(self.ledger.keys) if self.ledger.keys else "none"

    async def _post(
        self, act: str, document: str, variables: dict[str, Any] | None = None, *, token: str = "", **options: Any
    ) -> dict[str, Any]:
        headers = {
            "accept": "application/graphql-response+json",
            "authorization": f"Bearer {token or self.rng.choice(self.tokens)}",
            **options.get("headers", {}),
        }
        started = time.monotonic()
        async with self.session.post(
            self.url, json={"query": document, "variables": variables}, headers=headers
        ) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
        ended = time.monotonic()
        self.heard.seconds.append((ended, ended - started))
        code = code_of(answer)
        self.heard.outcomes[act, code or "OK"] += 1
        if code in UNFORESEEN:
            self.heard.unforeseen.append(f"{act}: {answer}")
        return answer


def code_of(answer: dict[str, Any]) -> str | None:
    """Of the first error."""
    errors = answer.get("errors")
    return errors[0]["extensions"]["code"] if errors else None


Act = Callable[[Caller], Awaitable[None]]

ACTS: Final[dict[Act, int]] = {
    Caller.create: 12,
    Caller.create_many: 3,
    Caller.hang_up: 4,
    Caller.update: 3,
    Caller.get: 25,
    Caller.page: 8,
    Caller.join: 6,
    Caller.unseen: 15,
    Caller.invalid: 6,
    Caller.stranger: 12,
    Caller.hurried: 3,
    Caller.introspect: 1,
}
"""Act → how often, in relation to the others."""
