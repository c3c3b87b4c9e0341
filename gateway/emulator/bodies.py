"""The JSON body of a create or an update, checked against the declared properties.

Strict, it refuses everything that the declarations do not foresee, by name, so that no client error goes unseen.
Lenient, it takes the declared members and leaves the rest.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.emulator.instants import to_moment
from gateway.emulator.messages import Call, Json, RefusalError, bad_request
from gateway.resources.spec import NAMESPACE, ComplexSpec, Presence, Primitive, PropertySpec, ResourceSpec

ODATA_TYPE: Final = "@odata.type"
UNREADABLE: Final = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)

Wanted = Callable[[PropertySpec], Presence]
"""Which presence of a property counts: on create or on update."""


def on_create(spec: PropertySpec) -> Presence:
    return spec.on_create


def on_update(spec: PropertySpec) -> Presence:
    return spec.on_update


def read_members(call: Call, spec: ResourceSpec, wanted: Wanted, *, strict: bool) -> dict[str, Json]:
    """The members to store; raises `RefusalError`."""
    if strict:
        _check_content_type(call)
    members = _read_object(call)
    if strict:
        _check_type(members, spec.odata_type, path=ODATA_TYPE)
        _check_members(members, spec.properties, spec.odata_type, wanted, path="")
    return {each.name: members[each.name] for each in spec.properties if each.name in members}


def _check_content_type(call: Call) -> None:
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RefusalError(415, "UnsupportedMediaType", "The Content-Type of the request must be application/json.")


def _read_object(call: Call) -> dict[str, Json]:
    try:
        content = json.loads(call.content)
    except ValueError:
        raise bad_request(UNREADABLE) from None
    if not isinstance(content, dict):
        raise bad_request(UNREADABLE)
    return content


def _check_type(members: Mapping[str, Json], expected: str, *, path: str) -> None:
    if members.get(ODATA_TYPE) != expected:
        raise bad_request(f"The member '{path}' must be there and be '{expected}'.", path)


def _check_members(
    members: Mapping[str, Json], properties: Iterable[PropertySpec], odata_type: str, wanted: Wanted, *, path: str
) -> None:
    declared = {each.name: each for each in properties}
    for name, value in members.items():
        here = f"{path}{name}"
        if name == ODATA_TYPE:
            _check_type(members, odata_type, path=here)
        elif name not in declared:
            raise bad_request(f"The property '{here}' does not exist on type '{odata_type.removeprefix('#')}'.", here)
        elif wanted(declared[name]) is Presence.ABSENT:
            raise bad_request(f"The property '{here}' is read-only and cannot be set.", here)
        else:
            _check_value(declared[name], value, wanted, path=here)
    for name, each in declared.items():
        if wanted(each) is Presence.REQUIRED and members.get(name) is None:
            raise bad_request(f"The property '{path}{name}' is required.", f"{path}{name}")


def _check_value(spec: PropertySpec, value: Json, wanted: Wanted, *, path: str) -> None:
    if not spec.is_list:
        if value is not None:
            _check_single(spec.type, value, wanted, path=path)
        return
    if not isinstance(value, list):
        raise bad_request(f"The property '{path}' must be a JSON array.", path)
    for index, each in enumerate(value):
        _check_single(spec.type, each, wanted, path=f"{path}/{index}")


def _check_single(kind: Primitive | ComplexSpec, value: Json, wanted: Wanted, *, path: str) -> None:
    if isinstance(kind, Primitive):
        if not PRIMITIVES[kind](value):
            raise bad_request(f"Cannot convert the value of '{path}' to the expected type '{kind.value}'.", path)
    elif isinstance(value, dict):
        odata_type = f"#{NAMESPACE}.{kind.name[0].lower()}{kind.name[1:]}"
        _check_members(value, kind.properties, odata_type, wanted, path=f"{path}/")
    else:
        raise bad_request(f"The property '{path}' must be a JSON object.", path)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_instant(value: Json) -> bool:
    try:
        to_moment(value)
    except (TypeError, ValueError):
        return False
    return True


PRIMITIVES: Final[Mapping[Primitive, Callable[[Json], bool]]] = {
    Primitive.STRING: _is_text,
    Primitive.DATE_TIME: _is_instant,
}
