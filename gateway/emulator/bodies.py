"""The JSON body of a create, an update or an action, checked against the declared properties or parameters.

Values of a wrong type are always refused. Strict, so is everything else that the declarations do not foresee, by name,
so that no client error goes unseen; lenient, what cannot be set is left out and what is missing is nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.emulator.messages import Call, Json, RefusalError, bad_request, from_bytes
from gateway.emulator.values import is_value, type_name
from gateway.resources.spec import (
    NAMESPACE,
    ActionSpec,
    ComplexSpec,
    EnumSpec,
    Presence,
    Primitive,
    PropertySpec,
    ResourceSpec,
)

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
        _check_is_json(call)
    given = read_object(call)
    if strict:
        _check_type(given, spec.odata_type, path=ODATA_TYPE)
    return _Reader(wanted, strict).members(given, spec.properties, spec.odata_type, path="")


def read_parameters(call: Call, action: ActionSpec, *, strict: bool) -> dict[str, Json]:
    """All parameters, those not given as null or empty. Raises `RefusalError`.

    An action without parameters may come without a body.
    """
    if not (call.content or action.parameters):
        return {}
    if strict:
        _check_is_json(call)
    name = f"{NAMESPACE}.{action.wire_name}"
    given = _Reader(on_create, strict).members(read_object(call), action.parameters, name, path="")
    return {each.name: given.get(each.name, [] if each.is_list else None) for each in action.parameters}


def _check_is_json(call: Call) -> None:
    if not is_json(call):
        raise RefusalError(415, "UnsupportedMediaType", "The Content-Type of the request must be application/json.")


def is_json(call: Call) -> bool:
    return call.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def read_object(call: Call) -> dict[str, Json]:
    try:
        content = from_bytes(call.content)
    except ValueError:
        raise bad_request(UNREADABLE) from None
    if not isinstance(content, dict):
        raise bad_request(UNREADABLE)
    return content


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the members of an object, those of the objects in it as well. `path` ends in a slash, or is empty."""

    wanted: Wanted
    strict: bool

    def members(
        self, given: dict[str, Json], properties: Sequence[PropertySpec], odata_type: str, *, path: str
    ) -> dict[str, Json]:
        if self.strict:
            self._check_names(given, properties, odata_type, path=path)
        return {
            each.name: self._value(each, given[each.name], path=f"{path}{each.name}")
            for each in properties
            if each.name in given and self.wanted(each) is not Presence.ABSENT
        }

    def _check_names(
        self, given: dict[str, Json], properties: Sequence[PropertySpec], odata_type: str, *, path: str
    ) -> None:
        declared = {each.name: self.wanted(each) for each in properties}
        for name in given:
            here = f"{path}{name}"
            if name == ODATA_TYPE:
                _check_type(given, odata_type, path=here)
            elif name not in declared:
                raise bad_request(
                    f"The property '{here}' does not exist on type '{odata_type.removeprefix('#')}'.", here
                )
            elif declared[name] is Presence.ABSENT:
                raise bad_request(f"The property '{here}' is read-only and cannot be set.", here)
        for name, presence in declared.items():
            if presence is Presence.REQUIRED and given.get(name) is None:
                raise bad_request(f"The property '{path}{name}' is required.", f"{path}{name}")

    def _value(self, spec: PropertySpec, value: Json, *, path: str) -> Json:
        if not spec.is_list:
            return None if value is None else self._single(spec.type, value, path=path)
        if not isinstance(value, list):
            raise bad_request(f"The property '{path}' must be a JSON array.", path)
        return [self._single(spec.type, each, path=f"{path}/{index}") for index, each in enumerate(value)]

    def _single(self, kind: Primitive | EnumSpec | ComplexSpec, value: Json, *, path: str) -> Json:
        if isinstance(kind, ComplexSpec):
            if not isinstance(value, dict):
                raise bad_request(f"The property '{path}' must be a JSON object.", path)
            return self.members(value, kind.properties, f"#{type_name(kind)}", path=f"{path}/")
        if not is_value(kind, value):
            raise bad_request(f"Cannot convert the value of '{path}' to the expected type '{type_name(kind)}'.", path)
        return value


def _check_type(given: dict[str, Json], expected: str, *, path: str) -> None:
    if given.get(ODATA_TYPE) != expected:
        raise bad_request(f"The member '{path}' must be there and be '{expected}'.", path)
