"""The vocabulary in which resources are declared: `Resource`, `Complex`, `Enumeration` and the kinds of members.

A class body is plain values; `__init_subclass__` collects them into a frozen spec (`spec.py`). Nothing is instantiated
and no annotation is evaluated. Declared name = Graph's wire name = GraphQL field name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import getdoc
from typing import Any, ClassVar, TypeVar

from gateway.resources.spec import (
    NAMESPACE,
    READS,
    WRITES,
    ActionSpec,
    ComplexSpec,
    EnumSpec,
    LinkSpec,
    MemberSpec,
    Operation,
    Presence,
    Primitive,
    PropertySpec,
    ResourceSpec,
)

LIST, GET, CREATE, UPDATE, DELETE = Operation
NONE, ALL = Operation(0), READS | WRITES
OPTIONAL, REQUIRED = Presence.OPTIONAL, Presence.REQUIRED

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Member:
    """What a class body declares under a name: the spec but for the name, which is not known yet."""

    spec: Any

    def named(self, name: str) -> Any:
        return replace(self.spec, name=name)


def _property(of: Primitive | EnumSpec | ComplexSpec, *, is_list: bool = False) -> Callable[..., Member]:
    def declare(
        description: str, *, on_create: Presence = Presence.ABSENT, on_update: Presence = Presence.ABSENT
    ) -> Member:
        return Member(PropertySpec("", of, description, is_list, on_create=on_create, on_update=on_update))

    return declare


text = _property(Primitive.STRING)
texts = _property(Primitive.STRING, is_list=True)
boolean = _property(Primitive.BOOLEAN)
int32 = _property(Primitive.INT32)
int64 = _property(Primitive.INT64)
double = _property(Primitive.DOUBLE)
instant = _property(Primitive.DATE_TIME)


def key(description: str, *, on_create: Presence = Presence.ABSENT) -> Member:
    return Member(PropertySpec("", Primitive.STRING, description, is_key=True, on_create=on_create))


def one(of: "type[Complex | Enumeration]", description: str, **presence: Presence) -> Member:
    """One object of a complex type, or one name of an enum (several, if it is flags)."""
    return _property(of.spec)(description, **presence)


def many(of: "type[Complex]", description: str, **presence: Presence) -> Member:
    """A list of objects of a complex type."""
    return _property(of.spec, is_list=True)(description, **presence)


def member(description: str) -> Member:
    """One name of an enum."""
    return Member(MemberSpec("", description))


def link(target: str, description: str) -> Member:
    """A navigation property that leads to one entity. `target` is a class name: links run in circles."""
    return Member(LinkSpec("", target, description))


def links(target: str, description: str) -> Member:
    """A navigation property that leads to a collection."""
    return Member(LinkSpec("", target, description, is_list=True))


def action(
    description: str,
    *,
    returns: "str | type[Complex]",
    parameters: Mapping[str, Member] | None = None,
    wire_name: str = "",
    returns_list: bool = False,
    on_set: bool = False,
    documented: bool = True,
    permission: str | None = None,
) -> Member:
    """A bound action. Its mutation has the declared name; Graph's own goes into `wire_name` where they differ.

    `parameters` are optional unless `on_create=REQUIRED`; `permission` is the write permission unless given.
    """
    named = [each.named(name) for name, each in (parameters or {}).items()]
    return Member(
        ActionSpec(
            name="",
            wire_name=wire_name,
            description=description,
            parameters=tuple(
                each if each.on_create is REQUIRED else replace(each, on_create=OPTIONAL) for each in named
            ),
            returns=returns if isinstance(returns, str) else returns.spec,
            returns_list=returns_list,
            on_set=on_set,
            documented=documented,
            permission=permission,
        )
    )


class Enumeration:
    """Base of enums; `unknownFutureValue` belongs to each and is not declared."""

    spec: ClassVar[EnumSpec]

    def __init_subclass__(cls, *, flags: bool = False) -> None:
        cls.spec = EnumSpec(cls.__name__, described(cls), tuple(declared(cls, MemberSpec)), flags)


class Complex:
    """Base of complex types; the class docstring becomes the type's description."""

    spec: ClassVar[ComplexSpec]

    def __init_subclass__(cls, *, namespace: str = NAMESPACE) -> None:
        # Members of a structured value are written with it; Graph names none as required.
        properties = [replace(each, on_create=OPTIONAL, on_update=OPTIONAL) for each in declared(cls, PropertySpec)]
        cls.spec = ComplexSpec(cls.__name__, described(cls), tuple(properties), namespace)


