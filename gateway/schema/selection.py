"""What a caller selected below a field, with fragments spread and `@skip` and `@include` applied."""

from collections.abc import Iterable

import strawberry
from strawberry.types.nodes import SelectedField, Selection

from gateway.schema.context import Context

SelectionTree = dict[str, "SelectionTree"]
"""Field name → what is selected below it; a field under several aliases is in it once."""


def selected(info: strawberry.Info[Context]) -> SelectionTree:
    """The selection below the field that is being resolved."""
    tree = _tree(info.selected_fields)
    return tree[info.field_name]


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
