"""Whether an entity is in all values as what was sent to create it."""

from collections.abc import Iterable, Mapping

from gateway.graph.request import Json
from gateway.instants import to_instant
from gateway.mapping.values import from_name
from gateway.resources.spec import ComplexSpec, EnumSpec, Primitive, PropertySpec


def is_as_sent(properties: Iterable[PropertySpec], sent: Mapping[str, Json], found: Mapping[str, Json]) -> bool:
    """Compares what was sent; what Graph has added is not looked at."""
    return all(_is_equal(each, sent[each.name], found.get(each.name)) for each in properties if each.name in sent)


def _is_equal(spec: PropertySpec, sent: Json, found: Json) -> bool:
    if not spec.is_list or sent is None or found is None:
        return _is_same(spec, sent, found)
    is_list = isinstance(found, list) and len(found) == len(sent)
    return is_list and all(_is_same(spec, *pair) for pair in zip(sent, found, strict=True))


def _is_same(spec: PropertySpec, sent: Json, found: Json) -> bool:
    """Instants are compared as such and enums by their names, since Graph writes both in its own way."""
    if sent is None or found is None or not isinstance(found, type(sent)):
        return sent is found is None
    if isinstance(spec.type, ComplexSpec):
        return is_as_sent(spec.type.properties, sent, found)
    if isinstance(spec.type, EnumSpec) and not spec.type.is_flags:
        return from_name(spec.type, sent) == from_name(spec.type, found)
    if spec.type is Primitive.DATE_TIME:
        return _is_moment(sent, found)
    return bool(sent == found)


def _is_moment(sent: str, found: str) -> bool:
    try:
        return to_instant(sent) == to_instant(found)
    except ValueError:
        return False
