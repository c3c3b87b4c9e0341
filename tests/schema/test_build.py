"""Declarations → schema, on a catalogue made for it."""

import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, validate_schema

from gateway.resources.base import (
    CREATE,
    DELETE,
    GET,
    LIST,
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
from gateway.resources.spec import Operation, ResourceSpec
from gateway.schema.build import build_schema, to_graphql_core
from gateway.schema.printing import print_sdl


class Place(Complex):
    """Where something is."""

    city = text("Its city.", on_create=OPTIONAL, on_update=OPTIONAL)
    seenDateTime = instant("When it was seen there.", on_create=OPTIONAL)  # noqa: N815 - as Graph writes names


class Machine(
    Resource,
    entity_set="machines",
    documented=LIST | GET | CREATE,
    by_convention=UPDATE | DELETE,
    read_permission="Machine.Read.All",
    write_permission="Machine.ReadWrite.All",
):
    """A machine."""

    serialNumber = key("Its number.", on_create=REQUIRED)  # noqa: N815 - as Graph writes names
    name = text("Its name.", on_create=OPTIONAL, on_update=OPTIONAL)
    places = many(Place, "Where it was.", on_create=REQUIRED, on_update=OPTIONAL)
    madeDateTime = instant("When it was made.")  # noqa: N815 - as Graph writes names


class Room(
    Resource,
    entity_set="rooms",
    documented=GET | CREATE,
    read_permission="Room.Read.All",
    write_permission="Room.ReadWrite.All",
):
    """A room."""

    id = key("Identifies it.")
    places = many(Place, "Its parts.", on_create=OPTIONAL)


def core(*specs: ResourceSpec) -> GraphQLSchema:
    return to_graphql_core(build_schema(specs))


SCHEMA = core(Machine.spec, Room.spec)


def fields(name: str) -> dict[str, str]:
    """Field → its type, with arguments where it has some."""
    named = SCHEMA.type_map[name]
    assert isinstance(named, (GraphQLObjectType, GraphQLInputObjectType))
    shown = {}
    for each, field in named.fields.items():
        arguments = ", ".join(f"{argument}: {of.type}" for argument, of in getattr(field, "args", {}).items())
        shown[each] = f"({arguments}): {field.type}" if arguments else str(field.type)
    return shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(
            "Query",
            {
                "machines": "(first: Int, after: String, filter: MachineFilter, orderBy: [MachineOrder!])"
                ": MachineConnection",
                "machine": "(serialNumber: ID!): Machine",
                "room": "(id: ID!): Room",
            },
            id="reads, each argument named after the key",
        ),
        pytest.param(
            "Mutation",
            {
                "createMachine": "(input: CreateMachineInput!): Machine",
                "updateMachine": "(serialNumber: ID!, input: UpdateMachineInput!): Machine",
                "deleteMachine": "(serialNumber: ID!): ID",
                "createRoom": "(input: CreateRoomInput!): Room",
            },
            id="the writes that are offered",
        ),
        pytest.param(
            "Machine",
            {"serialNumber": "ID!", "name": "String", "places": "[Place!]", "madeDateTime": "DateTime"},
            id="all but the key may be null",
        ),
        pytest.param("Place", {"city": "String", "seenDateTime": "DateTime"}, id="a complex type"),
        pytest.param(
            "CreateMachineInput",
            {"serialNumber": "ID!", "name": "String", "places": "[PlaceInput!]!"},
            id="what a create takes",
        ),
        pytest.param("UpdateMachineInput", {"name": "String", "places": "[PlaceInput!]"}, id="what an update takes"),
        pytest.param("PlaceInput", {"city": "String", "seenDateTime": "DateTime"}, id="a complex type as input"),
        pytest.param("CreateRoomInput", {"places": "[PlaceInput!]"}, id="a create with nothing required"),
        pytest.param(
            "MachineFilter",
            {
                "serialNumber": "StringFilter",
                "name": "StringFilter",
                "madeDateTime": "DateTimeFilter",
                "and": "[MachineFilter!]",
                "or": "[MachineFilter!]",
                "not": "MachineFilter",
            },
            id="single values can be filtered by",
        ),
        pytest.param(
            "MachineOrder",
            {"serialNumber": "SortDirection", "name": "SortDirection", "madeDateTime": "SortDirection"},
            id="single values can be sorted by",
        ),
    ],
)
def test_types_follow_from_the_declaration(name: str, expected: dict[str, str]) -> None:
    """Names are Graph's, letter for letter."""
    assert fields(name) == expected


