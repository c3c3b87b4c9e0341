"""What becomes of a source: an object of the answer, or nothing that a plan may say."""

import gc
import weakref
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import VariableValues

from gateway.execution import objects
from gateway.execution.compiler import compile_operation
from gateway.execution.plan import UnusualError
from gateway.resources.reference import Access
from gateway.schema.access import build_asking
from gateway.schema.build import to_graphql_core
from gateway.schema.fields import build_field, build_object, list_of, optional


async def complete(source: Any) -> Any:
    """What a plan makes of the source of the field `thing`."""
    below = build_object("Part", "A part.", [build_field("size", int, "Its size.")])
    members = [
        build_field("id", strawberry.ID, "Its key."),
        build_field("class", optional(str), "A word of Python's own."),
        build_field("count", int, "How many."),
        build_field("parts", optional(list_of(below)), "Its parts."),
        build_field("more", list_of(optional(below)), "Other parts."),
    ]

    async def resolve(_: Any) -> Any:
        return source

    thing = build_asking(
        "thing", build_object("Thing", "A thing.", members), "One.", Access("Thing", None, None), resolve
    )
    schema = to_graphql_core(strawberry.Schema(build_object("Query", "All.", [thing])))
    operation = parse("{ thing { id class count parts { size } more { size __typename } } }").definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    plan = compile_operation(schema, operation, {}, VariableValues({}, {}))
    context: Any = None
    return (await plan.run(context, {}))["thing"]


RIGHT = {"id": "a", "class": None, "count": 1, "parts": [{"size": 2}], "more": [None, {"size": 3}], "else": 4}


async def test_a_source_as_declared_is_an_object() -> None:
    """Members that are not selected are left out; the others are in the order of the selection."""
    completed = await complete(dict(reversed(RIGHT.items())))
    more = [None, {"size": 3, "__typename": "Part"}]
    assert repr(completed) == repr({"id": "a", "class": None, "count": 1, "parts": [{"size": 2}], "more": more})


async def test_what_may_be_missing_is_null() -> None:
    """A text and a list."""
    completed = await complete({name: RIGHT[name] for name in ("id", "count", "more")})
    assert (completed["class"], completed["parts"]) == (None, None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"id": None}, id="a text that must be there"),
        pytest.param({"class": 5}, id="a text that is none"),
        pytest.param({"count": None}, id="a number that must be there"),
        pytest.param({"count": "x"}, id="a number that is none"),
        pytest.param({"parts": [None]}, id="an item that must be there"),
        pytest.param({"parts": [5]}, id="an object that is none"),
        pytest.param({"parts": {}}, id="a list that is none"),
        pytest.param({"more": None}, id="a list that must be there"),
        pytest.param({"more": [{"size": None}]}, id="in an object below"),
    ],
)
async def test_everything_else_is_left_to_graphql_core(change: dict[str, Any]) -> None:
    """It says what is wrong, and where."""
    with pytest.raises(UnusualError):
        await complete({**RIGHT, **change})


def test_a_plan_that_is_forgotten_leaves_nothing_behind() -> None:
    """Nothing waits for the collector, which looks at what is old very seldom."""
    complete = objects.build_object([objects.Text("id", "id", is_required=True)], [])
    left = weakref.ref(complete)
    gc.disable()
    try:
        del complete
        assert left() is None
    finally:
        gc.enable()
