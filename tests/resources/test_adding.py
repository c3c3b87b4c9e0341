"""The README's way to add a resource, followed to the letter, through the whole application."""

import re
from collections.abc import AsyncIterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

import pytest

from gateway.emulator.app import Emulator
from gateway.emulator.sample.draft import Draft
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import ResourceSpec
from gateway.schema.printing import print_sdl
from gateway.tools.catalog import to_markdown
from tests.harness import ISSUER, Harness, running

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
STEPS = README.partition("### How to add a resource")[2].partition("\n## ")[0]
VOCABULARY = "from gateway.resources.base import *  # what a file of a topic begins with\n"
PATH = "/v1.0/tenantRelationships/managedTenants/tenantTags"


@pytest.fixture(scope="module")
def topic(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Steps 1 and 3: the README's declaration and its sample, each as it stands in the file of a topic."""
    blocks = re.findall(r"^ {3}```python\n(.*?)^ {3}```$", STEPS, re.MULTILINE | re.DOTALL)
    declaration, sample = (dedent(block) for block in blocks)
    file = tmp_path_factory.mktemp("resources") / "topic.py"
    file.write_text(f"{VOCABULARY}{declaration}\n\ndef add_topic(draft):\n{indent(sample, '    ')}")
    found = spec_from_file_location("topic", file)
    assert found is not None
    assert found.loader is not None
    topic = module_from_spec(found)
    found.loader.exec_module(topic)
    return topic


@pytest.fixture(scope="module")
def spec(topic: ModuleType) -> ResourceSpec:
    declared: ResourceSpec = topic.TenantTag.spec
    return declared


@pytest.fixture(scope="module")
def catalog(spec: ResourceSpec) -> tuple[ResourceSpec, ...]:
    """Step 2: the catalogue with it, in the place of the one that is there already."""
    return (*(each for each in CATALOG if each.name != spec.name), spec)


@pytest.fixture
async def gateway(catalog: tuple[ResourceSpec, ...]) -> AsyncIterator[Harness]:
    async with running(emulator=Emulator(catalog, issuer=ISSUER), catalog=catalog) as harness:
        harness.emulator.store.clear()
        yield harness


def test_the_schema_has_it_as_it_was_declared(catalog: tuple[ResourceSpec, ...]) -> None:
    """Step 4: `make schema` prints it, with its descriptions."""
    sdl = print_sdl(catalog)
    assert (
        '"""A label that a service provider puts on managed tenants."""\n'
        "type TenantTag {\n"
        '  """Identifies the tag. Assigned by Microsoft Graph."""\n'
        "  id: ID!\n\n"
        '  """Name of the tag, as people see it."""\n'
        "  displayName: String\n\n"
        '  """When the tag was made."""\n'
        "  createdDateTime: DateTime\n"
        "}\n"
    ) in sdl


def test_the_catalogue_page_has_it(catalog: tuple[ResourceSpec, ...]) -> None:
    """Step 4: `make catalog` prints it."""
    assert "| [tenantTags](#tenanttags) | `TenantTag` | list, get, create, update, delete |" in to_markdown(catalog)


def test_the_sample_has_it(topic: ModuleType, spec: ResourceSpec) -> None:
    """Step 3: what the emulator is given is as declared."""
    draft = Draft()
    before = len(draft.sets.get((spec.entity_set, ""), {}))
    topic.add_topic(draft)
    *_, row = draft.rows(spec.entity_set)
    assert len(draft.rows(spec.entity_set)) == before + 1
    assert (row["displayName"], set(row)) == ("Gold support", {each.name for each in spec.properties})


async def test_it_can_be_created_listed_read_updated_and_deleted(gateway: Harness) -> None:
    """One class and one line are all that it takes: the gateway serves it, and the emulator plays it."""

    async def run(document: str, **variables: Any) -> Any:
        answer = await gateway.execute(document, variables)
        assert "errors" not in answer
        return answer["data"]

    create = "mutation ($n: String!) { createTenantTag(input: { displayName: $n }) { id displayName createdDateTime } }"
    gold, silver = [(await run(create, n=name))["createTenantTag"] for name in ("Gold", "Silver")]
    assert (gold["displayName"], silver["displayName"], gold["createdDateTime"][-1]) == ("Gold", "Silver", "Z")

    listing = (
        '{ tenantTags(first: 1, filter: { displayName: { ne: "Silver" } }, orderBy: [{ createdDateTime: DESC }])'
        " { nodes { id displayName } totalCount pageInfo { hasNextPage } } }"
    )
    assert await run(listing) == {
        "tenantTags": {
            "nodes": [{"id": gold["id"], "displayName": "Gold"}],
            "totalCount": 1,
            "pageInfo": {"hasNextPage": False},
        }
    }
    read = "query ($id: ID!) { tenantTag(id: $id) { displayName createdDateTime } }"
    assert await run(read, id=silver["id"]) == {
        "tenantTag": {"displayName": "Silver", "createdDateTime": silver["createdDateTime"]}
    }
    update = 'mutation ($id: ID!) { updateTenantTag(id: $id, input: { displayName: "Bronze" }) { displayName } }'
    assert await run(update, id=silver["id"]) == {"updateTenantTag": {"displayName": "Bronze"}}
    assert await run("mutation ($id: ID!) { deleteTenantTag(id: $id) }", id=silver["id"]) == {
        "deleteTenantTag": silver["id"]
    }
    assert await run(read, id=silver["id"]) == {"tenantTag": None}
    assert gateway.sent == [
        f"POST {PATH}",
        f"POST {PATH}",
        f"GET {PATH}",
        f"GET {PATH}/{silver['id']}",
        f"PATCH {PATH}/{silver['id']}",
        f"DELETE {PATH}/{silver['id']}",
        f"GET {PATH}/{silver['id']}",
    ]


async def test_its_permissions_are_told(gateway: Harness) -> None:
    """A caller who may only read learns which permission a write takes."""
    answer = await gateway.execute(
        'mutation { createTenantTag(input: { displayName: "x" }) { id } }',
        as_=gateway.graph_token("ManagedTenants.Read.All"),
    )
    assert answer["errors"][0]["extensions"]["permissions"] == ["ManagedTenants.ReadWrite.All"]
