"""A CSDL document (`$metadata`), read as it comes: no tree is built, so its size does not matter.

https://docs.oasis-open.org/odata/odata-csdl-xml/v4.01/odata-csdl-xml-v4.01.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final
from xml.etree.ElementTree import ParseError, XMLParser

EDMX: Final = "{http://docs.oasis-open.org/odata/ns/edmx}"
EDM: Final = "{http://docs.oasis-open.org/odata/ns/edm}"

ENTITY, COMPLEX, ENUM = "entity type", "complex type", "enum"
PROPERTY, NAVIGATION, MEMBER = "property", "navigation property", "member"
ACTION, FUNCTION = "action", "function"

TYPES: Final = {"EntityType": ENTITY, "ComplexType": COMPLEX, "EnumType": ENUM}
OPERATIONS: Final = {"Action": ACTION, "Function": FUNCTION}
MEMBERS: Final = {"Property": PROPERTY, "NavigationProperty": NAVIGATION, "Member": MEMBER}


class CsdlError(Exception):
    """What was read is no CSDL document, or one that cannot be trusted."""


@dataclass(slots=True)
class TypeElement:
    """`members`: kind and name → type as it is written, empty for the member of an enum."""

    kind: str
    base: str | None
    is_flags: bool
    keys: list[str] = field(default_factory=list)
    members: dict[tuple[str, str], str] = field(default_factory=dict)
    contained: set[str] = field(default_factory=set)
    """Names of navigation properties that lead to sets of its own."""


@dataclass(slots=True)
class OperationElement:
    """An action or function; `parameters` have the one that it is bound to first."""

    kind: str
    name: str
    is_bound: bool
    parameters: list[tuple[str, str]] = field(default_factory=list)
    returns: str = ""


class CsdlReader:
    """Takes the bytes in pieces; `close` ends the document. Both raise `CsdlError`."""

    def __init__(self) -> None:
        self._target = _Target()
        # No tree, no document type and so no entities of its own; expat bounds what is left.
        self._parser = XMLParser(target=self._target)  # noqa: S314 - see above

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.feed(piece)
        except ParseError as error:
            raise CsdlError(f"It is no well-formed XML: {error}.") from None

    def close(self) -> "Csdl":
        try:
            self._parser.close()
        except ParseError as error:
            raise CsdlError(f"It is no well-formed XML: {error}.") from None
        return self._target.csdl


class Csdl:
    """The types and operations of a document. Names are qualified; `resolve` undoes aliases in what refers to them."""

    def __init__(self) -> None:
        self.types: dict[str, TypeElement] = {}
        self.operations: list[OperationElement] = []
        self._aliases: dict[str, str] = {}

    def add_alias(self, alias: str, namespace: str) -> None:
        self._aliases[alias] = namespace

    def resolve(self, type_name: str) -> str:
        """The name of a type, or of `Collection(…)` of it, with its namespace in full."""
        is_collection, name = to_element(type_name)
        prefix, dot, rest = name.rpartition(".")
        resolved = f"{self._aliases.get(prefix, prefix)}{dot}{rest}"
        return f"Collection({resolved})" if is_collection else resolved

    def bound_to(self, operation: OperationElement) -> str:
        """The type of what an action or function is bound to, empty for one that is not bound."""
        return self.resolve(operation.parameters[0][1]) if operation.is_bound and operation.parameters else ""

    def derived_from(self, name: str) -> list[str]:
        """The types that are one step down."""
        return [each for each, of in self.types.items() if of.base and self.resolve(of.base) == name]

    def lineage(self, name: str) -> Iterator[TypeElement]:
        """The type and those that it is derived from."""
        passed: set[str] = set()
        following: str | None = name
        while following is not None:
            if following in passed or following not in self.types:
                raise CsdlError(f"{name}: the base type {following} is not there, or leads back to it.")
            passed.add(following)
            element = self.types[following]
            yield element
            following = self.resolve(element.base) if element.base else None


def to_element(type_name: str) -> tuple[bool, str]:
    """Whether it is a collection, and the type of one."""
    inner = type_name.removeprefix("Collection(")
    return (False, type_name) if inner == type_name else (True, inner.removesuffix(")"))


class _Target:
    """What the parser tells of elements: https://docs.python.org/3/library/xml.etree.elementtree.html#xmlparser-objects."""

    def __init__(self) -> None:
        self.csdl = Csdl()
        self._depth = 0
        self._namespace = ""
        self._type: TypeElement | None = None
        self._operation: OperationElement | None = None

    def doctype(self, *_: object) -> None:
        raise CsdlError("It has a document type declaration, which CSDL has no use for.")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._depth == 0 and tag != f"{EDMX}Edmx":
            raise CsdlError("It is no CSDL document: its root is not edmx:Edmx of OData 4.")
        self._depth += 1
        if tag.startswith(EDM):
            try:
                self._start(tag.removeprefix(EDM), attributes)
            except KeyError as error:
                raise CsdlError(f"{tag.removeprefix(EDM)} has no attribute {error.args[0]}.") from None

    def end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.removeprefix(EDM)
        if name in TYPES:
            self._type = None
        elif name in OPERATIONS:
            self._operation = None

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Schema":
            self._namespace = attributes["Namespace"]
            if "Alias" in attributes:
                self.csdl.add_alias(attributes["Alias"], self._namespace)
        elif name in TYPES:
            is_flags = attributes.get("IsFlags") == "true"
            self._type = TypeElement(TYPES[name], attributes.get("BaseType"), is_flags)
            self.csdl.types[f"{self._namespace}.{attributes['Name']}"] = self._type
        elif name in OPERATIONS:
            is_bound = attributes.get("IsBound") == "true"
            self._operation = OperationElement(OPERATIONS[name], attributes["Name"], is_bound)
            self.csdl.operations.append(self._operation)
        elif self._type:
            self._start_in_type(self._type, name, attributes)
        elif self._operation:
            self._start_in_operation(self._operation, name, attributes)

    def _start_in_type(self, element: TypeElement, name: str, attributes: Mapping[str, str]) -> None:
        if name == "PropertyRef":
            element.keys.append(attributes["Name"])
        elif name in MEMBERS:
            written = "" if name == "Member" else attributes["Type"]
            element.members[MEMBERS[name], intern(attributes["Name"])] = intern(written)
            if attributes.get("ContainsTarget") == "true":
                element.contained.add(attributes["Name"])

    def _start_in_operation(self, operation: OperationElement, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Parameter":
            operation.parameters.append((attributes["Name"], intern(attributes["Type"])))
        elif name == "ReturnType":
            operation.returns = intern(attributes["Type"])
