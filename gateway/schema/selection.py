"""What a caller selected below a field, with fragments spread and `@skip` and `@include` applied."""

from collections.abc import Iterable

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from gateway.schema.context import Context, SelectionTree


def selected(info: strawberry.Info[Context]) -> SelectionTree:
    """The selection below the field that is being resolved; the same for each row that the field is resolved for."""
    nodes = tuple(id(node) for node in info._raw_info.field_nodes)  # noqa: SLF001 - the document keeps them alive
    trees = info.context.selections
    if nodes not in trees:
        trees[nodes] = _tree(info.selected_fields)[info.field_name]
    return trees[nodes]


def _tree(selections: Iterable[Selection]) -> SelectionTree:
    tree: SelectionTree = {}
    for each in selections:
        if each.directives.get("skip", {}).get("if") or not each.directives.get("include", {"if": True})["if"]:
            continue
        below = _tree(each.selections)
        _merge(tree, {each.name: below} if isinstance(each, SelectedField) else below)
    return tree


def _merge(into: SelectionTree, other: SelectionTree) -> None:
    for name, below in other.items():
        _merge(into.setdefault(name, {}), below)
