"""Declarations → specs, and the mistakes that one can make in them."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gateway.resources.base import (
    ALL,
    CREATE,
    DELETE,
    GET,
    LIST,
    OPTIONAL,
    REQUIRED,
    UPDATE,
    Complex,
    Enumeration,
    Resource,
    action,
    boolean,
    double,
    instant,
    int32,
    int64,
    key,
    link,
    links,
    many,
    member,
    one,
    text,
    texts,
)
from gateway.resources.catalog import CATALOG, all_permissions, offered
from gateway.resources.spec import (
    ActionSpec,
    ComplexSpec,
    EnumSpec,
    LinkSpec,
    MemberSpec,
    Presence,
    Primitive,
    PropertySpec,
    ResourceSpec,
)

ABSENT = Presence.ABSENT


class Colour(Enumeration, flags=True):
    """What it looks like."""

    red = member("As blood.")
    blue = member("As the sky.")


class Place(Complex, namespace="microsoft.graph"):
    """Where something is.

    Or was.
    """

    city = text("Its city.")


class MachineReport(
    Resource,
    entity_set="machineReports",
    documented=LIST | GET,
    read_permission="Machine.Read.All",
    get_permission="Machine.ReadOne",
    write_permission="Machine.ReadWrite.All",
    within="Hall",
    joined_by="name",
    pages={GET: "machines-get-one"},
):
    """What is known of a machine."""

    serial = key("Its number.", on_create=REQUIRED)
    name = text("Its name.", on_create=OPTIONAL, on_update=REQUIRED)
    made = instant("When it was made.")
    places = many(Place, "Where it was.", on_update=OPTIONAL)

    hall = link("Hall", "Where it is.")
    parts = links("Part", "What it is made of.")

    stopMachine = action(  # noqa: N815 - as Graph writes names
        "Stops it.",
        returns="MachineReport",
        parameters={"reason": text("Why."), "names": texts("Who.", on_create=REQUIRED)},
    )
    moveMachines = action(  # noqa: N815 - as Graph writes names
        "Moves all.",
        returns=Place,
        wire_name="move",
        returns_list=True,
        on_set=True,
        documented=False,
        permission="Machine.Move",
    )


COLOUR = EnumSpec(
    "Colour", "What it looks like.", (MemberSpec("red", "As blood."), MemberSpec("blue", "As the sky.")), True
)
PLACE = ComplexSpec(
    "Place",
    "Where something is.\n\nOr was.",
    (PropertySpec("city", Primitive.STRING, "Its city.", False, False, OPTIONAL, OPTIONAL),),
    "microsoft.graph",
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
    by_convention=CREATE | UPDATE | DELETE,
    permissions={
        LIST: "Machine.Read.All",
        GET: "Machine.ReadOne",
        CREATE: "Machine.ReadWrite.All",
        UPDATE: "Machine.ReadWrite.All",
        DELETE: "Machine.ReadWrite.All",
    },
    links=(LinkSpec("hall", "Hall", "Where it is."), LinkSpec("parts", "Part", "What it is made of.", True)),
    actions=(
        ActionSpec(
            "stopMachine",
            "stopMachine",
            "Stops it.",
            (
                PropertySpec("reason", Primitive.STRING, "Why.", on_create=OPTIONAL),
                PropertySpec("names", Primitive.STRING, "Who.", True, on_create=REQUIRED),
            ),
            "MachineReport",
            permission="Machine.ReadWrite.All",
        ),
        ActionSpec("moveMachines", "move", "Moves all.", (), PLACE, True, True, False, "Machine.Move"),
    ),
    within="Hall",
    joined_by="name",
    pages={GET: "machines-get-one"},
)


def test_a_declaration_becomes_a_spec() -> None:
    """Names as declared, in order, with the docstring as the description."""
    assert (Colour.spec, Place.spec, MachineReport.spec) == (COLOUR, PLACE, REPORT)


def test_each_kind_of_property_has_its_type() -> None:
    """OData's primitives, enums and complex types; key and description beside it."""
    kinds = {
        text: Primitive.STRING,
        texts: Primitive.STRING,
        boolean: Primitive.BOOLEAN,
        int32: Primitive.INT32,
        int64: Primitive.INT64,
        double: Primitive.DOUBLE,
        instant: Primitive.DATE_TIME,
    }
    for kind, primitive in kinds.items():
        expected = PropertySpec("a", primitive, "A.", kind is texts, False, REQUIRED, OPTIONAL)
        assert kind("A.", on_create=REQUIRED, on_update=OPTIONAL).named("a") == expected
    assert one(Place, "A.").named("a") == PropertySpec("a", PLACE, "A.")
    assert one(Colour, "A.", on_create=OPTIONAL).named("a") == PropertySpec("a", COLOUR, "A.", on_create=OPTIONAL)
    assert many(Place, "A.").named("a") == PropertySpec("a", PLACE, "A.", is_list=True)


