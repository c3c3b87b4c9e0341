"""The function that completes an object, written out as Python: an answer has many objects and few kinds of them.

Nothing that a caller or Microsoft Graph sends is in the text but names as GraphQL has them, and those as literals.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from gateway.execution.plan import AskingField, Complete, Pending, UnusualError

MOST_TEXTS: Final = 500
"""Functions whose text has been seen: documents that differ in their values share them."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A field that is the same in each object, or whose value comes later."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """A field that passes on a member of the source, which must be a text."""

    key: str
    name: str
    is_required: bool


@dataclass(frozen=True, slots=True)
class Other:
    """A field whose value is completed: of a member of the source, or of what `read` makes of the source."""

    key: str
    name: str
    read: Callable[[Any], Any] | None
    complete: Complete


Member = Constant | Text | Other


def build_object(members: Sequence[Member], asked: Sequence[AskingField]) -> Complete:
    """The members are in the order of the answer; fields that ask are constants among them, until they are settled."""
    names: dict[str, Any] = {"UnusualError": UnusualError, "Pending": Pending, "asked": tuple(asked)}
    for index, each in enumerate(members):
        if isinstance(each, Other):
            names |= {f"complete_{index}": each.complete, f"read_{index}": each.read}
    exec(_code("\n    ".join(_lines(members, has_asked=bool(asked)))), names)  # noqa: S102 - foreign names are literals in it
    # Taken out of its own globals: as a cycle it would outlive its plan until the collector looks at what is old.
    complete: Complete = names.pop("complete")
    return complete


@lru_cache(MOST_TEXTS)
def _code(text: str) -> CodeType:
    return compile(text, "<object>", "exec")


def _lines(members: Sequence[Member], *, has_asked: bool) -> Iterable[str]:
    yield "def complete(source, below):"
    yield "if source is None: return None"
    yield "if source.__class__ is not dict: raise UnusualError"
    yield "get = source.get"
    for index, each in enumerate(members):
        value = f"value_{index}"
        if isinstance(each, Text):
            unless_null = "" if each.is_required else f" and {value} is not None"
            yield f"{value} = get({each.name!r})"
            yield f"if {value}.__class__ is not str{unless_null}: raise UnusualError"
        elif isinstance(each, Other):
            read = f"read_{index}(source)" if each.read else f"get({each.name!r})"
            yield f"{value} = complete_{index}({read}, below)"
    yield f"made = {{{', '.join(f'{each.key!r}: {_value(index, each)}' for index, each in enumerate(members))}}}"
    if has_asked:
        yield "below.extend([Pending(made, source, field) for field in asked])"
    yield "return made"


def _value(index: int, member: Member) -> str:
    return repr(member.value) if isinstance(member, Constant) else f"value_{index}"
