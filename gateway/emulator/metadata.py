"""`$metadata`: the entity model of the catalogue as CSDL XML.

https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.resources.spec import NAMESPACE, ComplexSpec, Primitive, PropertySpec, ResourceSpec

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
GRAPH = "microsoft.graph"


def to_csdl(catalog: Iterable[ResourceSpec]) -> bytes:
    """An empty catalogue makes a model without the namespace."""
    specs = tuple(catalog)
    edmx = Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": EDMX})
    services = SubElement(edmx, "edmx:DataServices")
    graph = SubElement(services, "Schema", {"Namespace": GRAPH, "xmlns": EDM})
    relationship = SubElement(graph, "EntityType", {"Name": "tenantRelationship"})
    container = SubElement(graph, "EntityContainer", {"Name": "GraphService"})
    SubElement(container, "Singleton", {"Name": "tenantRelationships", "Type": f"{GRAPH}.tenantRelationship"})
    if specs:
        _add_navigation(relationship, "managedTenants", f"{NAMESPACE}.managedTenant")
        _add_namespace(services, specs)
    return f'<?xml version="1.0" encoding="utf-8"?>{tostring(edmx, encoding="unicode")}'.encode()


def _add_namespace(services: Element, specs: tuple[ResourceSpec, ...]) -> None:
    schema = SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": EDM})
    root = SubElement(schema, "EntityType", {"Name": "managedTenant"})
    for spec in specs:
        _add_navigation(root, spec.entity_set, f"Collection({NAMESPACE}.{spec.entity_type})")
        entity_type = SubElement(schema, "EntityType", {"Name": spec.entity_type})
        SubElement(SubElement(entity_type, "Key"), "PropertyRef", {"Name": spec.key.name})
        _add_properties(entity_type, spec.properties)
    complex_types = {each.name: each for spec in specs for each in _complex_types(spec.properties)}
    for each in complex_types.values():
        _add_properties(SubElement(schema, "ComplexType", {"Name": wire_name(each)}), each.properties)


def _add_navigation(parent: Element, name: str, kind: str) -> None:
    SubElement(parent, "NavigationProperty", {"Name": name, "Type": kind, "ContainsTarget": "true"})


def _add_properties(parent: Element, properties: Iterable[PropertySpec]) -> None:
    for each in properties:
        kind = each.type.value if isinstance(each.type, Primitive) else f"{NAMESPACE}.{wire_name(each.type)}"
        attributes = {"Name": each.name, "Type": f"Collection({kind})" if each.is_list else kind}
        SubElement(parent, "Property", attributes | ({"Nullable": "false"} if each.is_key else {}))


def _complex_types(properties: Iterable[PropertySpec]) -> Iterator[ComplexSpec]:
    for each in properties:
        if isinstance(each.type, ComplexSpec):
            yield each.type
            yield from _complex_types(each.type.properties)


def wire_name(spec: ComplexSpec) -> str:
    """The type's name in Graph, without namespace."""
    return spec.name[0].lower() + spec.name[1:]