def test_what_a_write_by_convention_may_set_is_everything() -> None:
    """Unless the class declares it for some: nobody knows better."""

    class Machine(Resource, entity_set="machines", documented=LIST):
        """A machine."""

        id = key("Identifies it.")
        name = text("Its name.", on_create=REQUIRED)
        size = int32("Its size.")

    [_, name, size] = Machine.spec.properties
    assert (name.on_create, name.on_update, size.on_create, size.on_update) == (REQUIRED, OPTIONAL, ABSENT, OPTIONAL)
    assert (Machine.spec.properties[0].on_create, Machine.spec.properties[0].on_update) == (ABSENT, ABSENT)
    assert set(Machine.spec.permissions.values()) == {None}


def test_a_spec_knows_what_follows_from_it() -> None:
    """Graph's names of the type, the key, and what can be compared."""
    spec = MachineReport.spec
    assert (spec.entity_type, spec.odata_type, spec.key.name, spec.operations) == (
        "machineReport",
        "#microsoft.graph.managedTenants.machineReport",
        "serial",
        ALL,
    )
    assert [each.name for each in spec.properties if each.is_comparable] == ["serial", "name", "made"]
    assert not one(Colour, "A.").named("a").is_comparable
    assert spec.property("made") is spec.properties[2]
    assert (spec.has_property("made"), spec.has_property("hall")) == (True, False)


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
            "Place: a type needs a member",
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
            "Thing.name: cannot be declared here",
            id="a kind that was not called",
        ),
        pytest.param(
            lambda: declare({"name": "Its name."}),
            "Thing.name: cannot be declared here",
            id="a plain text",
        ),
        pytest.param(
            lambda: declare({"name": member("Its name.")}),
            "Thing.name: cannot be declared here",
            id="a name of an enum",
        ),
        pytest.param(
            lambda: type("Place", (Complex,), {"__doc__": "A place.", "hall": link("Hall", "Where it is.")}),
            "Place.hall: cannot be declared here",
            id="a link in a complex type",
        ),
        pytest.param(
            lambda: type("Colour", (Enumeration,), {"__doc__": "A colour.", "red": text("As blood.")}),
            "Colour.red: cannot be declared here",
            id="a property in an enum",
        ),
        pytest.param(
            lambda: declare({}, joined_by="name"), "Thing: joined by name, which is none of its properties", id="a join"
        ),
        pytest.param(
            lambda: declare({}, natural_key=("name",)),
            "Thing: known by name, which is none of its properties",
            id="a natural key",
        ),
        pytest.param(
            lambda: declare({"name": text("Its name.", on_update=OPTIONAL)}, documented=CREATE),
            "Thing: CREATE is documented, but no property is part of its input",
            id="a create of nothing",
        ),
        pytest.param(
            lambda: declare({"name": text("Its name.", on_create=OPTIONAL)}, documented=UPDATE),
            "Thing: UPDATE is documented, but no property is part of its input",
            id="an update of nothing",
        ),
        pytest.param(
            lambda: type("Thing", (Resource,), {"__doc__": "A thing.", "id": key("Identifies it.")}),
            "missing 1 required keyword-only argument: 'entity_set'",
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
    """By set, or all; what is documented stays whatever is asked for, and so do reads."""

    class Hall(Resource, entity_set="halls", documented=UPDATE):
        """A hall."""

        id = key("Identifies it.")
        name = text("Its name.", on_update=OPTIONAL)

    catalog = (MachineReport.spec, Hall.spec)
    assert [each.operations for each in offered(catalog, ["machineReports"])] == [ALL, LIST | GET | UPDATE]
    assert [each.operations for each in offered(catalog, ["none"])] == [LIST | GET, LIST | GET | UPDATE]
    assert offered(catalog, ["all"]) == catalog


def test_permissions_are_named_once() -> None:
    """Those of operations and of actions; where Microsoft names none, there is none."""
    named = {"Machine.Read.All", "Machine.ReadOne", "Machine.ReadWrite.All", "Machine.Move"}
    assert all_permissions([MachineReport.spec]) == named


@pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)
def test_the_catalogue_is_declared_in_graphs_own_way(spec: ResourceSpec) -> None:
    """Names are in camel case, and every text is a sentence: it is read in the schema."""
    assert (spec.name[0].isupper(), spec.entity_set[0].islower()) == (True, True)
    for sentence in (spec.description, *(each.description for each in spec.properties)):
        assert (sentence[0].isupper(), sentence[-1]) == (True, "."), sentence


def test_no_two_resources_share_a_name() -> None:
    """Types, fields and paths would clash."""
    assert len({spec.name for spec in CATALOG}) == len({spec.entity_set for spec in CATALOG}) == len(CATALOG)
