"""`$filter`: text → a predicate over entities.

A recursive-descent parser of the part of OData's grammar that Graph knows, with types checked while parsing:
https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptionfilter

Precedence, loosest first: `or`, `and`, comparison, `not`. A null makes `and`, `or`, `not` three-valued; an entity
passes if the whole is true.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from gateway.emulator.instants import PATTERN as INSTANT
from gateway.emulator.instants import to_moment
from gateway.emulator.messages import Json, bad_request
from gateway.emulator.values import names_of, to_comparable, type_name
from gateway.resources.spec import NAMESPACE, ComplexSpec, EnumSpec, Primitive, ResourceSpec

Row = Mapping[str, Json]

BOOLEAN, STRING, DATE_TIME = Primitive.BOOLEAN.value, Primitive.STRING.value, Primitive.DATE_TIME.value
DECIMAL: Final = "Edm.Decimal"
NUMBERS: Final = {DECIMAL, Primitive.INT32.value, Primitive.INT64.value, Primitive.DOUBLE.value}
"""The types that compare with each other."""

MAX_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Expression:
    """A typed part of the filter. `type` is an OData type's name, None of the null literal alone.

    `enum` is that of a property, `literal` the text between quotes: which of the two a member's name is, tells the
    other operand.
    """

    type: str | None
    evaluate: Callable[[Row], Any]
    enum: EnumSpec | None = None
    literal: str | None = None


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    position: int


TOKENS: Final = re.compile(
    rf"(?P<space>\s+)|(?P<string>'(?:[^']|'')*')|(?P<instant>(?i:{INSTANT}))"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<word>[A-Za-z_][\w/.]*)|(?P<sign>[(),])",
    re.ASCII,
)

LITERALS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "string": (STRING, lambda text: text[1:-1].replace("''", "'")),
    "instant": (DATE_TIME, to_moment),
    "guid": ("Edm.Guid", str),
    "number": (DECIMAL, lambda text: int(text) if text.lstrip("+-").isdigit() else float(text)),
}
"""Kind of token → type of the literal, and how its text is read."""

NAMED_LITERALS: Final[Mapping[str, Expression]] = {
    "null": Expression(None, lambda _: None),
    "true": Expression(BOOLEAN, lambda _: True),
    "false": Expression(BOOLEAN, lambda _: False),
}

ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
COMPARISONS: Final = {"eq", "ne", *ORDERS}

FUNCTIONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}
"""Function, in lower case → what it means for two strings."""


def to_predicate(spec: ResourceSpec, text: str) -> Callable[[Row], bool]:
    """Raises `RefusalError` for what is no filter over the entity type's properties."""
    expression = _Parser(spec, text).parse()
    return lambda row: expression.evaluate(row) is True


def comparable_type(spec: ResourceSpec, name: str) -> Primitive | EnumSpec:
    """The type of a property that can be compared; raises `RefusalError` where there is none."""
    for each in spec.properties:
        if each.name == name and each.is_comparable and not isinstance(each.type, ComplexSpec):
            return each.type
    raise bad_request(
        f"Could not find a property named '{name}' that can be compared on type '{NAMESPACE}.{spec.entity_type}'."
    )