def test_the_schema_is_valid_and_says_nothing_twice() -> None:
    """Resources share their complex types."""
    assert validate_schema(SCHEMA) == []
    sdl = print_sdl((Machine.spec, Room.spec))
    assert [sdl.count(f"\n{each} {{") for each in ("type Place", "input PlaceInput", "type PageInfo")] == [1, 1, 1]
    assert sdl.endswith("}\n")


def test_descriptions_are_the_declarations() -> None:
    """With the permission of each operation, and a word about those that rest on convention."""
    mutations, machine = SCHEMA.type_map["Mutation"], SCHEMA.type_map["Machine"]
    assert isinstance(mutations, GraphQLObjectType)
    assert isinstance(machine, GraphQLObjectType)
    assert (machine.description, machine.fields["name"].description) == ("A machine.", "Its name.")
    assert mutations.fields["createMachine"].description == (
        "Creates one Machine and answers with it.\n\nLeast privileged delegated permission: `Machine.ReadWrite.All`."
    )
    assert mutations.fields["deleteMachine"].description == (
        "Deletes one Machine and answers with its serialNumber.\n\n"
        "Least privileged delegated permission: `Machine.ReadWrite.All`.\n\n"
        "Microsoft Graph has no page about this write: it rests on OData's conventions, and Graph may refuse it."
    )


def test_everything_public_has_a_description() -> None:
    """A reader of the schema finds a sentence at every type, field and argument."""
    wordless = []
    for name, of in SCHEMA.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Boolean", "ID"}:
            continue
        members = {name: of, **{f"{name}.{each}": field for each, field in getattr(of, "fields", {}).items()}}
        for field_name, field in list(members.items()):
            members |= {f"{field_name}({each})": argument for each, argument in getattr(field, "args", {}).items()}
        members |= {f"{name}.{each}": value for each, value in getattr(of, "values", {}).items()}
        wordless += [each for each, member in members.items() if not member.description]
    assert wordless == []


def test_a_catalogue_of_reads_has_no_mutations() -> None:
    """A type without fields would be no schema."""

    class Reading(
        Resource,
        entity_set="readings",
        documented=LIST,
        read_permission="Reading.Read.All",
        write_permission="Reading.ReadWrite.All",
    ):
        """A reading."""

        id = key("Identifies it.")

    schema = core(Reading.spec)
    assert schema.mutation_type is None
    assert list(schema.query_type.fields if schema.query_type else {}) == ["readings"]
    assert Reading.spec.operations is Operation.LIST


def _with(complex_name: str, city: str) -> ResourceSpec:
    """A resource named after its set, with a complex type of this name."""
    kind = type(complex_name, (Complex,), {"__doc__": "A part.", city: text("Its city.")})
    body = {"__doc__": "A whole.", "id": key("Identifies it."), "parts": many(kind, "Its parts.")}
    options = {"entity_set": f"{city}s", "documented": GET, "read_permission": "R", "write_permission": "W"}
    made = type(city.capitalize(), (Resource,), body, **options)
    spec: ResourceSpec = vars(made)["spec"]
    return spec


@pytest.mark.parametrize("name", ["Place", "Town"], ids=["two complex types", "a complex type and a resource"])
def test_two_types_of_one_name_are_refused(name: str) -> None:
    """Or one of them would be served with the other's fields."""
    with pytest.raises(TypeError, match=f"^{name}: two types have this name$"):
        build_schema((_with("Place", "town"), _with(name, "village")))
