"""What a caller selected below a field, with fragments spread and `@skip` and `@include` applied."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_directive_values,
)

from gateway.schema.context import Context, SelectionTree


def selected(info: strawberry.Info[Context]) -> SelectionTree:
    """The selection below the field that is being resolved; the same for each row that the field is resolved for."""
    raw, known = info._raw_info, info.context.selections  # noqa: SLF001 - Strawberry's own view spreads every fragment anew
    nodes = tuple(id(node) for node in raw.field_nodes)  # the document keeps them alive
    if nodes not in known:
        known[nodes] = Selection(raw, raw.field_nodes)
    return known[nodes]


class Selection(Mapping[str, SelectionTree]):
    """The fields selected below some nodes, each with what is selected below it.

    It goes down only as far as it is read, and spreads a fragment once a level, as execution does: fragments and fields
    can multiply each other, so that the whole of a small document's selection may be larger than any memory.
    """

    def __init__(self, info: GraphQLResolveInfo[Any], above: Iterable[FieldNode]) -> None:
        self._info = info
        self._fields: dict[str, list[FieldNode]] = {}
        self._spread: set[str] = set()
        for node in above:
            self._add(node.selection_set)

    def __getitem__(self, name: str) -> SelectionTree:
        return Selection(self._info, self._fields[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def _add(self, selection_set: SelectionSetNode | None) -> None:
        for node in selection_set.selections if selection_set else ():
            if not self._is_included(node):
                continue
            match node:
                case FieldNode():
                    self._fields.setdefault(node.name.value, []).append(node)
                case InlineFragmentNode():
                    self._add(node.selection_set)
                case FragmentSpreadNode() if node.name.value not in self._spread:
                    self._spread.add(node.name.value)
                    self._add(self._info.fragments[node.name.value].selection_set)

    def _is_included(self, node: SelectionNode) -> bool:
        variables = self._info.variable_values
        skip = get_directive_values(GraphQLSkipDirective, node, variables)
        include = get_directive_values(GraphQLIncludeDirective, node, variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))
