"""What a path addresses."""

import pytest

from gateway.emulator.messages import RefusalError
from gateway.emulator.paths import Address, Kind, Paths
from tests.emulator.client import NAMESPACE
from tests.emulator.gadgets import CATALOG, Gadget, Part

PATHS = Paths(CATALOG, ["beta"])
[MAIN, SPARES, _], [GADGET] = Gadget.spec.links, Part.spec.links
SET = Address(Kind.SET, Gadget.spec, "gadgets")
ENTITY = Address(Kind.ENTITY, Gadget.spec, "1", SET)
PARTS = Address(Kind.SET, Part.spec, "parts", ENTITY)
PART = Address(Kind.ENTITY, Part.spec, "2", PARTS)
[PAINT] = Gadget.spec.actions


@pytest.mark.parametrize(
    ("path", "address"),
    [
        pytest.param("gadgets", SET, id="a set"),
        pytest.param("gadgets/$count", Address(Kind.COUNT, Gadget.spec, "$count", SET), id="a count"),
        pytest.param("gadgets/1", ENTITY, id="an entity"),
        pytest.param("gadgets/1/parts", PARTS, id="a set within it"),
        pytest.param("gadgets/1/parts/2", PART, id="an entity within it"),
        pytest.param("gadgets/1/main", Address(Kind.ENTITY, Part.spec, "main", ENTITY, MAIN), id="where a link leads"),
        pytest.param(
            "gadgets/1/spares/2",
            Address(Kind.ENTITY, Part.spec, "2", Address(Kind.SET, Part.spec, "spares", ENTITY, SPARES)),
            id="one of those where a link leads",
        ),
        pytest.param(
            "gadgets/1/parts/2/gadget/paint",
            Address(
                Kind.ACTION,
                Gadget.spec,
                "paint",
                Address(Kind.ENTITY, Gadget.spec, "gadget", PART, GADGET),
                action=PAINT,
            ),
            id="far away",
        ),
        pytest.param(
            f"gadgets/1/{NAMESPACE}.paint",
            Address(Kind.ACTION, Gadget.spec, f"{NAMESPACE}.paint", ENTITY, action=PAINT),
            id="an action with its namespace",
        ),
        pytest.param("gadgets/paint", Address(Kind.ENTITY, Gadget.spec, "paint", SET), id="no action on the set"),
    ],
)
def test_a_path_is_read_step_by_step(path: str, address: Address) -> None:
    """Each segment means what can follow the one before it."""
    assert PATHS.resolve("beta", ["tenantRelationships", "managedTenants", *path.split("/")]) == address


@pytest.mark.parametrize(
    ("version", "path", "segment"),
    [
        pytest.param("v1.0", "tenantRelationships/managedTenants/gadgets", "managedTenants", id="no such version"),
        pytest.param("beta", "tenantRelationships", "managedTenants", id="too short"),
        pytest.param("beta", "tenantRelationships/managedTenants", "managedTenants", id="the root"),
        pytest.param("beta", "tenantRelationships/managedTenants/parts", "parts", id="a set that is within others"),
        pytest.param("beta", "tenantRelationships/managedTenants/gadgets/1/name", "name", id="a property"),
        pytest.param("beta", "tenantRelationships/managedTenants/gadgets/1/$count", "$count", id="a count of one"),
        pytest.param("beta", "tenantRelationships/managedTenants/gadgets/$count/1", "1", id="below a count"),
        pytest.param("beta", "tenantRelationships/managedTenants/gadgets/1/paint/2", "2", id="below an action"),
        pytest.param(
            "beta",
            "tenantRelationships/managedTenants/gadgets/1/microsoft.graph.paint",
            "microsoft.graph.paint",
            id="an action of another namespace",
        ),
        pytest.param("beta", "tenantRelationships/managedTenants/gadgets/1/owner", "owner", id="to an unknown type"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(version: str, path: str, segment: str) -> None:
    """The first segment without a meaning is named."""
    with pytest.raises(RefusalError) as caught:
        PATHS.resolve(version, path.split("/"))
    assert (caught.value.status, caught.value.message) == (400, f"Resource not found for the segment '{segment}'.")
