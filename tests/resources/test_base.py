"""Declarations → specs, and the mistakes that one can make in them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.resources.base import (
    CREATE,
    DELETE,
    GET,
    LIST,
    NONE,
    OPTIONAL,
    REQUIRED,
    UPDATE,
    Complex,
    Resource,
    instant,
    key,
    many,
    text,
)
from gateway.resources.catalog import CATALOG, offered
from gateway.resources.spec import ComplexSpec, Presence, Primitive, PropertySpec, ResourceSpec

ABSENT = Presence.ABSENT


class Place(Complex):
    """Where something is.

    Or was.
    """

    city = text("Its city.", on_update=OPTIONAL)


class MachineReport(
    Resource,
    entity_set="machineReports",
    documented=LIST | GET,
    by_convention=CREATE | UPDATE,
    read_permission="Machine.Read.All",
    write_permission="Machine.ReadWrite.All",
):
    """What is known of a machine."""

    serial = key("Its number.", on_create=REQUIRED)
    name = text("Its name.", on_create=OPTIONAL, on_update=REQUIRED)
    made = instant("When it was made.")
    places = many(Place, "Where it was.", on_update=OPTIONAL)


PLACE = ComplexSpec(
    "Place",
    "Where something is.\n\nOr was.",
    (PropertySpec("city", Primitive.STRING, "Its city.", False, False, ABSENT, OPTIONAL),),
)
REPORT = ResourceSpec(
    name="MachineReport",
    entity_set="machineReports",
    description="What is known of a machine.",
    properties=(
        PropertySpec("serial", Primitive.STRING, "Its number.", False, True, REQUIRED, ABSENT),
        PropertySpec("name", Primitive.STRING, "Its name.", False, False, OPTIONAL, REQUIRED),
        PropertySpec("made", Primitive.DATE_TIME, "When it was made.", False, False, ABSENT, ABSENT),
        PropertySpec("places", PLACE, "Where it was.", True, False, ABSENT, OPTIONAL),
    ),
    documented=LIST | GET,
    by_convention=CREATE | UPDATE,
    permissions={
        LIST: "Machine.Read.All",
        GET: "Machine.Read.All",
        CREATE: "Machine.ReadWrite.All",
        UPDATE: "Machine.ReadWrite.All",
        DELETE: "Machine.ReadWrite.All",
    },
)


def test_a_declaration_becomes_a_spec() -> None:
    """Names as declared, in order, with the docstring as the description."""
    assert (Place.spec, MachineReport.spec) == (PLACE, REPORT)


def test_a_spec_knows_what_follows_from_it() -> None:
    """Graph's names of type and path, the key, and what can be compared."""
    spec = MachineReport.spec
    assert (spec.entity_type, spec.odata_type, spec.path, spec.key.name, spec.operations) == (
        "machineReport",
        "#microsoft.graph.managedTenants.machineReport",
        "/tenantRelationships/managedTenants/machineReports",
        "serial",
        LIST | GET | CREATE | UPDATE,
    )
    assert [each.name for each in spec.properties if each.is_comparable] == ["serial", "name", "made"]
    assert spec.property("made") is spec.properties[2]


OPTIONS: dict[str, Any] = {
    "entity_set": "things",
    "documented": GET,
    "read_permission": "Thing.Read.All",
    "write_permission": "Thing.ReadWrite.All",
}


def declare(members: Mapping[str, Any], **options: Any) -> None:
    """A resource that is right but for what is given."""
    body = {"__doc__": "A thing.", "id": key("Identifies it."), **members}
    type("Thing", (Resource,), body, **(OPTIONS | options))


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        pytest.param(lambda: declare({"__doc__": None}), "Thing: a docstring is needed", id="no description"),
        pytest.param(lambda: declare({"__doc__": "  "}), "Thing: a docstring is needed", id="an empty description"),
        pytest.param(
            lambda: type("Place", (Complex,), {"city": text("Its city.")}),
            "Place: a docstring is needed",
            id="a complex type without description",
        ),
        pytest.param(
            lambda: type("Place", (Complex,), {"__doc__": "A place."}),
            "Place: a type needs a property",
            id="a complex type without properties",
        ),
        pytest.param(
            lambda: declare({"other": key("Another.")}), "Thing: exactly one property must be the key", id="two keys"
        ),
        pytest.param(
            lambda: declare({"id": text("Identifies it.")}), "Thing: exactly one property must be the key", id="no key"
        ),
        pytest.param(
            lambda: declare({"name": text}),
            "Thing.name: no property; declare it with key(), text(), instant() or many()",
            id="a kind that was not called",
        ),
        pytest.param(
            lambda: declare({"name": "Its name."}),
            "Thing.name: no property; declare it with key(), text(), instant() or many()",
            id="a plain text",
        ),
        pytest.param(
            lambda: declare({}, by_convention=GET | DELETE),
            "Thing: an operation is either documented or by convention",
            id="documented and by convention",
        ),
        pytest.param(
            lambda: declare({"name": text("Its name.", on_update=OPTIONAL)}, documented=CREATE),
            "Thing: CREATE is offered, but no property is part of its input",
            id="a create of nothing",
        ),
        pytest.param(
            lambda: declare({"name": text("Its name.", on_create=OPTIONAL)}, by_convention=UPDATE),
            "Thing: UPDATE is offered, but no property is part of its input",
            id="an update of nothing",
        ),
        pytest.param(
            lambda: type("Thing", (Resource,), {"__doc__": "A thing.", "id": key("Identifies it.")}),
            "missing 4 required keyword-only arguments: 'entity_set', 'documented', 'read_permission', and "
            "'write_permission'",
            id="no options",
        ),
        pytest.param(
            lambda: declare({}, entityset="x"), "unexpected keyword argument 'entityset'", id="a misspelt option"
        ),
    ],
)
def test_a_mistake_in_a_declaration_is_told_at_once(mistake: Callable[[], object], message: str) -> None:
    """When the class is made, by the class's name."""
    with pytest.raises(TypeError) as raised:
        mistake()
    assert message in str(raised.value)


# The catalogue


def test_writes_by_convention_are_offered_where_they_are_asked_for() -> None:
    """What is documented stays whatever is asked for."""
    with_them, without = offered([MachineReport.spec], ["machineReports"]), offered([MachineReport.spec], ["others"])
    assert with_them == (MachineReport.spec,)
    assert [(each.by_convention, each.operations) for each in without] == [(NONE, LIST | GET)]


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_the_catalogue_is_declared_in_graphs_own_way(spec: ResourceSpec) -> None:
    """Names are in camel case, and every text is a sentence: it is read in the schema."""
    assert (spec.name[0].isupper(), spec.entity_set[0].islower()) == (True, True)
    for sentence in (spec.description, *(each.description for each in spec.properties)):
        assert (sentence[0].isupper(), sentence[-1]) == (True, "."), sentence


def test_no_two_resources_share_a_name() -> None:
    """Types, fields and paths would clash."""
    assert len({spec.name for spec in CATALOG}) == len({spec.entity_set for spec in CATALOG}) == len(CATALOG)
