"""Every type in bodies, filters and orders."""

from typing import Any

import pytest

from tests.emulator.client import Client, refusal, without_control
from tests.emulator.gadgets import GADGET_TYPE, GADGETS, WHOLE, gadget_client

ROWS: list[dict[str, Any]] = [
    {"id": "1", "new": True, "count": 5, "bytes": 2**53 + 1, "weight": 0.1, "colour": "blue", "ports": "usb"},
    {"id": "2", "new": False, "count": 10, "bytes": 2**53, "weight": 10, "colour": "red", "ports": "none"},
    {"id": "3", "new": None, "count": None, "bytes": None, "weight": None, "colour": None, "ports": None},
    {"id": "4", "new": False, "count": -1, "bytes": -1, "weight": -0.5, "colour": "unknownFutureValue", "ports": "usb"},
]
FILTERED = gadget_client(*ROWS)
"""Read only, so it serves all tests."""


@pytest.fixture
def graph() -> Client:
    return gadget_client()


async def test_a_value_of_every_type_is_kept_as_it_came(graph: Client) -> None:
    """What a create sets is answered by it and by a read, to the last digit."""
    created = await graph.send("POST", GADGETS, json={"@odata.type": GADGET_TYPE, **WHOLE})
    assert created.status_code == 201, created.text
    entity = without_control(created.json())
    assert entity == {"id": entity["id"], **WHOLE}
    assert without_control((await graph.get(f"{GADGETS}/{entity['id']}")).json()) == entity


async def test_nulls_may_be_sent_of_every_type_but_lists(graph: Client) -> None:
    """Everything that is not the key can be nothing."""
    nulls: dict[str, Any] = {name: [] if isinstance(value, list) else None for name, value in WHOLE.items()}
    created = await graph.send("POST", GADGETS, json={"@odata.type": GADGET_TYPE, **nulls})
    entity = without_control(created.json())
    assert entity == {"id": entity["id"], **nulls}


@pytest.mark.parametrize(
    ("member", "value", "kind"),
    [
        pytest.param("name", True, "Edm.String", id="a boolean as text"),
        pytest.param("new", "true", "Edm.Boolean", id="text as boolean"),
        pytest.param("new", 1, "Edm.Boolean", id="a number as boolean"),
        pytest.param("count", True, "Edm.Int32", id="a boolean as number"),
        pytest.param("count", 1.0, "Edm.Int32", id="a fraction as integer"),
        pytest.param("count", "1", "Edm.Int32", id="text as integer"),
        pytest.param("count", 2**31, "Edm.Int32", id="too great for 32 bits"),
        pytest.param("count", -(2**31) - 1, "Edm.Int32", id="too small for 32 bits"),
        pytest.param("bytes", 2**63, "Edm.Int64", id="too great for 64 bits"),
        pytest.param("bytes", "1", "Edm.Int64", id="a long integer as text"),
        pytest.param("weight", "1.5", "Edm.Double", id="text as number"),
        pytest.param("weight", False, "Edm.Double", id="a boolean as fraction"),
        pytest.param("colour", "pink", "microsoft.graph.managedTenants.colour", id="an unknown member"),
        pytest.param("colour", "Red", "microsoft.graph.managedTenants.colour", id="a member in another case"),
        pytest.param("colour", 0, "microsoft.graph.managedTenants.colour", id="the number of a member"),
        pytest.param("colour", "red,green", "microsoft.graph.managedTenants.colour", id="two members of no flags"),
        pytest.param("colour", "unknownFutureValue", "microsoft.graph.managedTenants.colour", id="the sentinel"),
        pytest.param("ports", "usb,vga", "microsoft.graph.managedTenants.ports", id="an unknown flag"),
        pytest.param("ports", "usb, hdmi", "microsoft.graph.managedTenants.ports", id="a blank between flags"),
        pytest.param("ports", "", "microsoft.graph.managedTenants.ports", id="no flag"),
        pytest.param("ports", ["usb"], "microsoft.graph.managedTenants.ports", id="flags as list"),
    ],
)
async def test_a_value_of_another_type_is_refused(graph: Client, member: str, value: Any, kind: str) -> None:
    """400 names the member and the type; nothing is created."""
    response = await graph.send("POST", GADGETS, json={"@odata.type": GADGET_TYPE, member: value})
    message = f"Cannot convert the value of '{member}' to the expected type '{kind}'."
    assert refusal(response) == (400, "BadRequest", message, member)
    assert graph.emulator.store.all("gadgets") == []