class Resource:
    """Base of entity types with their entity set; the class docstring becomes the type's description.

    `documented` operations have a page in the Graph reference; the others rest on OData's conventions. What a create
    or an update by convention may set is not known: every property but the key, unless some are declared for it.
    `natural_key` names the properties by which people tell these objects apart.
    """

    spec: ClassVar[ResourceSpec]

    def __init_subclass__(
        cls,
        *,
        entity_set: str,
        documented: Operation = NONE,
        read_permission: str | None = None,
        get_permission: str | None = None,
        write_permission: str | None = None,
        within: str | None = None,
        natural_key: tuple[str, ...] = (),
        joined_by: str | None = None,
        pages: Mapping[Operation, str] | None = None,
    ) -> None:
        members = declared(cls, PropertySpec, LinkSpec, ActionSpec)
        properties = _only(PropertySpec, members)
        if [each.is_key for each in properties].count(True) != 1:
            raise TypeError(f"{cls.__name__}: exactly one property must be the key")
        _check_inputs(cls, properties, documented)
        permissions = dict.fromkeys(READS, read_permission) | dict.fromkeys(WRITES, write_permission)
        cls.spec = ResourceSpec(
            name=cls.__name__,
            entity_set=entity_set,
            description=described(cls),
            properties=_opened(properties),
            documented=documented,
            by_convention=ALL & ~documented,
            permissions=permissions | ({GET: get_permission} if get_permission else {}),
            links=_only(LinkSpec, members),
            actions=tuple(
                replace(each, wire_name=each.wire_name or each.name, permission=each.permission or write_permission)
                for each in _only(ActionSpec, members)
            ),
            within=within,
            natural_key=natural_key,
            joined_by=joined_by,
            pages=pages or {},
        )
        for role, names in (("joined", [joined_by] if joined_by else []), ("known", natural_key)):
            for name in names:
                if not cls.spec.has_property(name):
                    raise TypeError(f"{cls.__name__}: {role} by {name}, which is none of its properties")


def declared(cls: type, *kinds: type) -> list[Any]:
    """The specs of the members, in order. What is no declaration of these kinds is refused."""
    found = []
    for name, value in vars(cls).items():
        if name.startswith("__"):
            continue
        if not isinstance(value, Member) or not isinstance(value.spec, kinds):
            raise TypeError(f"{cls.__name__}.{name}: cannot be declared here; see gateway.resources.base for what can")
        found.append(value.named(name))
    if not found:
        raise TypeError(f"{cls.__name__}: a type needs a member")
    return found


def _only(kind: type[S], members: Iterable[Any]) -> tuple[S, ...]:
    return tuple(each for each in members if isinstance(each, kind))


def described(cls: type) -> str:
    description = getdoc(cls) if cls.__doc__ else None
    if not description:
        raise TypeError(f"{cls.__name__}: a docstring is needed, it becomes the description in the schema")
    return description


def _check_inputs(cls: type, properties: tuple[PropertySpec, ...], documented: Operation) -> None:
    for operation, presences in (
        (CREATE, {each.on_create for each in properties}),
        (UPDATE, {each.on_update for each in properties}),
    ):
        if operation in documented and presences == {Presence.ABSENT}:
            raise TypeError(f"{cls.__name__}: {operation.name} is documented, but no property is part of its input")


def _opened(properties: tuple[PropertySpec, ...]) -> tuple[PropertySpec, ...]:
    """The same, every one but the key optional in an input for which none is declared."""
    values = [each for each in properties if not each.is_key]
    on_create = OPTIONAL if all(each.on_create is Presence.ABSENT for each in values) else None
    on_update = OPTIONAL if all(each.on_update is Presence.ABSENT for each in values) else None
    return tuple(
        each
        if each.is_key
        else replace(each, on_create=on_create or each.on_create, on_update=on_update or each.on_update)
        for each in properties
    )
