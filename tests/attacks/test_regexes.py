"""Each regular expression of the gateway before texts that are made to keep it busy.

They are found in the source, so that a new one has no texts and fails.
"""

import ast
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from gateway.graph.answer import MAX_MESSAGE_LENGTH

ROOT: Final = Path(__file__).parents[2]
METHODS: Final = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}

SMALL, LARGE = 1_000, 4_000
"""Four times as much takes four times as long where the time is linear, sixteen times where it is a square."""
MOST_GROWTH: Final = 9
TRIES: Final = 7

FEW: Final = (21, 30, 42, 300)
SHORT_SECONDS: Final = 0.02
"""For a text of so few pieces, or of as many characters as there ever are: much more than it takes."""


class Hostile(NamedTuple):
    """A text: beginning, what is repeated, and an end that does not fit."""

    beginning: str
    repeated: str
    end: str = "\0"

    def times(self, count: int) -> str:
        return self.beginning + self.repeated * count + self.end

    def of_length(self, length: int) -> str:
        return self.times(length // len(self.repeated))


class Use(NamedTuple):
    """The texts for an expression; `most` is the length that all are cut to before, where they are."""

    texts: tuple[Hostile, ...]
    most: int | None = None


GUID_PART: Final = "0123abcd-"
HOSTILE: Final = {
    "gateway.auth.claims.TOKEN": Use((Hostile("", "a"), Hostile("", "="), Hostile("a", "=", "a"), Hostile("", "a="))),
    "gateway.auth.claims.PLAIN": Use((Hostile("", "a"), Hostile("", "-"))),
    "gateway.emulator.instants._FRACTION": Use((Hostile("", ".", ""), Hostile(".", "1"), Hostile("", ".1"))),
    "gateway.emulator.instants._SHAPE": Use((Hostile("2026-01-01T00:00:00.", "1"), Hostile("", "2026-01-01T"))),
    "gateway.emulator.odata.TOKENS": Use(
        (
            Hostile("'", "a", ""),
            Hostile("", "'", "a"),
            Hostile("'", "''a", ""),
            Hostile("", " ", "\0"),
            Hostile("", "1", "."),
            Hostile("1.", "1", "e"),
            Hostile("", "a."),
            Hostile("", GUID_PART),
            Hostile("2026-01-01T00:00:00.", "1"),
        )
    ),
    "gateway.endpoint.DOCUMENT": Use((Hostile("", "&"), Hostile("", "query"), Hostile("", "&query"))),
    "gateway.endpoint.MILLISECONDS": Use((Hostile("", "1"),)),
    "gateway.endpoint.REQUEST_ID": Use((Hostile("", "a"), Hostile("", "."))),
    "gateway.graph.answer._CLAIMS": Use(
        (Hostile("", 'claims="'), Hostile("", "claims="), Hostile('claims="', "a"), Hostile("", 'claims="a'))
    ),
    "gateway.graph.answer._MISSING_SEGMENT": Use(
        (Hostile("", "resource "), Hostile("", "resource not found for the "))
    ),
    "gateway.graph.answer._SECONDS": Use((Hostile("", "1"),)),
    "gateway.graph.answer._TOKEN": Use(
        (
            Hostile("", "eyJ", ""),
            Hostile("", "eyJa."),
            Hostile("eyJa", "."),
            Hostile("", "bearer "),
            Hostile("bearer ", "a"),
            Hostile("", "eyJ-", ""),
        ),
        most=MAX_MESSAGE_LENGTH,
    ),
    "gateway.graph.answer._UNPRINTABLE": Use((Hostile("", "\n", "a"), Hostile("", "\na"))),
    "gateway.graph.request.UNSAFE_IN_KEY": Use((Hostile("", "a", ""), Hostile("", "/"))),
    "gateway.instants._SHAPE": Use((Hostile("2026-01-01T00:00:00.", "1"), Hostile("", "2026-01-01T"))),
    "gateway.literals.LITERAL": Use(
        (
            Hostile("", '"', "\n"),
            Hostile('"', "a", "\n"),
            Hostile("", '"a\n', "\n"),
            Hostile("", "1", "a"),
            Hostile("", "-1", "."),
            Hostile("", "1 "),
            Hostile("", "-"),
        )
    ),
    "gateway.literals.OPAQUE": Use((Hostile("", '""x'), Hostile("", "a", ""))),
    "gateway.responses.QVALUE": Use((Hostile("0.", "9"), Hostile("1.", "0"), Hostile("", "0."))),
    "gateway.schema.creates.KEY": Use((Hostile("", "a"), Hostile("", "~", " "))),
    "gateway.schema.entities:_key_from_location": Use(
        (
            Hostile("", "/tenantTags/"),
            Hostile("", "/tenantTags('"),
            Hostile("/tenantTags/", "a", "?"),
            Hostile("/tenantTags('", "')", "?"),
            Hostile("", "/tenantTags('a')"),
        )
    ),
    "gateway.setting_types.GUID": Use((Hostile("", "a"), Hostile("", GUID_PART))),
    "gateway.setting_types.HOST": Use((Hostile("", "a"), Hostile("", "a."))),
    "gateway.setting_types.NAME": Use((Hostile("", "a"), Hostile("", "a."))),
    "gateway.setting_types.ORIGIN": Use(
        (
            Hostile("https://", "a"),
            Hostile("https://", "a."),
            Hostile("https://", "."),
            Hostile("https://[", ":"),
            Hostile("https://[", "a:"),
            Hostile("https://[:", ".", "]]"),
            Hostile("https://a:", "1"),
        )
    ),
}
WRITTEN_ANEW: Final = {"gateway.schema.entities:_key_from_location"}
"""Made at each use, with the name of an entity set of ours."""

OF_THE_TESTER: Final = {"gateway.emulator.fault_json:_read_rule", "gateway.emulator.faults:is_about"}
"""Whoever tells the emulator's faults writes these expressions."""


@cache
def sources() -> dict[str, ast.Module]:
    """Module → syntax tree of each file."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "gateway").rglob("*.py"))
    }


def expressions() -> Iterator[str]:
    """`module.NAME` of each expression that is kept, `module:function` of each that is made when it is used."""
    for module, tree in sources().items():
        kept: dict[int, str] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                kept |= {id(each): f"{module}.{ast.unparse(target)}" for each in ast.walk(node.value)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and _is_of_re(call.func):
                yield kept.get(id(call)) or f"{module}:{_function_with(call, tree)}"


def _function_with(call: ast.Call, tree: ast.Module) -> str:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return next(each.name for each in reversed(functions) if call in ast.walk(each))


def _is_of_re(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in METHODS
    )


def uses(key: str) -> set[str]:
    """The methods by which an expression is applied in its file."""
    if key in WRITTEN_ANEW:
        return {"search"}
    module, _, name = key.rpartition(".")
    calls = (node.func for node in ast.walk(sources()[module]) if isinstance(node, ast.Call))
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id == name
    }


def pattern(key: str) -> re.Pattern[Any]:
    if key in WRITTEN_ANEW:
        return re.compile(r"/tenantTags(?:/([^/?#]+)|\('([^/?#]+)'\))$")
    module, _, name = key.rpartition(".")
    found: re.Pattern[Any] = getattr(import_module(module), name)
    return found


def seconds(apply: Callable[[str], object], text: str, tries: int) -> float:
    """The least of some tries: what other programs take of the machine only adds."""
    least = float("inf")
    for _ in range(tries):
        started = time.perf_counter()
        apply(text)
        least = min(least, time.perf_counter() - started)
    return least


def growth(apply: Callable[[str], object], text: Hostile, tries: int) -> float:
    return seconds(apply, text.of_length(LARGE), tries) / seconds(apply, text.of_length(SMALL), tries)


def explodes(apply: Callable[[str], object], text: Hostile) -> bool:
    """Whether the time is a multiple with each piece. Short texts show it; a long one would never end."""
    return any(seconds(apply, text.times(few), 3) > SHORT_SECONDS for few in FEW)


def applied(key: str, method: str) -> Callable[[str], object]:
    compiled = pattern(key)
    function = getattr(compiled, method)

    def apply(text: str) -> object:
        given = text.encode() if isinstance(compiled.pattern, bytes) else text
        found = function("", given) if method == "sub" else function(given)
        return list(found) if method == "finditer" else found

    return apply


def test_every_expression_has_its_texts() -> None:
    """And nobody hides one behind another name of `re`."""
    assert {*expressions()} - OF_THE_TESTER == HOSTILE.keys()
    imports = [
        (module, ast.unparse(node))
        for module, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and re.search(r"\b(re|regex|sre_\w+)\b", ast.unparse(node))
    ]
    assert {text for _, text in imports} == {"import re"}


@pytest.mark.parametrize("key", HOSTILE)
def test_an_expression_takes_time_in_proportion_to_its_text(key: str) -> None:
    """Whichever text is made for it."""
    use = HOSTILE[key]
    methods = uses(key)
    assert methods
    for apply, text in product([applied(key, method) for method in methods], use.texts):
        assert not explodes(apply, text), text
        if use.most is not None:
            assert seconds(apply, text.of_length(use.most), 3) < SHORT_SECONDS, text
        else:
            assert growth(apply, text, TRIES) < MOST_GROWTH, text


@pytest.mark.parametrize("expression", [r"(a+)+b", r"(a|a)*b", r"(a|aa)+b"])
def test_what_explodes_is_found(expression: str) -> None:
    """Else the test above would tell nothing."""
    assert explodes(re.compile(expression).match, Hostile("", "a"))


@pytest.mark.parametrize(("expression", "method"), [(r"a*a*b", "match"), (r"a+b", "search"), (r"(a+)(b|a*)c", "match")])
def test_what_grows_with_the_square_is_found(expression: str, method: str) -> None:
    """Also where one repeat is tried from each place anew."""
    assert growth(getattr(re.compile(expression), method), Hostile("", "a"), 2) > MOST_GROWTH
