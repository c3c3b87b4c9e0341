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
    raw, known = info._raw_info, info.context.selections  # noqa: SLF001 - Strawberry's view spreads every fragment anew
    nodes = tuple(id(node) for node in raw.field_nodes)  # the document keeps them alive
    if nodes not in known:
        known[nodes] = Selection(Selections(raw.fragments, raw.variable_values), raw.field_nodes)
    return known[nodes]


def sets_of(nodes: Iterable[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in nodes if node.selection_set]


@dataclass(frozen=True, slots=True)
class Selections:
    """Reads the selection sets of one operation."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues

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


class Selection(Mapping[str, SelectionTree]):
    """The names of the fields below some nodes, whatever the type, each with what is selected below it.

    It goes down only as far as it is read: fragments and fields can multiply each other, so that the whole of a small
    document's selection may be larger than any memory.
    """

    def __init__(self, selections: Selections, nodes: Iterable[FieldNode]) -> None:
        self._selections = selections
        self._nodes: dict[str, list[FieldNode]] = {}
        self._below: dict[str, Selection] = {}
        for field in selections.fields(sets_of(nodes)):
            self._nodes.setdefault(field.name.value, []).append(field)

    def __getitem__(self, name: str) -> SelectionTree:
        if name not in self._below:
            self._below[name] = Selection(self._selections, self._nodes[name])
        return self._below[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        return name in self._nodes
