"""Texts that are sent as documents: by the grammar over names of the schema and others, by none, and broken ones.

https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from graphql import GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

TOKEN: Final = re.compile(
    r'"""(?:[^"]|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|\.\.\.|[_A-Za-z]\w*|-?[0-9][\w.+-]*|#[^\n]*|\S', re.ASCII
)
"""A lexical token or a comment, or one character of what is neither."""

NAMES: Final = (
    *("a", "_", "__typename", "__schema", "__type", "__proto__", "constructor", "toString", "x" * 300),
    *("query", "mutation", "subscription", "fragment", "on", "true", "false", "null", "type", "input", "extend"),
    *("if", "skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream", "first", "id", "filter"),
    *("Query", "Mutation", "String", "ID", "Int", "Float", "Boolean", "__Schema", "_literal_0"),
)

NUMBERS: Final = (
    *("0", "-0", "00", "-1", "1", "500", "501", "2147483647", "2147483648", "-2147483649", "9007199254740993"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "1" * 400, "9" * 5000),
    *("0.0", "-0.0", "1e308", "1e309", "-1e400", "1e-400", "1.", ".5", "1e", "0x1F", "1_000", "+1", "1a", "٣"),
)

STRINGS: Final = (
    *('""', '" "', '"a"', '"\\u0000"', '"\\u007f"', '"\\n\\r\\t"', '"\\uD83D\\uDE00"', '"\\uD83D"', '"\\uDE00\\uD83D"'),
    *('"\\u{1F600}"', '"\\u{110000}"', '"\\u{D800}"', '"\\u{}"', '"\\u12"', '"\\x41"', '"\\"', '"\n"', '"'),
    *('"' + "x" * 5000 + '"', '"😀"', '"\u0000"', '"\u2028"', '"\ufeff"', '"\u202e"', '"é"', '"e\u0301"'),
    *('"../../me"', '"a/b?c#d"', '"%2e%2e%2f"', '"\'"', '"\' or 1 eq 1"', '"$count"', '"k-1)"', '"a,b"', '"null"'),
    *('""""""', '"""\\""""""', '"""a"""', '"""\n  a\n b\n"""', '"""', '""""', '"""\u0000"""', '"""\\u{110000}"""'),
    *('"2026-11-24T09:00:00Z"', '"2026-02-30T09:00:00Z"', '"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59.9999999Z"'),
    *('"2026-11-24T09:00:60Z"', '"2026-11-24T09:00:00+99:99"', '"2026-11-24"', '"PT1H"', '"gAAAAA=="', '"\\/\\b"'),
)

SPACES: Final = (
    *(" ", "  ", "\t", "\n", "\r", "\r\n", ",", ",,", "\ufeff", "# a comment\n", "#\r", '#"""\n', "#\u0000\n"),
    *("\u00a0", "\u2028", "\u0000", "\x0b", "", "\u200b", "﻿\n"),
)

PUNCTUATORS: Final = ("!", "$", "&", "(", ")", "...", ":", "=", "@", "[", "]", "{", "|", "}", ".", "..", "\\", "`", "'")

EXOTIC: Final = (
    "",
    " ",
    "\ufeff",
    "#",
    "{",
    "}",
    "{}",
    "query",
    "query {}",
    "{ a { } }",
    "subscription { a }",
    "query A { __typename } query A { __typename }",
    "query A { __typename } query B { __typename }",
    "{ __typename } { __typename }",
    "fragment F on Query { ...F } { ...F }",
    "fragment F on Query { ...G } fragment G on Query { ...F } { ...F }",
    "{ ...F }",
    "fragment on on Query { __typename }",
    "type Query { a: Int } { __typename }",
    'extend schema @link(url: "a")',
    '"""described""" query { __typename }',
    "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
    '{ __type(name: "Query") { fields(includeDeprecated: null) { name } } }',
    "query ($a: Query) { __typename }",
    "query ($a: [[[[[Int!]!]!]!]!]!) { __typename }",
    "query ($a: Int = $a) { __typename }",
    "query ($a: Int, $a: Int) { __typename }",
    "query ($" + "a" * 5000 + ": Int) { __typename }",
    "query @skip(if: true) { __typename }",
    "{ __typename @skip(if: true) }",
    "{ __typename @skip(if: true) @include(if: true) @skip(if: false) }",
    "{ __typename @include }",
    "{ a: __typename a: __typename }",
    "{ " + " ".join(f"a{number}: __typename" for number in range(60)) + " }",
    "{ " + "__typename " * 12_000 + "}",
    "{" * 3000,
    "{ a " * 300 + "}" * 300,
    "{ ... " * 300 + "{ __typename } " + "}" * 300,
    "{ tenantTags(filter: " + "{ not: " * 300 + "{ id: { eq: null } }" + "}" * 300 + ") { totalCount } }",
    "{ tenantTag(id: " + "[" * 2000 + "]" * 2000 + ") { id } }",
    "query ($a: " + "[" * 2000 + "Int" + "]" * 2000 + ") { __typename }",
    "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }} " for n in range(40)) + "{ ...F0 }",
    "{ tenants(first: 1) { nodes { " + "tenant { " * 20 + "id" + " }" * 20 + " } } }",
)
"""What the grammar's edges look like, where chance would seldom come."""


