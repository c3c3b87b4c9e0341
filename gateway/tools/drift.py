"""What of Microsoft Graph's own metadata differs from the catalogue.

Both sides become facts of the same form and are compared as such. Left out is what the catalogue does not say: whether
a value may be null, whether a type is open, which sets an entity contains, the sentinel of evolvable enums; and complex
types and enums to which no property, parameter or result of the namespace leads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import httpx

from gateway.graph.answer import VERSION_HINT
from gateway.resources.model import Model
from gateway.resources.spec import FUTURE, NAMESPACE, ComplexSpec, EnumSpec, Primitive, PropertySpec, wire_name
from gateway.tls import to_reason
from gateway.tools.csdl import (
    ACTION,
    COMPLEX,
    ENTITY,
    ENUM,
    MEMBER,
    NAVIGATION,
    PROPERTY,
    Csdl,
    CsdlError,
    CsdlReader,
    OperationElement,
    to_element,
)
from gateway.tools.table import to_table

ROOT: Final = f"{NAMESPACE}.managedTenant"
"""The type whose contained navigation properties are the entity sets."""


SET: Final = "entity set"
FLAGS: Final = "flags"

READ_SECONDS: Final = 60.0
"""For the next bytes to come: the service makes the document anew, of tens of megabytes."""


class Subject(NamedTuple):
    """A thing that can be there or not: `property`, `tenantTag.displayName`."""

    kind: str
    name: str


Facts = Mapping[Subject, str]
"""Subject → what is known of it: the type of a property, the keys of an entity type, an action's signature."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`change` is what Graph did since the catalogue was written: added, removed or changed."""

    change: str
    kind: str
    name: str
    declared: str | None
    found: str | None


async def fetch(client: httpx.AsyncClient, url: str) -> Csdl:
    """`$metadata`, which Graph gives to anybody. Raises `CsdlError`."""
    reader = CsdlReader()
    try:
        async with client.stream("GET", url, timeout=READ_SECONDS) as response:
            if response.status_code != 200:
                raise CsdlError(f"It was answered with {response.status_code}.")
            async for piece in response.aiter_bytes():
                reader.feed(piece)
    except httpx.HTTPError as failure:
        raise CsdlError(f"It cannot be read ({to_reason(failure)}).") from None
    return reader.close()


def facts_of_model(model: Model) -> Facts:
    """What the catalogue says."""
    facts: dict[Subject, str] = {}
    for spec in model.catalog:
        parent = model.parent_of(spec)
        if parent:
            facts[Subject(NAVIGATION, f"{parent.entity_type}.{spec.entity_set}")] = f"Collection({spec.entity_type})"
        else:
            facts[Subject(SET, spec.entity_set)] = spec.entity_type
        facts[Subject(ENTITY, spec.entity_type)] = spec.key.name
        facts |= _property_facts(spec.entity_type, spec.properties)
        for link in spec.links:
            target = wire_name(link.target)
            facts[Subject(NAVIGATION, f"{spec.entity_type}.{link.name}")] = _collection(target, is_list=link.is_list)
        for action in spec.actions:
            bound = _collection(spec.entity_type, is_list=action.on_set)
            returns = wire_name(action.returns) if isinstance(action.returns, str) else _name_of(action.returns)
            facts[Subject(ACTION, f"{bound}.{action.wire_name}")] = _signature(
                [(each.name, _type_of(each)) for each in action.parameters],
                _collection(returns, is_list=action.returns_list),
            )
    for kind in model.types.values():
        if isinstance(kind, ComplexSpec):
            facts[Subject(COMPLEX, _name_of(kind))] = ""
            facts |= _property_facts(_name_of(kind), kind.properties)
        elif isinstance(kind, EnumSpec):
            facts[Subject(ENUM, _name_of(kind))] = FLAGS if kind.is_flags else ""
            facts |= {Subject(MEMBER, f"{_name_of(kind)}.{each.name}"): "" for each in kind.members}
    return facts


def facts_of_csdl(csdl: Csdl) -> Facts:
    """What Graph says of the namespace. Raises `CsdlError`."""
    if ROOT not in csdl.types:
        raise CsdlError(VERSION_HINT)
    entities = [each for each, of in csdl.types.items() if of.kind == ENTITY and _is_own(each) and each != ROOT]
    operations = [each for each in csdl.operations if to_element(csdl.bound_to(each))[1] in {ROOT, *entities}]
    facts = _root_facts(csdl)
    for operation in operations:
        [(_, bound), *given] = ((name, _short(csdl.resolve(of))) for name, of in operation.parameters)
        subject = Subject(operation.kind, f"{bound}.{operation.name}")
        facts[subject] = _signature(given, _short(csdl.resolve(operation.returns)))
    for name in [*entities, *_parts(csdl, entities, operations)]:
        facts |= _type_facts(csdl, name)
    return facts


