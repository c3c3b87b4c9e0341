"""`$metadata`: the entity model of the catalogue as CSDL XML.

https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from gateway.emulator.values import names_of, type_name
from gateway.resources.spec import (
    NAMESPACE,
    ActionSpec,
    ComplexSpec,
    EnumSpec,
    PropertySpec,
    ResourceSpec,
    wire_name,
)

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
        _add_navigation(relationship, "managedTenants", f"{NAMESPACE}.managedTenant", contained=True)
        schema = SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": EDM})
        _add_namespace(schema, specs)
        _add_types({GRAPH: graph, NAMESPACE: schema}, specs)
    return f'<?xml version="1.0" encoding="utf-8"?>{tostring(edmx, encoding="unicode")}'.encode()


def _add_namespace(schema: Element, specs: tuple[ResourceSpec, ...]) -> None:
    _add_contained(SubElement(schema, "EntityType", {"Name": "managedTenant"}), specs, None)
    for spec in specs:
        entity_type = SubElement(schema, "EntityType", {"Name": spec.entity_type})
        SubElement(SubElement(entity_type, "Key"), "PropertyRef", {"Name": spec.key.name})
        _add_properties(entity_type, spec.properties)
        contained = _add_contained(entity_type, specs, spec.name)
        for link in spec.links:
            if link.name not in contained:
                kind = _collection(f"{NAMESPACE}.{wire_name(link.target)}", is_list=link.is_list)
                _add_navigation(entity_type, link.name, kind)
        for action in spec.actions:
            _add_action(schema, spec, action)


def _add_contained(parent: Element, specs: Iterable[ResourceSpec], within: str | None) -> set[str]:
    """The names of the sets that an entity of the type has of its own."""
    found = {spec.entity_set: spec for spec in specs if spec.within == within}
    for name, spec in found.items():
        _add_navigation(parent, name, f"Collection({NAMESPACE}.{spec.entity_type})", contained=True)
    return set(found)


def _add_navigation(parent: Element, name: str, kind: str, *, contained: bool = False) -> None:
    attributes = {"Name": name, "Type": kind} | ({"ContainsTarget": "true"} if contained else {})
    SubElement(parent, "NavigationProperty", attributes)


def _add_action(schema: Element, spec: ResourceSpec, action: ActionSpec) -> None:
    element = SubElement(schema, "Action", {"Name": action.wire_name, "IsBound": "true"})
    bound = _collection(f"{NAMESPACE}.{spec.entity_type}", is_list=action.on_set)
    SubElement(element, "Parameter", {"Name": "bindingParameter", "Type": bound})
    for each in action.parameters:
        SubElement(element, "Parameter", {"Name": each.name, "Type": _type_of(each)})
    returned = (
        f"{NAMESPACE}.{wire_name(action.returns)}" if isinstance(action.returns, str) else type_name(action.returns)
    )
    SubElement(element, "ReturnType", {"Type": _collection(returned, is_list=action.returns_list)})


def _add_types(schemas: dict[str, Element], specs: tuple[ResourceSpec, ...]) -> None:
    """The enums and complex types that properties, parameters and results have, each once."""
    found = {type_name(kind): kind for kind in _named_types(_all_properties(specs))}
    for kind in found.values():
        if isinstance(kind, EnumSpec):
            _add_enum(schemas[NAMESPACE], kind)
        else:
            element = SubElement(schemas[kind.namespace], "ComplexType", {"Name": wire_name(kind.name)})
            _add_properties(element, kind.properties)


def _add_enum(schema: Element, enum: EnumSpec) -> None:
    """The numbers of flags are powers of two, the first member being nothing at all."""
    element = SubElement(schema, "EnumType", {"Name": wire_name(enum.name)})
    if enum.is_flags:
        element.set("IsFlags", "true")
    for number, name in enumerate(names_of(enum)):
        SubElement(element, "Member", {"Name": name, "Value": str((1 << number) >> 1 if enum.is_flags else number)})


def _add_properties(parent: Element, properties: Iterable[PropertySpec]) -> None:
    for each in properties:
        attributes = {"Name": each.name, "Type": _type_of(each)}
        SubElement(parent, "Property", attributes | ({"Nullable": "false"} if each.is_key else {}))


def _type_of(spec: PropertySpec) -> str:
    return _collection(type_name(spec.type), is_list=spec.is_list)


def _collection(kind: str, *, is_list: bool) -> str:
    return f"Collection({kind})" if is_list else kind


def _all_properties(specs: Iterable[ResourceSpec]) -> Iterator[PropertySpec]:
    for spec in specs:
        yield from spec.properties
        for action in spec.actions:
            yield from action.parameters
            if isinstance(action.returns, ComplexSpec):
                yield PropertySpec("", action.returns, "")


def _named_types(properties: Iterable[PropertySpec]) -> Iterator[EnumSpec | ComplexSpec]:
    for each in properties:
        if isinstance(each.type, EnumSpec):
            yield each.type
        elif isinstance(each.type, ComplexSpec):
            yield each.type
            yield from _named_types(each.type.properties)
