"""Which properties Graph is asked for, from what a caller selects."""

import pytest
from graphql import FieldNode, OperationDefinitionNode, parse
from graphql.execution.values import VariableValues

from gateway.schema.selection import Selection, Selections
from tests.harness import Harness

DOCUMENT = """
query ($yes: Boolean!, $no: Boolean!) {
  tenantTags(first: 1) { SELECTION }
  # Uses every fragment and variable, as a document must, and is never asked for.
  unasked: tenantTags @skip(if: $yes) @include(if: $no) { ...Page nodes { ...Nested ...Unlikely } }
}
fragment Name on TenantTag { displayName }
fragment Nested on TenantTag { ...Name ... { description } }
fragment Page on TenantTagConnection { nodes { ...Name } edges { node { createdByUserId } } }
fragment Unlikely on TenantTag { ...Name @skip(if: $yes) createdDateTime }
"""


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        pytest.param("nodes { __typename }", "id", id="no property"),
        pytest.param("nodes { id }", "id", id="the key"),
        pytest.param("nodes { displayName description }", "id,displayName,description", id="properties"),
        pytest.param("nodes { description displayName }", "id,displayName,description", id="in another order"),
        pytest.param("nodes { a: displayName b: displayName }", "id,displayName", id="one under two names"),
        pytest.param("nodes { tenants { tenantId } }", "id,tenants", id="a complex one"),
        pytest.param("edges { cursor }", "id", id="cursors alone"),
        pytest.param("edges { node { displayName } }", "id,displayName", id="by edges"),
        pytest.param(
            "nodes { displayName } edges { node { description } }", "id,displayName,description", id="by both"
        ),
        pytest.param("nodes { displayName } nodes { description }", "id,displayName,description", id="in two parts"),
        pytest.param("a: nodes { displayName } b: nodes { description }", "id,displayName,description", id="two lists"),
        pytest.param("nodes { ...Name }", "id,displayName", id="by a fragment"),
        pytest.param("nodes { ...Nested }", "id,displayName,description", id="by nested fragments"),
        pytest.param("...Page", "id,displayName,createdByUserId", id="by a fragment above"),
        pytest.param("... { nodes { ... { displayName } } }", "id,displayName", id="by inline fragments"),
        pytest.param("nodes { displayName @skip(if: $yes) description @skip(if: $no) }", "id,description", id="@skip"),
        pytest.param(
            "nodes { displayName @include(if: $yes) description @include(if: $no) }", "id,displayName", id="@include"
        ),
        pytest.param(
            "nodes { displayName @include(if: $yes) @skip(if: $yes) description @include(if: $yes) @skip(if: $no) }",
            "id,description",
            id="both",
        ),
        pytest.param("nodes { displayName @skip(if: true) displayName }", "id,displayName", id="skipped once of twice"),
        pytest.param("nodes { ...Unlikely }", "id,createdDateTime", id="within a fragment"),
        pytest.param("nodes { ...Name @include(if: $no) id }", "id", id="on a spread"),
        pytest.param("nodes { ... @skip(if: $yes) { displayName } id }", "id", id="on an inline fragment"),
        pytest.param("nodes @skip(if: $yes) { displayName } edges { node { id } }", "id", id="on what is above"),
    ],
)
async def test_only_what_is_selected_is_asked_for(gateway: Harness, selection: str, selected: str) -> None:
    """With fragments spread and directives applied, in one order, and always with the key."""
    answer = await gateway.execute(DOCUMENT.replace("SELECTION", selection), {"yes": True, "no": False})
    assert "errors" not in answer
    [request] = gateway.emulator.journal
    assert dict(request.query)["$select"] == selected


async def test_fragments_that_double_each_other_cost_no_more_than_their_text(gateway: Harness) -> None:
    """Sixty of them would be more fields than there is time for."""
    chain = " ".join(f"fragment F{number} on TenantTag {{ ...F{number + 1} ...F{number + 1} }}" for number in range(60))
    document = f"{{ tenantTags(first: 1) {{ nodes {{ ...F0 }} }} }} {chain} fragment F60 on TenantTag {{ displayName }}"
    assert "errors" not in await gateway.execute(document)
    [request] = gateway.emulator.journal
    assert dict(request.query)["$select"] == "id,displayName"


def test_a_field_is_selected_once() -> None:
    """Under however many names; what is below all of them is together."""
    [operation] = parse("{ a { b c x: b { d } b { e } } }").definitions
    assert isinstance(operation, OperationDefinitionNode)
    [field] = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    selection = Selection(Selections({}, VariableValues({}, {})), [field])
    assert (list(selection), len(selection), list(selection["b"])) == (["b", "c"], 2, ["d", "e"])