class _Parser:
    def __init__(self, spec: ResourceSpec, text: str) -> None:
        self._spec = spec
        self._text = text
        self._tokens = [*self._tokenize(), Token("end", "", len(text))]
        self._index = 0
        self._depth = 0

    def parse(self) -> Expression:
        expression = self._boolean(self._disjunction())
        if self._next.kind != "end":
            self._refuse()
        return expression

    def _tokenize(self) -> Iterator[Token]:
        position = 0
        while position < len(self._text):
            match = TOKENS.match(self._text, position)
            if match is None:
                raise bad_request(f"Invalid filter clause: syntax error at position {position} in '{self._text}'.")
            position = match.end()
            if match.lastgroup and match.lastgroup != "space":
                yield Token(match.lastgroup, match[0], match.start())

    def _disjunction(self) -> Expression:
        return self._junction("or", self._conjunction, decisive=True)

    def _conjunction(self) -> Expression:
        return self._junction("and", self._comparison, decisive=False)

    def _junction(self, word: str, term: Callable[[], Expression], *, decisive: bool) -> Expression:
        """One decisive term decides; else one null makes it null (OData 4.01 part 2, sections 5.1.1.1.7 and 8)."""
        terms = [term()]
        while self._accept(word):
            terms.append(term())
        if len(terms) == 1:
            return terms[0]
        operands = [self._boolean(each) for each in terms]

        def evaluate(row: Row) -> bool | None:
            values = [each.evaluate(row) for each in operands]
            return decisive if decisive in values else None if None in values else not decisive

        return Expression(BOOLEAN, evaluate)

    def _comparison(self) -> Expression:
        left = self._unary()
        if self._accept("in"):
            return self._membership(left)
        word = self._next.text
        if self._next.kind != "word" or word not in COMPARISONS:
            return left
        self._index += 1
        return self._compare(word, left, self._unary())

    def _membership(self, left: Expression) -> Expression:
        self._expect("(")
        options = [self._compare("eq", left, self._unary())]
        while self._accept(","):
            options.append(self._compare("eq", left, self._unary()))
        self._expect(")")
        return Expression(BOOLEAN, lambda row: any(each.evaluate(row) for each in options))

    def _compare(self, word: str, left: Expression, right: Expression) -> Expression:
        left, right = _as_member(left, right), _as_member(right, left)
        types = {left.type, right.type}
        if len(types) > 1 and None not in types and not types <= NUMBERS:
            raise bad_request(
                "Invalid filter clause: a binary operator with incompatible types was detected. "
                f"Found operand types '{left.type}' and '{right.type}' for operator '{word}'."
            )
        if word in ORDERS:
            return Expression(BOOLEAN, _ordered(ORDERS[word], left, right))
        return Expression(BOOLEAN, lambda row: (left.evaluate(row) == right.evaluate(row)) is (word == "eq"))

    def _unary(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise bad_request(f"Invalid filter clause: it is nested more than {MAX_DEPTH} levels deep.")
        expression = _negation(self._boolean(self._unary())) if self._accept("not") else self._primary()
        self._depth -= 1
        return expression

    def _primary(self) -> Expression:
        if self._accept("("):
            inner = self._disjunction()
            self._expect(")")
            return inner
        token = self._next
        self._index += 1
        if token.kind in LITERALS:
            return self._literal(token)
        if token.kind != "word":
            self._refuse(token)
        if token.text in NAMED_LITERALS:
            return NAMED_LITERALS[token.text]
        return self._function(token) if self._accept("(") else self._property(token.text)

    def _literal(self, token: Token) -> Expression:
        kind, read = LITERALS[token.kind]
        try:
            value = read(token.text)
        except ValueError:
            self._refuse(token)
        return Expression(kind, lambda _: value, literal=value if kind == STRING else None)

    def _property(self, name: str) -> Expression:
        kind = comparable_type(self._spec, name)
        compared = to_comparable(kind)
        enum = kind if isinstance(kind, EnumSpec) else None
        return Expression(type_name(kind), lambda row: compared(row.get(name)), enum)

    def _function(self, token: Token) -> Expression:
        holds = FUNCTIONS.get(token.text.lower())
        if holds is None:
            raise bad_request(f"Invalid filter clause: an unknown function with name '{token.text}' was found.")
        left = self._disjunction()
        self._expect(",")
        right = self._disjunction()
        self._expect(")")
        if (left.type, right.type) != (STRING, STRING):
            raise bad_request(f"Invalid filter clause: the function '{token.text}' takes two values of type {STRING}.")

        def evaluate(row: Row) -> bool | None:
            values = (left.evaluate(row), right.evaluate(row))
            return None if None in values else holds(*values)

        return Expression(BOOLEAN, evaluate)

    def _boolean(self, expression: Expression) -> Expression:
        if expression.type != BOOLEAN:
            raise bad_request(f"Invalid filter clause: found '{expression.type}' where {BOOLEAN} is needed.")
        return expression

    @property
    def _next(self) -> Token:
        return self._tokens[self._index]

    def _accept(self, text: str) -> bool:
        found = self._next.text == text
        self._index += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self._refuse()

    def _refuse(self, token: Token | None = None) -> NoReturn:
        position = (token or self._next).position
        raise bad_request(f"Invalid filter clause: syntax error at position {position} in '{self._text}'.")


def _as_member(operand: Expression, other: Expression) -> Expression:
    """The member that a quoted name stands for, if the other operand is of an enum."""
    if other.enum is None or operand.literal is None:
        return operand
    kind = type_name(other.enum)
    if operand.literal not in names_of(other.enum):
        raise bad_request(f"Invalid filter clause: '{operand.literal}' is no member of the enumeration type '{kind}'.")
    number = to_comparable(other.enum)(operand.literal)
    return Expression(kind, lambda _: number)


def _negation(inner: Expression) -> Expression:
    def evaluate(row: Row) -> bool | None:
        value = inner.evaluate(row)
        return None if value is None else not value

    return Expression(BOOLEAN, evaluate)


def _ordered(holds: Callable[[Any, Any], bool], left: Expression, right: Expression) -> Callable[[Row], bool]:
    """No order holds for a null."""

    def evaluate(row: Row) -> bool:
        values = (left.evaluate(row), right.evaluate(row))
        return None not in values and holds(*values)

    return evaluate
