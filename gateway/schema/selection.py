"""What a caller selected below a field, with fragments spread and `@skip` and `@include` applied.

https://spec.graphql.org/October2021/#CollectFields()
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
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


def sets_of(nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set]


@dataclass(frozen=True, slots=True)
class Selections:
    """Reads the selection sets of one operation."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

    def tree(self, nodes: Iterable[FieldNode]) -> SelectionTree:
        """Names of the fields below the nodes, each with what is below it, for whatever type."""
        named: dict[str, list[FieldNode]] = {}
        for field in self.fields(sets_of(nodes)):
            named.setdefault(field.name.value, []).append(field)
        return {name: self.tree(fields) for name, fields in named.items()}

    def fields(
        self, sets: Iterable[SelectionSetNode], applies: Callable[[str], bool] = lambda _: True
    ) -> Iterator[FieldNode]:
        """The fields of all sets, for the types that the condition of a fragment applies to.

        A fragment counts once, however often it is spread: the fields are the same.
        """
        visited: set[str] = set()
        pending = deque(each for selection_set in sets for each in selection_set.selections)
        while pending:
            node = pending.popleft()
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            fragment = self._fragment(node, visited)
            condition = fragment.type_condition if fragment else None
            if fragment and (condition is None or applies(condition.name.value)):
                pending.extendleft(reversed(fragment.selection_set.selections))

    def _fragment(self, node: SelectionNode, visited: set[str]) -> FragmentDefinitionNode | InlineFragmentNode | None:
        """The fragment that stands here; None if it has been spread before."""
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        name = node.name.value
        if name in visited:
            return None
        visited.add(name)
        return self.fragments[name]

    def _is_included(self, node: SelectionNode) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return not (skip and skip["if"]) and (include is None or include["if"])
