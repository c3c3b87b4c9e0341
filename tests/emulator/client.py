"""A client of the emulated Graph alone: requests as bytes on the wire, tokens as they are asked for."""

from collections.abc import Mapping
from typing import Any

import httpx

from gateway.emulator.app import Emulator
from gateway.emulator.sample.provider import sample
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import ResourceSpec
from tests.harness import GRAPH_URL, ISSUER, InProcess, planted

ROOT = "/beta/tenantRelationships/managedTenants"
CONNECTIONS = f"{ROOT}/cloudPcConnections"
TAGS = f"{ROOT}/tenantTags"
NAMESPACE = "microsoft.graph.managedTenants"
CONNECTION_TYPE = f"#{NAMESPACE}.cloudPcConnection"
TAG_TYPE = f"#{NAMESPACE}.tenantTag"

SCOPES = {each for spec in CATALOG for each in spec.permissions.values() if each}

CONNECTION = {
    "displayName": "Contoso West Europe",
    "tenantId": "38227791-9a88-4fd7-a73d-60eb13b0e9d1",
    "tenantDisplayName": "Contoso",
    "healthCheckStatus": "pending",
    "lastRefreshedDateTime": "2026-11-24T09:00:00.1234567Z",
}
"""The members of a connection that Graph takes, without the name of its type."""

PREFER = {"prefer": "include-unknown-enum-members"}

NOW = "2027-01-15T08:00:00.0000000Z"
"""What a `SteppingClock` shows that nobody moved."""


def graph_token(*scopes: str, **claims: Any) -> str:
    """A delegated token; without scopes named, one that may do everything."""
    return planted(ISSUER.issue(**{"audience": GRAPH_URL, "scopes": scopes or sorted(SCOPES), **claims}))


class Client:
    """Sends requests with a token that may do everything, unless `headers` say otherwise."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = httpx.AsyncClient(
            transport=InProcess(emulator.graph),
            base_url=GRAPH_URL,
            headers={"authorization": f"Bearer {graph_token()}"},
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> httpx.Response:
        """`path` has the query; a header that is None is not sent."""
        request = self.http.build_request(method, path, json=json, content=content)
        for name, value in (headers or {}).items():
            request.headers.pop(name, None)
            if value is not None:
                request.headers[name] = value
        return await self.http.send(request)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("GET", path, **options)

    async def rows(self, path: str, **options: Any) -> list[dict[str, Any]]:
        """The entities of one page, without the name of their type."""
        response = await self.get(path, **options)
        assert response.status_code == 200, response.text
        return [without_type(each) for each in response.json()["value"]]

    async def first(self, path: str) -> dict[str, Any]:
        """The first entity of a set, with all members of its enums."""
        return (await self.rows(path, headers=PREFER))[0]

    async def act(self, path: str, **parameters: Any) -> httpx.Response:
        """The answer to an action; what it returns has all members of its enums too."""
        return await self.send("POST", path, json=parameters, headers=PREFER)

    async def created(self, **changes: Any) -> dict[str, Any]:
        """A new connection."""
        body = {"@odata.type": CONNECTION_TYPE, **CONNECTION, **changes}
        response = await self.send("POST", CONNECTIONS, json=body)
        assert response.status_code == 201, response.text
        return without_control(response.json())


def path_of(spec: ResourceSpec) -> str:
    """Where the set is, below the root; of a set within entities one with something in it."""
    if spec.within is None:
        return spec.entity_set
    parent = next(each for each in CATALOG if each.name == spec.within)
    within = next(key for name, key in sample().sets if name == spec.entity_set)
    return f"{path_of(parent)}/{within}/{spec.entity_set}"


def without_type(entity: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entity.items() if name != "@odata.type"}


def without_control(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are properties."""
    return {name: value for name, value in entity.items() if not name.startswith("@")}


def refusal(response: httpx.Response) -> tuple[int, str, str, str | None]:
    """Status, code, message and target of an error in Graph's shape; checks the rest of it."""
    [[name, error]] = response.json().items()
    inner = error.pop("innerError")
    assert name == "error"
    assert set(error) <= {"code", "message", "target"}
    assert inner == {
        "date": inner["date"],
        "request-id": response.headers["request-id"],
        "client-request-id": response.headers["client-request-id"],
    }
    assert response.headers["content-type"] == "application/json"
    return response.status_code, error["code"], error["message"], error.get("target")
