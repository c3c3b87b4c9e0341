"""`$metadata`: the entity model as CSDL."""

from xml.etree.ElementTree import Element, fromstring

from gateway.emulator.app import Emulator
from gateway.resources.catalog import CATALOG
from gateway.resources.spec import NAMESPACE, ResourceSpec
from tests.emulator.client import Client
from tests.emulator.gadgets import CATALOG as GADGETS
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


def edm(spec: ResourceSpec) -> str:
    return f"{NAMESPACE}.{spec.entity_type}"


async def test_the_metadata_lists_exactly_the_catalogue(graph: Client) -> None:
    """Every set with its type, every type with its key, properties and links; no token is needed."""
    found = await schemas(graph)
    assert set(found) == {"microsoft.graph", NAMESPACE}
    types = {each.attrib["Name"]: each for each in found[NAMESPACE].iter(f"{EDM}EntityType")}
    assert navigations(types.pop("managedTenant")) == {
        (spec.entity_set, f"Collection({edm(spec)})", "true") for spec in CATALOG if spec.within is None
    }
    assert {name: [each[0] for each in properties(kind)] for name, kind in types.items()} == {
        spec.entity_type: [each.name for each in spec.properties] for spec in CATALOG
    }
    assert {name: {each[0] for each in navigations(kind)} for name, kind in types.items()} == {
        spec.entity_type: {each.name for each in spec.links} for spec in CATALOG
    }
    assert {name: [each.get("Name") for each in kind.iter(f"{EDM}PropertyRef")] for name, kind in types.items()} == {
        spec.entity_type: [spec.key.name] for spec in CATALOG
    }
    actions = [(each.get("Name"), each[0].get("Type")) for each in found[NAMESPACE].iter(f"{EDM}Action")]
    assert actions == [
        (each.wire_name, f"Collection({edm(spec)})" if each.on_set else edm(spec))
        for spec in CATALOG
        for each in spec.actions
    ]


async def test_every_type_that_is_named_is_there(graph: Client) -> None:
    """A client that generates code from the metadata finds each type once."""
    found = await schemas(graph)
    kinds = [
        f"{namespace}.{each.attrib['Name']}"
        for namespace, schema in found.items()
        for tag in ("EntityType", "ComplexType", "EnumType")
        for each in schema.iter(f"{EDM}{tag}")
    ]
    assert len(set(kinds)) == len(kinds)
    for schema in found.values():
        for each in schema.iter():
            kind = each.get("Type", "Edm.String").removeprefix("Collection(").removesuffix(")")
            assert kind.startswith("Edm.") or kind in kinds


async def test_the_metadata_of_every_kind_of_declaration() -> None:
    """Types, nullability, flags, namespaces, containment and actions, each as CSDL has it."""
    graph = Client(Emulator(GADGETS, issuer=ISSUER))
    found = await schemas(graph)
    types = {
        each.attrib["Name"]: each for schema in found.values() for each in schema if each.tag != f"{EDM}EntityContainer"
    }
    assert properties(types["gadget"]) == [
        ("id", "Edm.String", "false"),
        ("name", "Edm.String", None),
        ("new", "Edm.Boolean", None),
        ("count", "Edm.Int32", None),
        ("bytes", "Edm.Int64", None),
        ("weight", "Edm.Double", None),
        ("made", "Edm.DateTimeOffset", None),
        ("colour", f"{NAMESPACE}.colour", None),
        ("ports", f"{NAMESPACE}.ports", None),
        ("size", f"{NAMESPACE}.size", None),
        ("sizes", f"Collection({NAMESPACE}.size)", None),
        ("words", "Collection(Edm.String)", None),
    ]
    assert navigations(types["gadget"]) == {
        ("parts", f"Collection({NAMESPACE}.part)", "true"),
        ("main", f"{NAMESPACE}.part", None),
        ("spares", f"Collection({NAMESPACE}.part)", None),
        ("owner", f"{NAMESPACE}.nobody", None),
    }
    assert [each.attrib for each in types["colour"]] == [
        {"Name": "red", "Value": "0"},
        {"Name": "green", "Value": "1"},
        {"Name": "blue", "Value": "2"},
        {"Name": "unknownFutureValue", "Value": "3"},
    ]
    assert types["ports"].attrib == {"Name": "ports", "IsFlags": "true"}
    assert [each.get("Value") for each in types["ports"]] == ["0", "1", "2", "4"]
    assert types["maker"] in list(found["microsoft.graph"])
    assert (types["paint"].attrib, [each.attrib for each in types["paint"]]) == (
        {"Name": "paint", "IsBound": "true"},
        [
            {"Name": "bindingParameter", "Type": f"{NAMESPACE}.gadget"},
            {"Name": "colour", "Type": f"{NAMESPACE}.colour"},
            {"Type": f"{NAMESPACE}.gadget"},
        ],
    )


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