def compare(declared: Facts, found: Facts) -> list[Difference]:
    """Sorted by name, so that what belongs to a type stands together."""
    differing = [each for each in {**declared, **found} if declared.get(each) != found.get(each)]
    return [
        Difference(
            "added" if each not in declared else "removed" if each not in found else "changed",
            *each,
            declared.get(each),
            found.get(each),
        )
        for each in sorted(differing, key=lambda subject: (subject.name, subject.kind))
    ]


def to_text(differences: list[Difference]) -> str:
    if not differences:
        return "No drift.\n"
    rows = [(each.change, each.kind, each.name, each.declared or "", each.found or "") for each in differences]
    return to_table([("CHANGE", "WHAT", "NAME", "DECLARED", "IN GRAPH"), *rows])


def to_json(differences: list[Difference]) -> dict[str, Any]:
    return {"drift": [asdict(each) for each in differences]}


def _property_facts(owner: str, properties: Iterable[PropertySpec]) -> dict[Subject, str]:
    return {Subject(PROPERTY, f"{owner}.{each.name}"): _type_of(each) for each in properties}


def _type_of(spec: PropertySpec) -> str:
    name = spec.type.value if isinstance(spec.type, Primitive) else _name_of(spec.type)
    return _collection(name, is_list=spec.is_list)


def _name_of(spec: ComplexSpec | EnumSpec) -> str:
    name = wire_name(spec.name)
    return _short(f"{spec.namespace}.{name}") if isinstance(spec, ComplexSpec) else name


def _collection(name: str, *, is_list: bool) -> str:
    return f"Collection({name})" if is_list else name


def _signature(parameters: Iterable[tuple[str, str]], returns: str) -> str:
    """Parameters travel by name, so their order does not matter."""
    return f"({', '.join(f'{name}: {of}' for name, of in sorted(parameters))}) → {returns or 'nothing'}"


def _is_own(name: str) -> bool:
    return name.startswith(f"{NAMESPACE}.")


def _short(name: str) -> str:
    """Without the namespace, if it is the one that all is about."""
    return name.replace(f"{NAMESPACE}.", "")


def _root_facts(csdl: Csdl) -> dict[Subject, str]:
    facts = {}
    root = csdl.types[ROOT]
    for (kind, name), written in root.members.items():
        is_collection, of = to_element(_short(csdl.resolve(written)))
        is_set = name in root.contained and is_collection
        subject = Subject(SET, name) if is_set else Subject(kind, f"{_short(ROOT)}.{name}")
        facts[subject] = of if is_set else _collection(of, is_list=is_collection)
    return facts


def _type_facts(csdl: Csdl, name: str) -> dict[Subject, str]:
    """The type with all that it inherits."""
    lineage, owner = list(csdl.lineage(name)), _short(name)
    first = lineage[0]
    keys = next((each.keys for each in lineage if each.keys), [])
    facts = {Subject(first.kind, owner): FLAGS if first.is_flags else ", ".join(keys)}
    for element in lineage:
        for (kind, member), written in element.members.items():
            if member != FUTURE:
                facts[Subject(kind, f"{owner}.{member}")] = _short(csdl.resolve(written))
    return facts


def _parts(csdl: Csdl, entities: Iterable[str], operations: Iterable[OperationElement]) -> list[str]:
    """The complex types and enums that values are made of, wherever they are declared, with those derived from them."""
    written = [of for each in operations for of in (*(of for _, of in each.parameters), each.returns)]
    waiting = [*entities, *(to_element(csdl.resolve(each))[1] for each in written)]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        kind = csdl.types[name].kind if name in csdl.types else None
        if name in found or kind is None or (kind == ENTITY and not _is_own(name)):
            continue
        found[name] = None
        members = [of for element in csdl.lineage(name) for of in element.members.values()]
        waiting += [to_element(csdl.resolve(each))[1] for each in members]
        waiting += [each for each in csdl.derived_from(name) if kind == COMPLEX and _is_own(each)]
    return [each for each in found if csdl.types[each].kind != ENTITY]
