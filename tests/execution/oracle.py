"""Graph as a pure function of request and seed: mostly what is declared, now and then anything else.

The same request under the same seed has the same answer, alone or in a batch, so two gateways can be compared.
"""

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl

from gateway.graph.transport import Answer, LostError
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import ComplexSpec, EnumSpec, Primitive, PropertySpec, ResourceSpec

SETS: Final = {spec.entity_set: spec for spec in CATALOG}
TYPES: Final = {spec.name: spec for spec in CATALOG}
TENANTS: Final = ("t-1", "T-1", "t-2", "nowhere")
ODD: Final[tuple[Any, ...]] = (None, 5, "x", True, 2.5, 2**40, [], {}, [None], ["a"], {"id": 1})

VALUES: Final[Mapping[Primitive, tuple[Any, ...]]] = {
    Primitive.STRING: ("a", "é", ""),
    Primitive.BOOLEAN: (True, False),
    Primitive.INT32: (0, -7, 3.0),
    Primitive.INT64: (2**62, -1),
    Primitive.DOUBLE: (1, 0.25),
    Primitive.DATE_TIME: ("2026-11-24T09:00:00.1234567Z", "2026-01-01T00:00:00Z"),
}

REFUSALS: Final = ((403, "Forbidden"), (404, "ResourceNotFound"), (400, "BadRequest"), (500, ""), (405, ""))


class Oracle:
    """A `Transport`. `sent`: what it was asked, items of a batch one by one. `oddity`: how often it is odd.

    Which rows ask for a tenant at the same time is a matter of chance, and so is the number of lookups: `sent` has
    each tenant that was looked up once, and each is the same whatever it is looked up with.
    """

    def __init__(self, seed: int, oddity: float) -> None:
        self._seed = seed
        self._oddity = oddity
        self.sent: list[str] = []

    async def __call__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],  # noqa: ARG002 - a `Transport` has these arguments
        body: bytes | None,
        timeout_seconds: float,  # noqa: ARG002
    ) -> Answer:
        target = url.partition("/v1.0")[2]
        content: Any = json.loads(body) if body else None
        if target == "/$batch":
            return Answer(
                200, {}, json.dumps({"responses": [self._item(each) for each in content["requests"]]}).encode()
            )
        status, told = self._answer(method, target, content)
        if status == 0:
            raise LostError("gone")
        return Answer(status, {"request-id": "r"}, b"" if told is None else json.dumps(told).encode())

    def _item(self, item: Any) -> dict[str, Any]:
        status, told = self._answer(item["method"], item["url"], item.get("body"))
        return {"id": item["id"], "status": status or 500, "headers": {"request-id": "r"}, "body": told}

    def _answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Status and JSON; 0 is a lost connection."""
        path, _, query = target.partition("?")
        options = dict(parse_qsl(query))
        if (looked_up := options.get("$filter", "")).startswith("tenantId in ("):
            return 200, {"value": self._tenants(looked_up.removeprefix("tenantId in (").strip("')").split("','"))}
        request = f"{method} {target} {json.dumps(body)}"
        self.sent.append(request)
        rng = Random(f"{self._seed} {request}")
        if rng.random() < self._oddity / 3:
            status, code = rng.choice(REFUSALS)
            return status, {"error": {"code": code, "message": "No.", "target": "displayName"}}
        if rng.random() < self._oddity / 6:
            return rng.choice([(0, None), (200, None), (200, []), (204, None), (200, {"value": [5]})])
        spec, is_list = _addressed(path.split("/")[3:])
        if method == "DELETE":
            return 204, None
        if method != "GET" or not is_list:
            return 200 if method != "POST" else 201, self._entity(spec, rng)
        rows = [self._entity(spec, rng) for _ in range(rng.randint(0, min(3, int(options.get("$top", 2)))))]
        filtered = options.get("$filter", "")
        for row in rows:
            if "tenantId eq '" in filtered and "tenantId" in row and rng.random() > self._oddity:
                row["tenantId"] = filtered.partition("tenantId eq '")[2].partition("'")[0]
        return 200, {"value": rows, "@odata.count": len(rows) + 1}

    def _tenants(self, ids: list[str]) -> list[dict[str, Any]]:
        self.sent += [f"tenant {each}" for each in ids if f"tenant {each}" not in self.sent]
        known = [each for each in ids if each != "nowhere"]
        rows = [self._entity(TYPES["Tenant"], Random(f"{self._seed} {each}")) for each in known]
        return [{**row, "tenantId": each} for row, each in zip(rows, known, strict=True)]

    def _entity(self, spec: ResourceSpec, rng: Random) -> dict[str, Any]:
        entity = self._members(spec.properties, rng)
        entity["undeclared"] = 1
        if rng.random() > self._oddity / 10:
            entity[spec.key.name] = f"k-{rng.randint(1, 9)}"
        if "tenantId" in entity and rng.random() > self._oddity:
            entity["tenantId"] = rng.choice(TENANTS)
        return entity

    def _members(self, properties: tuple[PropertySpec, ...], rng: Random) -> dict[str, Any]:
        return {each.name: self._value(each, rng) for each in properties if rng.random() > self._oddity / 10}

    def _value(self, spec: PropertySpec, rng: Random) -> Any:
        if rng.random() < self._oddity / 10:
            return rng.choice(ODD)
        if rng.random() < 0.1:
            return None
        if spec.is_list:
            return [self._single(spec, rng) for _ in range(rng.randint(0, 2))]
        return self._single(spec, rng)

    def _single(self, spec: PropertySpec, rng: Random) -> Any:
        match spec.type:
            case EnumSpec():
                names = [each.name for each in spec.type.members]
                name = rng.choice([*names, rng.choice(names).upper(), "later"])
                return f"{name},{rng.choice(names)}" if spec.type.is_flags else name
            case ComplexSpec():
                return self._members(spec.type.properties, rng)
            case _:
                return rng.choice(VALUES[spec.type])


def _addressed(segments: list[str]) -> tuple[ResourceSpec, bool]:
    """The resource that a path leads to, and whether it leads to a collection of it."""
    spec, is_list = SETS[segments[0]], True
    for index, segment in enumerate(segments[1:], 1):
        link = next((each for each in spec.links if each.name == segment), None)
        action = next((each for each in spec.actions if segment.endswith(f".{each.wire_name}")), None)
        if action is not None:
            return (TYPES[action.returns] if isinstance(action.returns, str) else spec), action.returns_list
        if link is not None and (index % 2 == 0):
            spec, is_list = TYPES[link.target], link.is_list
        else:
            is_list = False
    return spec, is_list
