"""Limits on a document before it runs, where graphql-core and Strawberry have none.

Each refusal names the limit, the count and the setting. Fragments count wherever they are spread, but each is measured
once, so that fragments which multiply each other cost no more than their text.
https://cheatsheetseries.owasp.org/cheatsheets/GraphQL_Cheat_Sheet.html#dos-prevention
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Lexer,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    ValueNode,
)

from gateway.errors import OperationLimitError

INTROSPECTION_FIELDS: Final = frozenset({"__schema", "__type"})
"""Their depth does not count: graphql-core has its own rule against circular introspection."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest counts that are accepted; see the settings of the same names."""

    tokens: int
    depth: int
    input_depth: int
    aliases: int
    root_fields: int
    directives: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a selection set amounts to. `fields` are those directly in it, `depth` counts levels of fields."""

    depth: int = 0
    input_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    @classmethod
    def of_all(cls, parts: Iterable["Extent"]) -> "Extent":
        depth = input_depth = fields = aliases = directives = 0
        for each in parts:
            depth = max(depth, each.depth)
            input_depth = max(input_depth, each.input_depth)
            fields += each.fields
            aliases += each.aliases
            directives += each.directives
        return cls(depth, input_depth, fields, aliases, directives)


def check_tokens(text: str, limits: Limits) -> None:
    """Refuses a document by its number of lexical tokens. Text that has no tokens is left to the parser."""
    lexer = Lexer(Source(text))
    try:
        for _ in range(limits.tokens + 1):
            if lexer.advance().kind is TokenKind.EOF:
                return
    except GraphQLError:
        return
    raise _exceeded("tokens", f"more than {limits.tokens}", limits.tokens)


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Refuses a document of which any operation exceeds a limit."""
    measure = _Measure(document)
    for definition in document.definitions:
        if not isinstance(definition, OperationDefinitionNode):
            continue
        try:
            extent = measure.selection_set(definition.selection_set)
        except RecursionError:  # fragments that spread each other a thousand levels deep
            raise _exceeded("depth", f"more than {limits.depth}", limits.depth) from None
        defaults = [each.default_value for each in definition.variable_definitions or () if each.default_value]
        for name, count, most in (
            ("depth", extent.depth, limits.depth),
            ("input depth", max(extent.input_depth, _input_depth(defaults)), limits.input_depth),
            ("root fields", extent.fields, limits.root_fields),
            ("aliases", extent.aliases, limits.aliases),
            ("directives", extent.directives + len(definition.directives or ()), limits.directives),
        ):
            if count > most:
                raise _exceeded(name, str(count), most)


def check_variables(variables: dict[str, Any], limits: Limits) -> None:
    """Refuses variables whose values nest too deeply."""
    depth, level = 0, _containers(variables.values())
    while level:
        depth += 1
        if depth > limits.input_depth:
            raise _exceeded("input depth", f"more than {limits.input_depth}", limits.input_depth)
        level = [inner for each in level for inner in _containers(each.values() if isinstance(each, dict) else each)]


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, (dict, list))]


def _exceeded(name: str, count: str, most: int) -> OperationLimitError:
    setting = f"GATEWAY_MAX_{name.replace(' ', '_').upper()}"
    return OperationLimitError(f"The operation has {name}: {count}. Allowed: {most} ({setting}).")


class _Measure:
    """Extents within one document. A fragment that spreads itself counts as nothing: validation refuses it."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._extents: dict[str, Extent] = {}

    def selection_set(self, node: SelectionSetNode | None) -> Extent:
        return Extent.of_all(self._selection(each) for each in node.selections) if node else Extent()

    def _selection(self, node: SelectionNode) -> Extent:
        directives = Extent(directives=len(node.directives or ()))
        match node:
            case FieldNode():
                below = self.selection_set(node.selection_set)
                own = Extent(
                    depth=1 if node.name.value in INTROSPECTION_FIELDS else 1 + below.depth,
                    input_depth=max(below.input_depth, _input_depth([each.value for each in node.arguments or ()])),
                    fields=1,
                    aliases=below.aliases + (node.alias is not None),
                    directives=below.directives,
                )
                return Extent.of_all([own, directives])
            case InlineFragmentNode():
                return Extent.of_all([self.selection_set(node.selection_set), directives])
            case _:
                assert isinstance(node, FragmentSpreadNode)
                return Extent.of_all([self._fragment(node.name.value), directives])

    def _fragment(self, name: str) -> Extent:
        if name not in self._extents and name in self._fragments:
            self._extents[name] = Extent()
            self._extents[name] = self.selection_set(self._fragments[name].selection_set)
        return self._extents.get(name, Extent())


def _input_depth(values: Sequence[ValueNode]) -> int:
    """Levels of lists and objects; the parser refuses more than 200."""
    depths = [0]
    for each in values:
        if isinstance(each, ListValueNode):
            depths.append(1 + _input_depth(each.values))
        elif isinstance(each, ObjectValueNode):
            depths.append(1 + _input_depth([member.value for member in each.fields]))
    return max(depths)
