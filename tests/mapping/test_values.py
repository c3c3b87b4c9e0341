"""Values of inputs as Graph's JSON, and Graph's texts as names of enums."""

from enum import Enum
from typing import Any

import pytest

from gateway.errors import BadUserInputError
from gateway.mapping.values import from_flags, from_name, to_json
from gateway.resources.base import Complex, Enumeration, Resource, int64, key, many, member, one, text, texts


class Colour(Enumeration):
    """A colour."""

    darkRed = member("As blood.")  # noqa: N815 - as Graph writes names
    blue = member("As the sky.")


class Tool(Enumeration, flags=True):
    """What is at hand."""

    saw = member("A saw.")
    file = member("A file.")


class Part(Complex):
    """A part."""

    colour = one(Colour, "Its colour.")
    name = text("Its name.")


class Machine(Resource, entity_set="machines"):
    """A machine."""

    id = key("Identifies it.")
    name = text("Its name.")
    names = texts("What else it is called.")
    turns = int64("How often it turned.")
    colour = one(Colour, "Its colour.")
    tools = one(Tool, "What it has.")
    part = one(Part, "Its largest part.")
    parts = many(Part, "Its parts.")


class Given(Enum):
    """Enum values as an input has them."""

    darkRed = "darkRed"  # noqa: N815 - as Graph writes names
    saw = "saw"
    file = "file"
    future = "unknownFutureValue"


@pytest.mark.parametrize(
    ("given_members", "json"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param(
            {"name": "A", "names": ["B"], "turns": 2**62}, {"name": "A", "names": ["B"], "turns": 2**62}, id="as is"
        ),
        pytest.param(
            {"name": None, "parts": None, "tools": None}, {"name": None, "parts": None, "tools": None}, id="null"
        ),
        pytest.param({"colour": Given.darkRed}, {"colour": "darkRed"}, id="an enum"),
        pytest.param({"tools": [Given.saw, Given.file]}, {"tools": "saw,file"}, id="flags"),
        pytest.param({"tools": []}, {"tools": ""}, id="no flags"),
        pytest.param(
            {"part": {"colour": Given.darkRed, "name": None}},
            {"part": {"colour": "darkRed", "name": None}},
            id="an object",
        ),
        pytest.param({"parts": [{}, {"name": "A"}]}, {"parts": [{}, {"name": "A"}]}, id="a list of objects"),
    ],
)
def test_an_input_becomes_graphs_json(given_members: dict[str, Any], json: dict[str, Any]) -> None:
    """By the declared types, whatever is absent staying absent."""
    assert to_json(Machine.spec.properties, given_members, "input") == json


@pytest.mark.parametrize(
    ("given_members", "field"),
    [
        pytest.param({"colour": Given.future}, "input.colour", id="an enum"),
        pytest.param({"tools": [Given.saw, Given.future]}, "input.tools.1", id="flags"),
        pytest.param({"parts": [{}, {"colour": Given.future}]}, "input.parts.1.colour", id="inside"),
    ],
)
def test_the_name_for_what_is_not_known_is_no_input(given_members: dict[str, Any], field: str) -> None:
    """Graph could not know what is meant."""
    with pytest.raises(BadUserInputError) as raised:
        to_json(Machine.spec.properties, given_members, "input")
    assert (
        raised.value.message
        == f"`{field}` must not be unknownFutureValue: it stands for what this gateway does not know."
    )
    assert raised.value.fields == (field,)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        pytest.param("darkRed", "darkRed", id="as declared"),
        pytest.param("DARKRED", "darkRed", id="in another case"),
        pytest.param("green", "unknownFutureValue", id="not declared"),
        pytest.param("unknownFutureValue", "unknownFutureValue", id="Graph's own word for it"),
        pytest.param("", "unknownFutureValue", id="empty"),
        pytest.param(5, "unknownFutureValue", id="no text"),
        pytest.param(None, None, id="null"),
    ],
)
def test_graphs_text_is_a_name_or_not_known(value: Any, name: str | None) -> None:
    """Case drifts, and lists of names grow."""
    assert from_name(Colour.spec, value) == name


@pytest.mark.parametrize(
    ("value", "names"),
    [
        pytest.param("saw,file", ["saw", "file"], id="two"),
        pytest.param("File, SAW", ["file", "saw"], id="spaces and case"),
        pytest.param("saw,hammer,drill", ["saw", "unknownFutureValue"], id="unknown parts are one"),
        pytest.param("", [], id="empty"),
        pytest.param(7, ["unknownFutureValue"], id="no text"),
        pytest.param(None, None, id="null"),
    ],
)
def test_flags_are_the_names_in_graphs_text(value: Any, names: list[str] | None) -> None:
    """Each once, in its order."""
    assert from_flags(Tool.spec, value) == names
