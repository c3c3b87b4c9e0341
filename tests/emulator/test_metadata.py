"""`$metadata`: the entity model as CSDL."""

from xml.etree.ElementTree import Element, fromstring

from gateway.emulator.app import Emulator
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import NAMESPACE, PropertySpec
from tests.emulator.client import Client
from tests.harness import ISSUER

EDMX = "{http://docs.oasis-open.org/odata/ns/edmx}"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
ROOT = {("managedTenants", f"{NAMESPACE}.managedTenant", "true")}


async def schemas(graph: Client, version: str = "beta") -> dict[str, Element]:
    """Namespace → its schema; checks what is around it."""
    response = await graph.get(f"/{version}/$metadata", headers={"authorization": None})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/xml")
    edmx = fromstring(response.content)  # noqa: S314 (it is our own)
    assert (edmx.tag, edmx.attrib) == (f"{EDMX}Edmx", {"Version": "4.0"})
    [services] = edmx
    assert (services.tag, {each.tag for each in services}) == (f"{EDMX}DataServices", {f"{EDM}Schema"})
    return {each.attrib["Namespace"]: each for each in services}


def navigations(parent: Element) -> set[tuple[str | None, ...]]:
    found = parent.iter(f"{EDM}NavigationProperty")
    return {tuple(each.get(name) for name in ("Name", "Type", "ContainsTarget")) for each in found}


def properties(parent: Element) -> list[tuple[str | None, ...]]:
    found = parent.iter(f"{EDM}Property")
    return [tuple(each.get(name) for name in ("Name", "Type", "Nullable")) for each in found]


def declared(spec: PropertySpec) -> tuple[str | None, ...]:
    """The property as the metadata should have it, of the types that the catalogue has today."""
    kinds = {"tenants": f"Collection({NAMESPACE}.tenantInfo)"}
    default = "Edm.DateTimeOffset" if spec.name.endswith("DateTime") else "Edm.String"
    return spec.name, kinds.get(spec.name, default), "false" if spec.is_key else None


async def test_the_metadata_lists_exactly_the_catalogue(graph: Client) -> None:
    """Every set with its type, every type with its key and properties, and nothing else; no token is needed."""
    found = await schemas(graph)
    assert set(found) == {"microsoft.graph", NAMESPACE}
    types = {each.attrib["Name"]: each for each in found[NAMESPACE].iter(f"{EDM}EntityType")}
    assert navigations(types.pop("managedTenant")) == {
        (spec.entity_set, f"Collection({NAMESPACE}.{spec.entity_type})", "true") for spec in CATALOG
    }
    assert {name: properties(each) for name, each in types.items()} == {
        spec.entity_type: [declared(each) for each in spec.properties] for spec in CATALOG
    }
    assert {name: [each.get("Name") for each in kind.iter(f"{EDM}PropertyRef")] for name, kind in types.items()} == {
        spec.entity_type: [spec.key.name] for spec in CATALOG
    }
    complex_types = {each.get("Name"): properties(each) for each in found[NAMESPACE].iter(f"{EDM}ComplexType")}
    assert complex_types == {"tenantInfo": [("tenantId", "Edm.String", None)]}


async def test_the_metadata_of_a_version_without_the_namespace_lacks_it() -> None:
    """What can be reached from the root is what the version has: that is how a client can tell."""
    graph = Client(Emulator(issuer=ISSUER, namespace_versions=("beta",)))
    assert set(await schemas(graph, "v1.0")) == {"microsoft.graph"}
    assert navigations((await schemas(graph, "v1.0"))["microsoft.graph"]) == set()
    assert navigations((await schemas(graph, "beta"))["microsoft.graph"]) == ROOT


async def test_the_sets_are_found_from_the_container(graph: Client) -> None:
    """The one singleton has a type that is there, and from it the path of the sets leads on."""
    schema = (await schemas(graph))["microsoft.graph"]
    [singleton] = schema.iter(f"{EDM}Singleton")
    [relationship] = schema.iter(f"{EDM}EntityType")
    assert singleton.attrib == {"Name": "tenantRelationships", "Type": "microsoft.graph.tenantRelationship"}
    assert relationship.attrib == {"Name": "tenantRelationship"}
    assert navigations(relationship) == ROOT
