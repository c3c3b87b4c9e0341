"""What a caller selected below a field, with fragments spread and `@skip` and `@include` applied.

https://spec.graphql.org/October2021/#CollectFields()
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import strawberry
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
)
from graphql.execution.values import VariableValues

from gateway.schema.context import Context, SelectionTree


def selected(info: strawberry.Info[Context]) -> SelectionTree:
    """The selection below the field that is being resolved; the same for each row that the field is resolved for."""
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own `selected_fields` takes 2^n steps for n nested fragments
    nodes = tuple(id(node) for node in raw.field_nodes)  # the document keeps them alive
    trees = info.context.selections
    if nodes not in trees:
        trees[nodes] = Selections(raw.fragments, raw.variable_values).tree(raw.field_nodes)
    return trees[nodes]


@dataclass(frozen=True, slots=True)
class Selections:
    """Reads the selection sets of one operation."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def tree(self, nodes: Iterable[FieldNode]) -> SelectionTree:
        """Names of the fields below the nodes, each with what is below it, for whatever type."""
        named: dict[str, list[FieldNode]] = {}
        for field in self.fields(nodes):
            named.setdefault(field.name.value, []).append(field)
        return {name: self.tree(fields) for name, fields in named.items()}

    def fields(self, nodes: Iterable[FieldNode]) -> Iterator[FieldNode]:
        """The fields directly below the nodes. A fragment counts once, however often it is spread: the same fields."""
        visited: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                yield from self._fields(node.selection_set, visited)

    def _fields(self, selection_set: SelectionSetNode, visited: set[str]) -> Iterator[FieldNode]:
        for each in selection_set.selections:
            if not self._is_included(each):
                continue
            match each:
                case FieldNode():
                    yield each
                case InlineFragmentNode():
                    yield from self._fields(each.selection_set, visited)
                case FragmentSpreadNode() if each.name.value not in visited:
                    visited.add(each.name.value)
                    yield from self._fields(self.fragments[each.name.value].selection_set, visited)

    def _is_included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or include["if"])
