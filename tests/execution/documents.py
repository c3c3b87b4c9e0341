"""Documents over the real schema, with their variables: what clients send, and some of what they should not."""

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)

MAX_FIELDS: Final = 4

LITERALS: Final = {
    "ID": '"k-1"',
    "String": '"a"',
    "Int": "2",
    "Boolean": "true",
    "DateTime": '"2026-11-24T09:00:00Z"',
    "OnError": "STOP",
}
"""Scalar → a literal for it."""


@dataclass
class Writer:
    """Writes one document; all that it chooses comes from `rng`."""

    schema: GraphQLSchema
    rng: Random
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)

    def write(self) -> tuple[str, dict[str, Any]]:
        """The text and its variables."""
        kind = self.rng.choice(["query", "query", "mutation"])
        root = self.schema.query_type if kind == "query" else self.schema.mutation_type
        assert root is not None
        selection = self._selection(root, depth=0)
        declared = f"({', '.join(self.declared)})" if self.declared else ""
        return " ".join([f"{kind} Q{declared} {selection}", *self.fragments]), self.variables

    def _selection(self, parent: GraphQLObjectType, depth: int) -> str:
        names = [name for name, each in parent.fields.items() if depth < 4 or is_leaf_type(get_named_type(each.type))]
        chosen = self.rng.choices(names, k=self.rng.randint(1, MAX_FIELDS))
        parts = [self._field(parent, name, depth, index) for index, name in enumerate(chosen)]
        if self.rng.random() < 0.2:
            parts.insert(self.rng.randint(0, len(parts)), "__typename")
        if depth and self.rng.random() < 0.15:
            parts = [self._fragment(parent, parts)]
        if depth and self.rng.random() < 0.1:
            parts = [f"... on {parent.name} {{ {' '.join(parts)} }}", *parts[:1]]
        return f"{{ {' '.join(parts)} }}"

    def _field(self, parent: GraphQLObjectType, name: str, depth: int, index: int) -> str:
        definition = parent.fields[name]
        # Every use of a field has a key of its own, so that different arguments never meet.
        alias = f"f{depth}_{index}_{self.rng.randint(0, 999)}: " if definition.args or self.rng.random() < 0.2 else ""
        return f"{alias}{name}{self._arguments(definition)}{self._directive()}{self._below(definition, depth)}"

    def _below(self, definition: GraphQLField, depth: int) -> str:
        of = get_named_type(definition.type)
        if isinstance(of, GraphQLUnionType):
            parts = [f"... on {each.name} {self._selection(each, 4)}" for each in of.types]
            error = "... on ItemError { code failed: message }"
            return f" {{ __typename {parts[0]} {error} }}"
        return f" {self._selection(of, depth + 1)}" if isinstance(of, GraphQLObjectType) else ""

    def _fragment(self, parent: GraphQLObjectType, parts: list[str]) -> str:
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {parent.name} {{ {' '.join(parts)} }}")
        return f"...{name}"

    def _directive(self) -> str:
        if self.rng.random() > 0.1:
            return ""
        name = f"s{len(self.declared)}"
        self.declared.append(f"${name}: Boolean!")
        self.variables[name] = self.rng.random() < 0.5
        return f" @{self.rng.choice(['skip', 'include'])}(if: ${name})"

    def _arguments(self, definition: GraphQLField) -> str:
        parts = []
        for name, argument in definition.args.items():
            # No text is a cursor of another run, so `after` is only ever refused.
            if not is_non_null_type(argument.type) and self.rng.random() < (0.98 if name == "after" else 0.7):
                continue
            value = self._value(argument.type, depth=0)
            if value is None:
                continue
            parts.append(f"{name}: {self._variable(argument.type, value) if self.rng.random() < 0.4 else value}")
        return f"({', '.join(parts)})" if parts else ""

    def _variable(self, of: GraphQLInputType, literal: str) -> str:
        """The value as a variable with a default, so that the text alone says what it is."""
        name = f"v{len(self.declared)}"
        nullable = str(of).removesuffix("!")
        self.declared.append(f"${name}: {nullable} = {literal}")
        if self.rng.random() < 0.1:
            self.variables[name] = None
        return f"${name}"

    def _value(self, of: GraphQLInputType, depth: int) -> str | None:
        """A literal; None where there is nothing sensible."""
        named: Any = get_named_type(of)
        text = self._named(named, depth)
        return f"[{text}]" if text is not None and "[" in str(of) else text

    def _named(self, named: Any, depth: int) -> str | None:
        if named.name in LITERALS:
            return LITERALS[named.name] if self.rng.random() > 0.01 else "0"
        if hasattr(named, "values"):
            return str(self.rng.choice(list(named.values)))
        if not hasattr(named, "fields") or depth > 2:
            return "1" if is_leaf_type(named) else None
        wanted = [name for name, each in named.fields.items() if is_non_null_type(each.type)]
        others = [name for name in named.fields if name not in wanted]
        wanted = wanted or self.rng.sample(others, k=1)
        members = [(name, self._value(named.fields[name].type, depth + 1)) for name in wanted]
        return f"{{ {', '.join(f'{name}: {value}' for name, value in members if value is not None)} }}"
