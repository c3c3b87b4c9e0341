"""Document text → parsed, within limits, validated; kept for the next time in a cache bounded in entries and bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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

MAX_VALIDATION_ERRORS: Final = 20


class DocumentError(Exception):
    """A document that cannot be run: graphql-core's errors, with their locations, and the outcome they amount to."""

    def __init__(self, outcome: type[GatewayError], errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.outcome = outcome
        self.errors = errors


@dataclass(frozen=True, slots=True)
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

    def load(self, text: str) -> Document:
        """The document; raises `DocumentError`, or `OperationLimitError`."""
        document = self._cache.get(text)
        if document is None:
            document = self._load(text)
            if len(text) <= self._cache.maxsize:
                self._cache[text] = document
        return document

    def _load(self, text: str) -> Document:
        check_tokens(text, self._limits)
        try:
            node = parse(text, allow_empty_selection_sets=False)
        except GraphQLError as error:
            raise DocumentError(ParseFailedError, [error]) from None
        check_document(node, self._limits)
        errors = validate(
            self._schema,
            node,
            self._rules,
            max_errors=MAX_VALIDATION_ERRORS,
            hide_suggestions=not self._introspection,
            allow_empty_selection_sets=False,
        )
        if errors:
            raise DocumentError(ValidationFailedError, errors)
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
