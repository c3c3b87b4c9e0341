"""The frozen specs that everything else reads: schema, mapping, permissions, the emulator.

They say what Microsoft Graph has, in Graph's own names; they know nothing of GraphQL, HTTP or Strawberry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

NAMESPACE = "microsoft.graph.managedTenants"
ROOT_PATH = "/tenantRelationships/managedTenants"


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
    DATE_TIME = "Edm.DateTimeOffset"


@dataclass(frozen=True, slots=True)
class ComplexSpec:
    """A structured value without a key, part of an entity."""

    name: str
    description: str
    properties: tuple["PropertySpec", ...]


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """One member of an entity or complex type. `name` is Graph's wire name."""

    name: str
    type: Primitive | ComplexSpec
    description: str
    is_list: bool = False
    is_key: bool = False
    on_create: Presence = Presence.ABSENT
    on_update: Presence = Presence.ABSENT

    @property
    def is_comparable(self) -> bool:
        """Whether `$filter` and `$orderby` can name it: a single primitive value."""
        return isinstance(self.type, Primitive) and not self.is_list


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
    permissions: Mapping[Operation, str] = field(hash=False)
    """The least privileged delegated permission for each operation."""

    @property
    def operations(self) -> Operation:
        return self.documented | self.by_convention

    @property
    def entity_type(self) -> str:
        """The wire name of the type, without namespace."""
        return self.name[0].lower() + self.name[1:]

    @property
    def odata_type(self) -> str:
        """The value of `@odata.type` in bodies.

        https://docs.oasis-open.org/odata/odata-json-format/v4.01/odata-json-format-v4.01.html#sec_ControlInformationtypeodatatype
        """
        return f"#{NAMESPACE}.{self.entity_type}"

    @property
    def path(self) -> str:
        """The collection's path below the version."""
        return f"{ROOT_PATH}/{self.entity_set}"

    @property
    def key(self) -> PropertySpec:
        return next(each for each in self.properties if each.is_key)

    def property(self, name: str) -> PropertySpec:
        return next(each for each in self.properties if each.name == name)
