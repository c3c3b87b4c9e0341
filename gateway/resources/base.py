"""The vocabulary in which resources are declared: `Resource`, `Complex` and the kinds of properties.

A class body is plain values; `__init_subclass__` collects them into a frozen spec (`spec.py`). Nothing is instantiated
and no annotation is evaluated. Declared name = Graph's wire name = GraphQL field name.
"""

from dataclasses import dataclass
from inspect import getdoc
from typing import ClassVar

from gateway.resources.spec import (
    READS,
    WRITES,
    ComplexSpec,
    Operation,
    Presence,
    Primitive,
    PropertySpec,
    ResourceSpec,
)

LIST, GET, CREATE, UPDATE, DELETE = Operation
NONE = Operation(0)
OPTIONAL, REQUIRED = Presence.OPTIONAL, Presence.REQUIRED


@dataclass(frozen=True, slots=True)
class Declaration:
    """A property that does not know its name yet."""

    type: Primitive | ComplexSpec
    description: str
    is_list: bool = False
    is_key: bool = False
    on_create: Presence = Presence.ABSENT
    on_update: Presence = Presence.ABSENT

    def named(self, name: str) -> PropertySpec:
        return PropertySpec(
            name, self.type, self.description, self.is_list, self.is_key, self.on_create, self.on_update
        )


def key(description: str, *, on_create: Presence = Presence.ABSENT) -> Declaration:
    return Declaration(Primitive.STRING, description, is_key=True, on_create=on_create)


def text(
    description: str, *, on_create: Presence = Presence.ABSENT, on_update: Presence = Presence.ABSENT
) -> Declaration:
    return Declaration(Primitive.STRING, description, on_create=on_create, on_update=on_update)


def instant(
    description: str, *, on_create: Presence = Presence.ABSENT, on_update: Presence = Presence.ABSENT
) -> Declaration:
    return Declaration(Primitive.DATE_TIME, description, on_create=on_create, on_update=on_update)


def many(
    of: type["Complex"],
    description: str,
    *,
    on_create: Presence = Presence.ABSENT,
    on_update: Presence = Presence.ABSENT,
) -> Declaration:
    return Declaration(of.spec, description, is_list=True, on_create=on_create, on_update=on_update)


class Complex:
    """Base of complex types; the class docstring becomes the type's description."""

    spec: ClassVar[ComplexSpec]

    def __init_subclass__(cls) -> None:
        cls.spec = ComplexSpec(cls.__name__, described(cls), declared_properties(cls))


class Resource:
    """Base of entity types with their entity set; the class docstring becomes the type's description.

    `documented` operations have a page in the Graph reference; those `by_convention` do not.
    """

    spec: ClassVar[ResourceSpec]

    def __init_subclass__(
        cls,
        *,
        entity_set: str,
        documented: Operation,
        by_convention: Operation = NONE,
        read_permission: str,
        write_permission: str,
    ) -> None:
        if documented & by_convention:
            raise TypeError(f"{cls.__name__}: an operation is either documented or by convention")
        permissions = dict.fromkeys(READS, read_permission) | dict.fromkeys(WRITES, write_permission)
        cls.spec = ResourceSpec(
            name=cls.__name__,
            entity_set=entity_set,
            description=described(cls),
            properties=declared_properties(cls),
            documented=documented,
            by_convention=by_convention,
            permissions=permissions,
        )
        if [each.is_key for each in cls.spec.properties].count(True) != 1:
            raise TypeError(f"{cls.__name__}: exactly one property must be the key")
        for operation, presences in (
            (CREATE, {each.on_create for each in cls.spec.properties}),
            (UPDATE, {each.on_update for each in cls.spec.properties}),
        ):
            if operation in cls.spec.operations and presences == {Presence.ABSENT}:
                raise TypeError(f"{cls.__name__}: {operation.name} is offered, but no property is part of its input")


def declared_properties(cls: type) -> tuple[PropertySpec, ...]:
    properties: list[PropertySpec] = []
    for name, value in vars(cls).items():
        if name.startswith("__"):
            continue
        if not isinstance(value, Declaration):
            raise TypeError(f"{cls.__name__}.{name}: no property; declare it with key(), text(), instant() or many()")
        properties.append(value.named(name))
    if not properties:
        raise TypeError(f"{cls.__name__}: a type needs a property")
    return tuple(properties)


def described(cls: type) -> str:
    description = getdoc(cls) if cls.__doc__ else None
    if not description:
        raise TypeError(f"{cls.__name__}: a docstring is needed, it becomes the description in the schema")
    return description
