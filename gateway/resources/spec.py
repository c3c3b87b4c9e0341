"""The frozen specs that everything else reads: schema, mapping, permissions, the emulator.

They say what Microsoft Graph has, in Graph's own names; they know nothing of GraphQL, HTTP or Strawberry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

NAMESPACE = "microsoft.graph.managedTenants"
ROOT_PATH = "/tenantRelationships/managedTenants"

FUTURE = "unknownFutureValue"
"""The member of every evolvable enum that stands for members which came later.

https://learn.microsoft.com/graph/best-practices-concept#handling-future-members-in-evolvable-enumerations
"""


class Operation(Flag):
    """What can be done with the members of an entity set."""

    LIST = auto()
    GET = auto()
    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()


READS = Operation.LIST | Operation.GET
WRITES = Operation.CREATE | Operation.UPDATE | Operation.DELETE


class Presence(Enum):
    """Whether an input has a property."""

    ABSENT = auto()
    OPTIONAL = auto()
    REQUIRED = auto()


class Primitive(Enum):
    """The primitive types in use, by their OData names.

    https://docs.oasis-open.org/odata/odata-csdl-json/v4.01/odata-csdl-json-v4.01.html#sec_PrimitiveTypes
    """

    STRING = "Edm.String"
    BOOLEAN = "Edm.Boolean"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    DOUBLE = "Edm.Double"
    DATE_TIME = "Edm.DateTimeOffset"


@dataclass(frozen=True, slots=True)
class MemberSpec:
    """One member of an enum, by its wire name."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class EnumSpec:
    """A closed list of names that Graph may lengthen; `members` are those declared, `unknownFutureValue` apart.

    Of flags a value is several names at once, written with commas: `api,email`.
    """

    name: str
    description: str
    members: tuple[MemberSpec, ...]
    is_flags: bool = False


@dataclass(frozen=True, slots=True)
class ComplexSpec:
    """A structured value without a key, part of an entity."""

    name: str
    description: str
    properties: tuple["PropertySpec", ...]
    namespace: str = NAMESPACE


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """One member of an entity or complex type, or a parameter of an action. `name` is Graph's wire name."""

    name: str
    type: Primitive | EnumSpec | ComplexSpec
    description: str
    is_list: bool = False
    is_key: bool = False
    on_create: Presence = Presence.ABSENT
    on_update: Presence = Presence.ABSENT

    @property
    def is_comparable(self) -> bool:
        """Whether `$filter` and `$orderby` can name it: a single primitive value or one name of an enum."""
        if self.is_list or isinstance(self.type, ComplexSpec):
            return False
        return isinstance(self.type, Primitive) or not self.type.is_flags


@dataclass(frozen=True, slots=True)
class LinkSpec:
    """A navigation property: other entities that belong to one. `target` is the name of their resource."""

    name: str
    target: str
    description: str
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """A bound action: something that Graph does with an entity, or with a whole set.

    `name` is the mutation's, `wire_name` Graph's. `parameters` are required or optional as their `on_create` says.
    `returns` is the name of a resource, or a complex type. A `documented` action has a page in the Graph reference.
    """

    name: str
    wire_name: str
    description: str
    parameters: tuple[PropertySpec, ...]
    returns: str | ComplexSpec
    returns_list: bool = False
    on_set: bool = False
    documented: bool = True
    permission: str | None = None
    """The least privileged delegated permission; None where Microsoft names none."""


@dataclass(frozen=True, slots=True)
class ResourceSpec:
    """An entity set and the type of its members."""

    name: str
    """GraphQL type name: the entity type's name with a capital letter."""
    entity_set: str
    description: str
    properties: tuple[PropertySpec, ...]
    documented: Operation
    """Operations that have a page in the Graph reference."""
    by_convention: Operation
    """Operations that rest on OData's uniform conventions only; Graph may refuse them."""
    permissions: Mapping[Operation, str | None] = field(hash=False)
    """The least privileged delegated permission for each operation; None where Microsoft names none."""
    links: tuple[LinkSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    within: str | None = None
    """The resource whose every entity has a set of these of its own; None: the set is the namespace's."""
    natural_key: tuple[str, ...] = ()
    """Properties by which people tell these objects apart; one that was created and lost sight of is found by them."""
    joined_by: str | None = None
    """The property by which other resources refer to this one, under the same name."""
    pages: Mapping[Operation, str] = field(default_factory=dict, hash=False)
    """Names of reference pages that do not follow the reference's own pattern."""
    key: PropertySpec = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", next(each for each in self.properties if each.is_key))

    @property
    def operations(self) -> Operation:
        return self.documented | self.by_convention

    @property
    def entity_type(self) -> str:
        """The wire name of the type, without namespace."""
        return wire_name(self.name)

    @property
    def odata_type(self) -> str:
        """The value of `@odata.type` in bodies.

        https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ControlInformationtypeodatatype
        """
        return f"#{NAMESPACE}.{self.entity_type}"

    def property(self, name: str) -> PropertySpec:
        return next(each for each in self.properties if each.name == name)

    def has_property(self, name: str) -> bool:
        return any(each.name == name for each in self.properties)


def wire_name(name: str) -> str:
    """The name of a type in Graph, without namespace, for its GraphQL name."""
    return name[0].lower() + name[1:]