@dataclass(frozen=True)
class Names:
    """Those of the schema, so that a text can nearly fit it."""

    fields: Sequence[str]
    types: Sequence[str]
    arguments: Sequence[str]

    @classmethod
    def of(cls, schema: GraphQLSchema) -> "Names":
        owners = [
            each
            for each in schema.type_map.values()
            if isinstance(each, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        ]
        outputs = [each for each in owners if not isinstance(each, GraphQLInputObjectType)]
        fields = {name for each in owners for name in each.fields}
        arguments = {name for each in outputs for field in each.fields.values() for name in field.args}
        return cls(sorted(fields), sorted(schema.type_map), sorted(arguments))


@dataclass(frozen=True)
class Grammar:
    """Writes texts by the grammar in which nothing need fit anything."""

    names: Names
    rng: Random

    def document(self) -> str:
        definitions = [self._definition() for _ in range(self.rng.choice((1, 1, 1, 2, 5)))]
        return self.rng.choice((" ", "\n", "\ufeff", ",")).join(definitions)

    def soup(self) -> str:
        """Tokens in no order."""
        return " ".join(self.token() for _ in range(self.rng.randint(1, 60)))

    def token(self) -> str:
        kinds = (PUNCTUATORS, NUMBERS, STRINGS, NAMES, self.names.fields, self.names.types, self.names.arguments)
        return self.rng.choice(self.rng.choice(kinds))

    def _name(self, known: Sequence[str]) -> str:
        return self.rng.choice(known if self.rng.random() < 0.8 else NAMES)

    def _definition(self) -> str:
        if self.rng.random() < 0.3:
            fragment = f"fragment {self._name(('F0', 'F1', 'F2'))} on {self._name(self.names.types)}"
            return f"{fragment}{self._directives()} {self._selection(1)}"
        kind = self.rng.choice(("", "query", "query", "mutation", "subscription"))
        declared = ", ".join(self._declaration() for _ in range(self.rng.randint(1, 3)))
        head = f"{kind} {self._name(('A', 'B'))}({declared}){self._directives()}" if kind else ""
        return f"{head} {self._selection(0)}"

    def _declaration(self) -> str:
        of = self._name(self.names.types)
        for _ in range(self.rng.choice((0, 0, 1, 3))):
            of = f"[{of}]{self.rng.choice(('', '!'))}"
        default = f" = {self._value(0)}" if self.rng.random() < 0.3 else ""
        return f"${self._name(('a', 'b', 'c'))}: {of}{self.rng.choice(('', '!'))}{default}"

    def _selection(self, depth: int) -> str:
        parts = [self._selected(depth) for _ in range(self.rng.randint(1, 4))]
        return f"{{ {self.rng.choice((' ', ', ', chr(10))).join(parts)} }}"

    def _selected(self, depth: int) -> str:
        below = f" {self._selection(depth + 1)}" if self.rng.random() < 0.6 - depth * 0.1 else ""
        match self.rng.randint(0, 9):
            case 0:
                return f"...{self._name(('F0', 'F1', 'F2'))}{self._directives()}"
            case 1:
                return f"... on {self._name(self.names.types)}{self._directives()}{below or ' { __typename }'}"
            case _:
                alias = f"{self._name(('x', 'y'))}: " if self.rng.random() < 0.3 else ""
                field = self._name(self.names.fields)
                return f"{alias}{field}{self._arguments()}{self._directives()}{below}"

    def _arguments(self) -> str:
        if self.rng.random() < 0.6:
            return ""
        given = (f"{self._name(self.names.arguments)}: {self._value(0)}" for _ in range(self.rng.randint(1, 3)))
        return f"({', '.join(given)})"

    def _directives(self) -> str:
        if self.rng.random() < 0.85:
            return ""
        return f" @{self._name(('skip', 'include', 'deprecated'))}{self._arguments() or '(if: $a)'}"

    def _value(self, depth: int) -> str:
        match self.rng.randint(0, 9 if depth < 4 else 5):
            case 0 | 1:
                return self.rng.choice(STRINGS)
            case 2 | 3:
                return self.rng.choice(NUMBERS)
            case 4:
                return f"${self._name(('a', 'b', 'c'))}"
            case 5:
                return self._name(("null", "true", "ASC", "STOP"))
            case 6 | 7:
                return f"[{', '.join(self._value(depth + 1) for _ in range(self.rng.randint(0, 3)))}]"
            case _:
                members = (f"{self._name(self.names.fields)}: {self._value(depth + 1)}" for _ in range(2))
                return f"{{ {', '.join(members)} }}"


def damaged(text: str, grammar: Grammar) -> str:
    """The text with something wrong in it, or only odd."""
    rng, tokens = grammar.rng, TOKEN.findall(text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if tokens:
            rng.choice(DAMAGES)(tokens, rng.randrange(len(tokens)), grammar)
    spaces = SPACES if rng.random() < 0.2 else (" ",)
    start = rng.choice(("", "", "", "\ufeff", "\n", "#"))
    return start + "".join(f"{each}{rng.choice(spaces)}" for each in tokens)


def _delete(tokens: list[str], at: int, _: Grammar) -> None:
    del tokens[at]


def _duplicate(tokens: list[str], at: int, _: Grammar) -> None:
    tokens.insert(at, tokens[at])


def _swap(tokens: list[str], at: int, grammar: Grammar) -> None:
    other = grammar.rng.randrange(len(tokens))
    tokens[at], tokens[other] = tokens[other], tokens[at]


def _insert(tokens: list[str], at: int, grammar: Grammar) -> None:
    tokens.insert(at, grammar.token())


def _replace(tokens: list[str], at: int, grammar: Grammar) -> None:
    """By another of its kind where there is one, so that what comes out may well be valid."""
    kinds = {'"': STRINGS, "-": NUMBERS}
    kind = NUMBERS if tokens[at][0].isdigit() else kinds.get(tokens[at][0])
    tokens[at] = grammar.rng.choice(kind) if kind else grammar.token()


def _cut(tokens: list[str], at: int, _: Grammar) -> None:
    del tokens[at:]


def _repeat(tokens: list[str], at: int, grammar: Grammar) -> None:
    end = min(len(tokens), at + grammar.rng.randint(1, 8))
    tokens[at:at] = tokens[at:end] * grammar.rng.choice((2, 20, 60))


def _put_literal(tokens: list[str], at: int, grammar: Grammar) -> None:
    """Another literal in the place of the next one."""
    place = next((index for index in range(at, len(tokens)) if tokens[index][0] in '"-0123456789'), None)
    if place is not None:
        _replace(tokens, place, grammar)


Damage = Callable[[list[str], int, Grammar], None]

DAMAGES: Final[Sequence[Damage]] = (
    *(_delete, _duplicate, _swap, _insert, _replace, _cut, _repeat),
    *(_put_literal, _put_literal, _put_literal, _put_literal),
)
