"""Each entity set of the catalogue, from document to the emulator and back: list, get, every filter, every sort."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import pytest

from gateway.emulator.values import to_comparable
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import FUTURE, ComplexSpec, EnumSpec, PropertySpec, ResourceSpec
from tests.harness import Harness, running

WITHIN = "managementTemplateStepVersion"


@pytest.fixture
async def gateway() -> AsyncIterator[Harness]:
    """One that takes two sorts for each property in one document."""
    async with running({"GATEWAY_MAX_ROOT_FIELDS": "100", "GATEWAY_MAX_ALIASES": "100"}) as harness:
        yield harness


def selection(properties: Iterable[PropertySpec]) -> str:
    """All that the properties have, an enum's own text and structured values included."""
    fields = []
    for each in properties:
        below = f" {{ {selection(each.type.properties)} }}" if isinstance(each.type, ComplexSpec) else ""
        raw = f" {each.name}Raw" if isinstance(each.type, EnumSpec) else ""
        fields.append(f"{each.name}{raw}{below}")
    return " ".join(fields)


def comparable(spec: ResourceSpec) -> list[PropertySpec]:
    return [each for each in spec.properties if each.is_comparable]


async def ask(gateway: Harness, spec: ResourceSpec, field: str, variables: Mapping[str, str], **values: Any) -> Any:
    """The data below the field, asked for within its parent if the set is within one. `variables` are their types."""
    declared = ", ".join(f"${name}: {of}" for name, of in variables.items())
    document = f"{{ {field} }}" if spec.within is None else f"{{ {WITHIN}(id: $parent) {{ {field} }} }}"
    if spec.within:
        declared += ", $parent: ID!"
        values["parent"] = parent_key(gateway)
    answer = await gateway.execute(f"query ({declared}) {document}" if declared else document, values)
    assert "errors" not in answer
    return answer["data"] if spec.within is None else answer["data"][WITHIN]


def parent_key(gateway: Harness) -> str:
    """A version of a step that has deployments."""
    store = gateway.emulator.store
    keys: list[str] = [row["id"] for row in store.all("managementTemplateStepVersions")]
    return next(key for key in keys if store.all("deployments", key))


def rows(gateway: Harness, spec: ResourceSpec) -> list[Mapping[str, Any]]:
    return gateway.emulator.store.all(spec.entity_set, parent_key(gateway) if spec.within else "")


def expected(properties: Iterable[PropertySpec], row: Mapping[str, Any]) -> dict[str, Any]:
    """The object for a row of the emulator's."""
    members: dict[str, Any] = {}
    for each in properties:
        value = row.get(each.name)
        members[each.name] = value
        if isinstance(each.type, EnumSpec):
            members[f"{each.name}Raw"] = value
            if each.type.is_flags and value is not None:
                members[each.name] = value.split(",")
        elif isinstance(each.type, ComplexSpec) and value is not None:
            inner = [expected(each.type.properties, part) for part in (value if each.is_list else [value])]
            members[each.name] = inner if each.is_list else inner[0]
    return members


@pytest.fixture(params=[pytest.param(spec, id=spec.entity_set) for spec in CATALOG])
def spec(request: pytest.FixtureRequest) -> ResourceSpec:
    resource: ResourceSpec = request.param
    return resource


async def test_a_set_is_listed_and_read_with_all_that_it_has(gateway: Harness, spec: ResourceSpec) -> None:
    """Every property has the value that Graph sent, in the list and by key."""
    fields, key = selection(spec.properties), spec.key.name
    listed = await ask(gateway, spec, f"{spec.entity_set}(first: 2) {{ nodes {{ {fields} }} totalCount }}", {})
    there = rows(gateway, spec)
    wanted = [expected(spec.properties, row) for row in there[:2]]
    assert listed[spec.entity_set] == {"nodes": wanted, "totalCount": len(there)}
    parent = f"{WITHIN}Id: $within, " if spec.within else ""
    variables = "$key: ID!, $within: ID!" if spec.within else "$key: ID!"
    values = {"key": there[0][key], **({"within": parent_key(gateway)} if spec.within else {})}
    read = await gateway.execute(
        f"query ({variables}) {{ {spec.entity_type}({parent}{key}: $key) {{ {fields} }} }}", values
    )
    assert read == {"data": {spec.entity_type: wanted[0]}}


async def test_a_set_is_filtered_by_each_property(gateway: Harness, spec: ResourceSpec) -> None:
    """A row is found by its own values, all at once, and by their absence; and not by anything else."""
    row = rows(gateway, spec)[0]
    given: dict[str, Any] = {each.name: {"eq": row[each.name]} for each in comparable(spec)}
    assert FUTURE not in str(given)
    field = f"{spec.entity_set}(filter: $filter) {{ nodes {{ {spec.key.name} }} }}"
    found = await ask(gateway, spec, field, {"filter": f"{spec.name}Filter"}, filter=given)
    assert found[spec.entity_set]["nodes"] == [{spec.key.name: row[spec.key.name]}]
    asked = dict(gateway.emulator.journal[-1].query)
    assert asked["$filter"].count(" eq ") == len(given)
    missed = {"or": [{name: {"ne": value["eq"]}} for name, value in given.items()], spec.key.name: given[spec.key.name]}
    found = await ask(gateway, spec, field, {"filter": f"{spec.name}Filter"}, filter=missed)
    assert found[spec.entity_set]["nodes"] == []


async def test_a_set_is_sorted_by_each_property(gateway: Harness, spec: ResourceSpec) -> None:
    """The first rows in either direction are the smallest and the largest; a null is smaller than every value."""
    properties = comparable(spec)
    aliases = " ".join(
        f"{each.name}{direction}: {spec.entity_set}(first: 3, orderBy: [{{ {each.name}: {direction} }}]) "
        f"{{ nodes {{ {each.name} }} }}"
        for each in properties
        for direction in ("ASC", "DESC")
    )
    found = await ask(gateway, spec, aliases, {})
    for each in properties:
        assert not isinstance(each.type, ComplexSpec)
        compared = to_comparable(each.type)
        values = [row[each.name] for row in rows(gateway, spec)]
        in_order = [None] * values.count(None)
        in_order += sorted((value for value in values if value is not None), key=compared)
        for direction, right in (("ASC", in_order[:3]), ("DESC", in_order[::-1][:3])):
            assert [node[each.name] for node in found[f"{each.name}{direction}"]["nodes"]] == right
