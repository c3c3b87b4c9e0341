"""Writes that no Graph page documents: `GATEWAY_CONVENTION_WRITES` says for which entity sets they are offered."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from gateway.resources.catalog import CATALOG
from gateway.resources.spec import (
    WRITES,
    ComplexSpec,
    EnumSpec,
    Operation,
    Presence,
    Primitive,
    PropertySpec,
    ResourceSpec,
)
from gateway.settings import SettingsError
from tests.harness import Harness, running

ROOT = "/v1.0/tenantRelationships/managedTenants"
PARENTS = {"deployments": ("managementTemplateStepVersionId", "managementTemplateStepVersions", "V")}
"""Set within an entity → the argument that names the entity, its set, and its key."""

EXAMPLES: dict[Primitive, Any] = {
    Primitive.STRING: "ä",
    Primitive.BOOLEAN: True,
    Primitive.INT32: -(2**31),
    Primitive.INT64: 2**63 - 1,
    Primitive.DOUBLE: 0.5,
    Primitive.DATE_TIME: "2026-11-24T09:00:00.1234567Z",
}


def example(spec: PropertySpec) -> Any:
    """A value as an input has it."""
    match spec.type:
        case EnumSpec():
            value: Any = spec.type.members[0].name
        case ComplexSpec():
            value = {each.name: example(each) for each in spec.type.properties}
        case _:
            value = EXAMPLES[spec.type]
    return [value] if spec.is_list or _is_flags(spec) else value


def examples(spec: ResourceSpec, operation: Operation) -> dict[str, Any]:
    """A value for each member of the input."""
    return {
        each.name: example(each)
        for each in spec.properties
        if (each.on_create if operation is Operation.CREATE else each.on_update) is not Presence.ABSENT
    }


def as_sent(spec: ResourceSpec, given: dict[str, Any]) -> dict[str, Any]:
    """The body for it: flags are one text."""
    members = {name: value[0] if _is_flags(spec.property(name)) else value for name, value in given.items()}
    return {"@odata.type": spec.odata_type, **members}


def _is_flags(spec: PropertySpec) -> bool:
    return isinstance(spec.type, EnumSpec) and spec.type.is_flags


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    """With writes to all sets, before a Graph that has no more than what sets are within."""
    async with running({"GATEWAY_CONVENTION_WRITES": "all"}) as harness:
        harness.emulator.store.clear()
        for _, entity_set, key in PARENTS.values():
            harness.emulator.store.add(entity_set, {"id": key})
        yield harness


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.entity_set)
async def test_each_set_can_be_written(gateway: Harness, spec: ResourceSpec) -> None:
    """A create of everything, an update of one member and a delete: Graph receives just what was given."""
    name, key = spec.name, spec.key.name
    argument, above, parent = PARENTS.get(spec.entity_set, ("", "", ""))
    below = f'{argument}: "{parent}", ' if parent else ""
    path = f"{ROOT}/{above}/{parent}/{spec.entity_set}" if parent else f"{ROOT}/{spec.entity_set}"

    async def run(document: str, **variables: Any) -> Any:
        answer = await gateway.execute(document, variables)
        assert "errors" not in answer
        [value] = answer["data"].values()
        return value

    whole, changes = examples(spec, Operation.CREATE), dict([next(iter(examples(spec, Operation.UPDATE).items()))])
    made = await run(f"mutation ($i: Create{name}Input!) {{ create{name}({below}input: $i) {{ {key} }} }}", i=whole)
    document = f"mutation ($k: ID!, $i: Update{name}Input!) {{ update{name}({below}{key}: $k, input: $i) {{ {key} }} }}"
    assert await run(document, k=made[key], i=changes) == made
    assert await run(f"mutation ($k: ID!) {{ delete{name}({below}{key}: $k) }}", k=made[key]) == made[key]
    assert await run(f"query ($k: ID!) {{ {spec.entity_type}({below}{key}: $k) {{ {key} }} }}", k=made[key]) is None
    writes = [(entry.method, entry.path, entry.body) for entry in gateway.emulator.journal if entry.method != "GET"]
    assert writes == [
        ("POST", path, as_sent(spec, whole)),
        ("PATCH", f"{path}/{quote(made[key])}", as_sent(spec, changes)),
        ("DELETE", f"{path}/{quote(made[key])}", None),
    ]


def fields(spec: ResourceSpec, operations: Operation) -> list[str]:
    """The mutations that these operations are, actions aside."""
    s = spec.entity_set
    named = {
        Operation.CREATE: [f"create{spec.name}", f"create{s[0].upper()}{s[1:]}"],
        Operation.UPDATE: [f"update{spec.name}"],
        Operation.DELETE: [f"delete{spec.name}", f"delete{s[0].upper()}{s[1:]}"],
    }
    return [name for each in operations & WRITES for name in named[each]]


@pytest.mark.parametrize(
    ("setting", "chosen"),
    [
        pytest.param("all", {spec.entity_set for spec in CATALOG}, id="all"),
        pytest.param("none", set(), id="none"),
        pytest.param("tenants, deployments", {"tenants", "deployments"}, id="some"),
        pytest.param(None, {"cloudPcConnections"}, id="the default"),
    ],
)
async def test_only_what_was_chosen_is_in_the_schema(setting: str | None, chosen: set[str]) -> None:
    """Besides what Graph documents, and actions."""
    async with running({"GATEWAY_CONVENTION_WRITES": setting} if setting else {}) as gateway:
        answer = await gateway.execute("{ __schema { mutationType { fields { name } } } }")
    offered = {each["name"] for each in answer["data"]["__schema"]["mutationType"]["fields"]}
    expected = {
        name
        for spec in CATALOG
        for name in fields(spec, spec.operations if spec.entity_set in chosen else spec.documented)
    }
    assert offered - {action.name for spec in CATALOG for action in spec.actions} == expected


async def test_a_name_that_is_no_such_set_stops_the_start() -> None:
    """Each is told, with the names that there are."""
    with pytest.raises(SettingsError) as raised:
        async with running({"GATEWAY_CONVENTION_WRITES": "tenants,gizmos,CloudPcConnections,tenantTags"}):
            raise AssertionError
    told = [line.partition(": no entity set with such writes; there are ") for line in str(raised.value).splitlines()]
    assert [each[0] for each in told] == [
        f"GATEWAY_CONVENTION_WRITES='{name}'" for name in ("gizmos", "CloudPcConnections", "tenantTags")
    ]
    assert {each[2] for each in told} == {
        ", ".join(sorted(spec.entity_set for spec in CATALOG if spec.by_convention & WRITES))
    }
