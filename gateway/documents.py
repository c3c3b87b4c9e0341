"""Document text → parsed, within limits, validated; kept for the next time in a cache bounded in entries and bytes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from gateway.errors import GatewayError, ParseFailedError, ValidationFailedError
from gateway.limits import Limits, check_document, check_tokens
from gateway.literals import lift, split, to_variables
from gateway.telemetry import CacheSizes

MAX_VALIDATION_ERRORS: Final = 8
"""Nobody mends more at a time, and scanners take ten for a document that was worked through however long it is."""

MAX_SHAPE_LENGTH: Final = 4_000
"""Of a text that is looked at for its shape: longer ones are generated, and then with variables."""


class DocumentError(Exception):
    """A document that cannot be run: graphql-core's errors, with their locations, and the outcome they amount to."""

    def __init__(self, outcome: type[GatewayError], errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.outcome = outcome
        self.errors = errors


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Document:
    """A valid document and its operations, in the order of the text; a lone one may have no name.

    `switches` are the variables that decide what is selected, by `@skip` and `@include`.
    """

    text: str
    node: DocumentNode
    operations: tuple[OperationDefinitionNode, ...]
    fragments: Mapping[str, FragmentDefinitionNode]
    switches: tuple[str, ...]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The operation to run, as in https://spec.graphql.org/October2021/#GetOperation()."""
        if name is None and len(self.operations) == 1:
            return self.operations[0]
        for each in self.operations:
            if name is not None and each.name and each.name.value == name:
                return each
        names = ", ".join(each.name.value if each.name else "one without a name" for each in self.operations)
        if name is None:
            raise ValidationFailedError(f"`operationName` must say which operation to run: {names}.")
        raise ValidationFailedError(f"The document has no operation of the given name; it has: {names}.")


@dataclass(slots=True)
class Prepared:
    """A text that is about to be run: its document, or one of its shape with the values of the literals lifted out.

    `whole` loads the document of the text itself, which errors speak of; it raises `DocumentError`.
    """

    document: Document
    literals: Mapping[str, Any]
    whole: Callable[[], Document]

    @classmethod
    def of(cls, document: Document) -> Self:
        """The document as it is."""
        return cls(document, {}, lambda: document)


class Shape(Enum):
    """What is known of a shape, unless it is the document of all that have it."""

    SEEN = "seen"
    """Once: it may be that no other document has it."""

    RIGID = "rigid"
    """Its literals cannot be lifted."""


class Documents:
    """Loads documents for one schema."""

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, introspection: bool, cache_entries: int, cache_bytes: int
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
        self._rules = (*specified_rules, OneOfInputValidationRule, *hidden)
        # Every text weighs at least its share of the bytes, so that the one bound on bytes bounds the entries too.
        share = max(1, cache_bytes // cache_entries)
        self._cache: LRUCache[str, Document] = LRUCache(cache_bytes, lambda document: max(share, len(document.text)))
        self._shapes: LRUCache[str, Document | Shape] = LRUCache(cache_entries)
        self._longest_shape = min(MAX_SHAPE_LENGTH, share)

    @property
    def cache_sizes(self) -> CacheSizes:
        return {"documents": lambda: len(self._cache), "shapes": lambda: len(self._shapes)}

    def prepare(self, text: str) -> Prepared:
        """What to run for the text. Raises like `load`, though not yet for what only `Prepared.whole` finds."""
        is_plain = len(text) > self._longest_shape or text in self._cache
        pieces = None if is_plain else split(text)
        if pieces is None:
            return Prepared.of(self.load(text))
        shape, values = pieces
        known = self._shapes.get(shape)
        if not isinstance(known, Document):
            document = self.load(text)
            if known is not Shape.RIGID:
                self._shapes[shape] = self._lift(document) if known else Shape.SEEN
            return Prepared.of(document)
        return Prepared(known, to_variables(values), lambda: self.load(text))

    def load(self, text: str) -> Document:
        """The document; raises `DocumentError`, or `OperationLimitError`."""
        document = self._cache.get(text)
        if document is None:
            document = self.read(text)
            if len(text) <= self._cache.maxsize:
                self._cache[text] = document
        return document

    def read(self, text: str) -> Document:
        """The same, read anew and not kept."""
        check_tokens(text, self._limits)
        try:
            node = parse(text, allow_empty_selection_sets=False)
        except GraphQLError as error:
            raise DocumentError(ParseFailedError, [error]) from None
        _unchain(node)
        check_document(node, self._limits)
        if errors := self._validate(node):
            raise DocumentError(ValidationFailedError, errors)
        return _to_document(text, node)

    def _lift(self, document: Document) -> Document | Shape:
        node = lift(self._schema, document.node, document.text)
        return Shape.RIGID if node is None or self._validate(node) else _to_document(document.text, node)

    def _validate(self, node: DocumentNode) -> list[GraphQLError]:
        return validate(
            self._schema,
            node,
            self._rules,
            max_errors=MAX_VALIDATION_ERRORS,
            hide_suggestions=not self._introspection,
            allow_empty_selection_sets=False,
        )


def _unchain(node: DocumentNode) -> None:
    """Takes the links between the tokens away, which nobody follows after the parser.

    They are cycles: of each document that leaves the cache they would stay until the collector looks at what is old.
    """
    token = node.loc.start_token if node.loc else None
    while token:
        token.prev, token.next, token = None, None, token.next


def _to_document(text: str, node: DocumentNode) -> Document:
    # There is one at least: fragments alone are unused, which validation refuses.
    operations = tuple(each for each in node.definitions if isinstance(each, OperationDefinitionNode))
    fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
    return Document(text, node, operations, fragments, _switches(node))


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        values = [each.value for each in node.arguments or ()]
        self.names |= dict.fromkeys(each.name.value for each in values if isinstance(each, VariableNode))


def _switches(node: DocumentNode) -> tuple[str, ...]:
    visitor = _Switches()
    visit(node, visitor)
    return tuple(visitor.names)