@pytest.mark.parametrize(
    ("members", "message", "target"),
    [
        pytest.param(
            {"size": {"finish": "pink"}},
            "Cannot convert the value of 'size/finish' to the expected type 'microsoft.graph.managedTenants.colour'.",
            "size/finish",
            id="an unknown member within",
        ),
        pytest.param(
            {"size": {"maker": {"@odata.type": "#microsoft.graph.managedTenants.maker"}}},
            "The member 'size/maker/@odata.type' must be there and be '#microsoft.graph.maker'.",
            "size/maker/@odata.type",
            id="the wrong namespace",
        ),
        pytest.param(
            {"sizes": [{"maker": {"colour": "red"}}]},
            "The property 'sizes/0/maker/colour' does not exist on type 'microsoft.graph.maker'.",
            "sizes/0/maker/colour",
            id="an unknown property far within",
        ),
        pytest.param(
            {"words": ["lamp", None]},
            "Cannot convert the value of 'words/1' to the expected type 'Edm.String'.",
            "words/1",
            id="a null in a list",
        ),
    ],
)
async def test_what_is_within_is_checked_as_well(
    graph: Client, members: dict[str, Any], message: str, target: str
) -> None:
    """400 names the place by its path."""
    response = await graph.send("POST", GADGETS, json={"@odata.type": GADGET_TYPE, **members})
    assert refusal(response) == (400, "BadRequest", message, target)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("new", "1", id="a boolean is a condition"),
        pytest.param("not new", "24", id="its opposite, a null is neither"),
        pytest.param("new eq false", "24", id="compared"),
        pytest.param("count gt 5", "2", id="numbers, not texts"),
        pytest.param("count ge -1 and count lt 10", "14", id="a negative number"),
        pytest.param("count in (5,10)", "12", id="in"),
        pytest.param("count eq 5.0", "1", id="an integer with a fraction of nothing"),
        pytest.param("bytes gt 9007199254740992", "1", id="the last of 64 bits counts"),
        pytest.param("weight eq 0.1", "1", id="a fraction"),
        pytest.param("weight eq 1e1", "2", id="an exponent"),
        pytest.param("weight lt -5E-1 or weight ge 10", "2", id="a negative exponent"),
        pytest.param("count eq weight", "23", id="numbers of two types"),
        pytest.param("colour eq 'blue'", "1", id="a member"),
        pytest.param("'blue' eq colour", "1", id="a member on the left"),
        pytest.param("colour ne 'blue'", "234", id="another than a member"),
        pytest.param("colour in ('red','blue')", "12", id="one of the members"),
        pytest.param("colour eq null", "3", id="no member"),
        pytest.param("colour gt 'red'", "14", id="members have an order, that of their numbers"),
        pytest.param("colour eq 'unknownFutureValue'", "4", id="the sentinel is a member"),
    ],
)
async def test_a_filter_knows_every_type(text: str, found: str) -> None:
    """Values compare as what they are."""
    assert "".join(row["id"] for row in await FILTERED.rows(f"{GADGETS}?$filter={text}")) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "colour eq 'pink'",
            "Invalid filter clause: 'pink' is no member of the enumeration type "
            "'microsoft.graph.managedTenants.colour'.",
            id="an unknown member",
        ),
        pytest.param(
            "colour in ('red','Blue')",
            "Invalid filter clause: 'Blue' is no member of the enumeration type "
            "'microsoft.graph.managedTenants.colour'.",
            id="a member in another case",
        ),
        pytest.param(
            "colour eq name",
            "Invalid filter clause: a binary operator with incompatible types was detected. Found operand types "
            "'microsoft.graph.managedTenants.colour' and 'Edm.String' for operator 'eq'.",
            id="a member and a property of text",
        ),
        pytest.param(
            "startswith(colour,'r')",
            "Invalid filter clause: the function 'startswith' takes two values of type Edm.String.",
            id="a function of a member",
        ),
        pytest.param(
            "new eq 1",
            "Invalid filter clause: a binary operator with incompatible types was detected. Found operand types "
            "'Edm.Boolean' and 'Edm.Decimal' for operator 'eq'.",
            id="a boolean and a number",
        ),
        pytest.param(
            "count",
            "Invalid filter clause: found 'Edm.Int32' where Edm.Boolean is needed.",
            id="a number is no condition",
        ),
        *(
            pytest.param(
                f"{name} eq null",
                f"Could not find a property named '{name}' that can be compared on type "
                "'microsoft.graph.managedTenants.gadget'.",
                id=f"{name} cannot be compared",
            )
            for name in ("ports", "size", "sizes", "words")
        ),
    ],
)
async def test_a_filter_that_mixes_types_is_refused(text: str, message: str) -> None:
    """400 says what does not fit."""
    assert refusal(await FILTERED.get(f"{GADGETS}?$filter={text}")) == (400, "BadRequest", message, None)


@pytest.mark.parametrize(
    ("order", "found"),
    [
        pytest.param("new,id", "3241", id="false before true"),
        pytest.param("count desc", "2143", id="integers"),
        pytest.param("bytes", "3421", id="long integers"),
        pytest.param("weight", "3412", id="fractions"),
        pytest.param("colour", "3214", id="members by their numbers"),
    ],
)
async def test_an_order_knows_every_type(order: str, found: str) -> None:
    """A null comes first."""
    assert "".join(row["id"] for row in await FILTERED.rows(f"{GADGETS}?$orderby={order}")) == found
