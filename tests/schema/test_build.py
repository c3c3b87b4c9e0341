"""Declarations → schema, on a catalogue made for it."""

from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema, validate_schema

from gateway.resources.base import (
    CREATE,
    GET,
    LIST,
    OPTIONAL,
    REQUIRED,
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
from gateway.resources.catalog import offered
from gateway.resources.spec import ResourceSpec
from gateway.schema.build import build_schema, to_graphql_core
from gateway.schema.printing import print_sdl


class State(Enumeration):
    """How something is."""

    running = member("It runs.")
    none = member("Nobody knows.")


class Tool(Enumeration, flags=True):
    """What is at hand."""

    saw = member("A saw.")
    file = member("A file.")


class Place(Complex):
    """Where something is."""

    city = text("Its city.")
    seenDateTime = instant("When it was seen there.")  # noqa: N815 - as Graph writes names
    state = one(State, "How it was there.")


class Machine(
    Resource,
    entity_set="machines",
    documented=LIST | GET | CREATE,
    read_permission="Machine.Read.All",
    write_permission="Machine.ReadWrite.All",
):
    """A machine."""

    serialNumber = key("Its number.", on_create=REQUIRED)  # noqa: N815 - as Graph writes names
    name = text("Its name.", on_create=OPTIONAL, on_update=OPTIONAL)
    places = many(Place, "Where it was.", on_create=REQUIRED, on_update=OPTIONAL)
    madeDateTime = instant("When it was made.")  # noqa: N815 - as Graph writes names
    state = one(State, "How it is.", on_create=OPTIONAL)
    tools = one(Tool, "What it has.", on_create=OPTIONAL)
    turns = int64("How often it turned.")
    rooms = int32("How many rooms it needs.")
    weight = double("What it weighs, in kilograms.")
    isLoud = boolean("Whether it is loud.")  # noqa: N815 - as Graph writes names
    names = texts("What else it is called.")
    hallId = text("Where it is.")  # noqa: N815 - as Graph writes names

    parts = links("Part", "What it is made of.")
    maker = link("Machine", "What made it.")

    moveMachine = action(  # noqa: N815 - as Graph writes names
        "Moves it.",
        returns=Place,
        parameters={"city": text("Where to.", on_create=REQUIRED), "tools": one(Tool, "By what.")},
    )
    findMachines = action("Finds some.", returns="Machine", returns_list=True, on_set=True, documented=False)  # noqa: N815


class Part(Resource, entity_set="parts", within="Machine"):
    """A part of a machine."""

    id = key("Identifies it.")
    hallId = text("Where it is.")  # noqa: N815 - as Graph writes names

    mendPart = action("Mends it.", returns="Part")  # noqa: N815 - as Graph writes names


class Hall(Resource, entity_set="halls", documented=GET, read_permission="Hall.Read.All", joined_by="hallId"):
    """A hall."""

    id = key("Identifies it.")
    hallId = text("What others know it by.")  # noqa: N815 - as Graph writes names


CATALOG = (Machine.spec, Part.spec, Hall.spec)


def core(*specs: ResourceSpec) -> GraphQLSchema:
    return to_graphql_core(build_schema(specs))


SCHEMA = core(*offered(CATALOG, ["machines", "parts"]))
LISTED = "first: Int, after: String, filter: {0}Filter, orderBy: [{0}Order!]"


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
                "machines": f"({LISTED.format('Machine')}): MachineConnection",
                "machine": "(serialNumber: ID!): Machine",
                "part": "(machineId: ID!, id: ID!): Part",
                "halls": f"({LISTED.format('Hall')}): HallConnection",
                "hall": "(id: ID!): Hall",
            },
            id="reads, each argument named after the key",
        ),
        pytest.param(
            "Mutation",
            {
                "createMachine": "(input: CreateMachineInput!, idempotencyKey: String): Machine",
                "createMachines": "(inputs: [CreateMachineInput!]!, onError: OnError!, idempotencyKey: String): "
                "CreateMachinesPayload",
                "updateMachine": "(serialNumber: ID!, input: UpdateMachineInput!): Machine",
                "deleteMachine": "(serialNumber: ID!): ID",
                "deleteMachines": "(serialNumbers: [ID!]!, onError: OnError!): DeleteMachinesPayload",
                "moveMachine": "(serialNumber: ID!, city: String!, tools: [Tool!]): Place",
                "findMachines": "[Machine!]",
                "createPart": "(machineId: ID!, input: CreatePartInput!, idempotencyKey: String): Part",
                "createParts": "(machineId: ID!, inputs: [CreatePartInput!]!, onError: OnError!, "
                "idempotencyKey: String): CreatePartsPayload",
                "updatePart": "(machineId: ID!, id: ID!, input: UpdatePartInput!): Part",
                "deletePart": "(machineId: ID!, id: ID!): ID",
                "deleteParts": "(machineId: ID!, ids: [ID!]!, onError: OnError!): DeletePartsPayload",
                "mendPart": "(machineId: ID!, id: ID!): Part",
            },
            id="the writes that are offered, and actions",
        ),
        pytest.param(
            "Machine",
            {
                "serialNumber": "ID!",
                "name": "String",
                "places": "[Place!]",
                "madeDateTime": "DateTime",
                "state": "State",
                "stateRaw": "String",
                "tools": "[Tool!]",
                "toolsRaw": "String",
                "turns": "Long",
                "rooms": "Int",
                "weight": "Float",
                "isLoud": "Boolean",
                "names": "[String!]",
                "hallId": "String",
                "parts": f"({LISTED.format('Part')}): PartConnection",
                "maker": "Machine",
                "hall": "Hall",
            },
            id="all but the key may be null",
        ),
        pytest.param(
            "Part", {"id": "ID!", "hallId": "String", "hall": "Hall"}, id="within another, joined all the same"
        ),
        pytest.param(
            "Hall",
            {"id": "ID!", "hallId": "String", "machines": f"({LISTED.format('Machine')}): MachineConnection"},
            id="what names it, where that is a set of its own",
        ),
        pytest.param(
            "Place",
            {"city": "String", "seenDateTime": "DateTime", "state": "State", "stateRaw": "String"},
            id="a complex type",
        ),
        pytest.param(
            "CreateMachineInput",
            {"serialNumber": "ID!", "name": "String", "places": "[PlaceInput!]!", "state": "State", "tools": "[Tool!]"},
            id="what a create takes",
        ),
        pytest.param("UpdateMachineInput", {"name": "String", "places": "[PlaceInput!]"}, id="what an update takes"),
        pytest.param(
            "PlaceInput", {"city": "String", "seenDateTime": "DateTime", "state": "State"}, id="a complex type as input"
        ),
        pytest.param("CreatePartInput", {"hallId": "String"}, id="a create with nothing required"),
        pytest.param("CreateMachinesPayload", {"results": "[CreateMachineResult!]!"}, id="what a bulk create answers"),
        pytest.param(
            "MachineFilter",
            {
                "serialNumber": "StringFilter",
                "name": "StringFilter",
                "madeDateTime": "DateTimeFilter",
                "state": "StateFilter",
                "turns": "LongFilter",
                "rooms": "IntFilter",
                "weight": "FloatFilter",
                "isLoud": "BooleanFilter",
                "hallId": "StringFilter",
                "and": "[MachineFilter!]",
                "or": "[MachineFilter!]",
                "not": "MachineFilter",
            },
            id="single values can be filtered by",
        ),
        pytest.param("StateFilter", {"eq": "State", "ne": "State", "in": "[State!]"}, id="conditions on an enum"),
        pytest.param("BooleanFilter", {"eq": "Boolean", "ne": "Boolean", "in": "[Boolean!]"}, id="on a boolean"),
        pytest.param(
            "LongFilter",
            {"eq": "Long", "ne": "Long", "in": "[Long!]", "lt": "Long", "le": "Long", "gt": "Long", "ge": "Long"},
            id="on a number",
        ),
        pytest.param(
            "MachineOrder",
            dict.fromkeys(
                ["serialNumber", "name", "madeDateTime", "state", "turns", "rooms", "weight", "isLoud", "hallId"],
                "SortDirection",
            ),
            id="single values can be sorted by",
        ),
    ],
)
def test_types_follow_from_the_declaration(name: str, expected: dict[str, str]) -> None:
    """Names are Graph's, letter for letter."""
    assert fields(name) == expected


def test_an_enum_has_its_names_and_the_one_for_all_others() -> None:
    """Each with its description."""
    state = SCHEMA.type_map["State"]
    assert isinstance(state, GraphQLEnumType)
    assert {name: value.description for name, value in state.values.items()} == {
        "running": "It runs.",
        "none": "Nobody knows.",
        "unknownFutureValue": "A value that this gateway does not know; `…Raw` has its text. Refused as an input.",
    }


def test_the_schema_is_valid_and_says_nothing_twice() -> None:
    """Resources share their complex types."""
    assert validate_schema(SCHEMA) == []
    sdl = print_sdl(CATALOG)
    assert [sdl.count(f"\n{each} {{") for each in ("type Place", "input PlaceInput", "enum State")] == [1, 1, 1]
    assert sdl.endswith(("}\n", '")\n'))


def test_the_schema_is_printed_in_an_order_that_reads_well() -> None:
    """Roots, then each resource with what it is the first to need, then what all share."""
    sdl = print_sdl(offered(CATALOG, ["machines"]))
    defined = [line.split()[1] for line in sdl.splitlines() if line.startswith(("type ", "input ", "enum ", "union "))]
    assert defined[: defined.index("PartConnection")] == [
        "Query",
        "Mutation",
        "Machine",
        "MachineConnection",
        "MachineEdge",
        "MachineFilter",
        "MachineOrder",
        "CreateMachineInput",
        "UpdateMachineInput",
        "CreateMachinesPayload",
        "CreateMachineResult",
        "Place",
        "PlaceInput",
        "State",
        "StateFilter",
        "Tool",
        "Part",
    ]


def test_descriptions_are_the_declarations() -> None:
    """With permission and page of each operation, and a word about those that rest on convention."""
    mutations, machine = SCHEMA.type_map["Mutation"], SCHEMA.type_map["Machine"]
    assert isinstance(mutations, GraphQLObjectType)
    assert isinstance(machine, GraphQLObjectType)
    assert (machine.description, machine.fields["name"].description) == ("A machine.", "Its name.")
    texts = {name: field.description for name, field in mutations.fields.items()}
    convention = "Microsoft Graph has no page about this: it rests on OData's conventions, and Graph may refuse it."
    assert texts["createMachine"] == (
        "Creates one Machine and answers with it.\n\nLeast privileged delegated permission: `Machine.ReadWrite.All`. "
        "https://learn.microsoft.com/graph/api/managedtenants-managedtenant-post-machines?view=graph-rest-beta"
    )
    assert texts["moveMachine"] == (
        "Moves it.\n\nLeast privileged delegated permission: `Machine.ReadWrite.All`. "
        "https://learn.microsoft.com/graph/api/managedtenants-machine-movemachine?view=graph-rest-beta"
    )
    assert texts["deleteMachine"] == (
        "Deletes one Machine and answers with its serialNumber.\n\n"
        f"Least privileged delegated permission: `Machine.ReadWrite.All`. {convention}"
    )
    assert texts["mendPart"] == (
        "Mends it.\n\nMicrosoft names no permission for it. "
        "https://learn.microsoft.com/graph/api/managedtenants-part-mendpart?view=graph-rest-beta"
    )


def test_everything_public_has_a_description() -> None:
    """A reader of the schema finds a sentence at every type, field and argument."""
    wordless = []
    for name, of in SCHEMA.type_map.items():
        if name.startswith("__") or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        members = {name: of, **{f"{name}.{each}": field for each, field in getattr(of, "fields", {}).items()}}
        for field_name, field in list(members.items()):
            members |= {f"{field_name}({each})": argument for each, argument in getattr(field, "args", {}).items()}
        members |= {f"{name}.{each}": value for each, value in getattr(of, "values", {}).items()}
        wordless += [each for each, member in members.items() if not member.description]
    assert wordless == []


def test_a_catalogue_of_reads_has_no_mutations() -> None:
    """A type without fields would be no schema."""
    schema = core(*offered((Hall.spec,), []))
    assert schema.mutation_type is None
    assert list(schema.query_type.fields if schema.query_type else {}) == ["halls", "hall"]


def made(name: str, members: dict[str, Any], **options: Any) -> ResourceSpec:
    body = {"__doc__": "A thing.", "id": key("Identifies it."), **members}
    spec: ResourceSpec = vars(type(name, (Resource,), body, entity_set=f"{name.lower()}s", **options))["spec"]
    return spec


def part(name: str, city: str) -> Any:
    return type(name, (Complex,), {"__doc__": "A part.", city: text("Its city.")})


@pytest.mark.parametrize(
    ("catalog", "message"),
    [
        pytest.param(
            (
                made("A", {"a": many(part("P", "x"), "Its parts.")}),
                made("B", {"b": many(part("P", "y"), "Its parts.")}),
            ),
            "P: two types have this name",
            id="two complex types of one name",
        ),
        pytest.param(
            (made("A", {"a": many(part("B", "x"), "Its parts.")}), made("B", {})),
            "B: two types have this name",
            id="a complex type and a resource of one name",
        ),
        pytest.param(
            (made("A", {"b": link("B", "Another.")}),),
            "A: there is no resource B in the catalogue",
            id="a link to nothing",
        ),
        pytest.param(
            (made("A", {}, within="B"),), "A: there is no resource B in the catalogue", id="a set within nothing"
        ),
        pytest.param(
            (made("A", {"act": action("Acts.", returns="B")}),),
            "A: there is no resource B in the catalogue",
            id="an action that returns nothing",
        ),
        pytest.param(
            (made("A", {"hall": text("A name."), "hallId": text("A hall.")}), Hall.spec),
            "A: two fields have the name hall",
            id="a join under the name of a property",
        ),
    ],
)
def test_a_catalogue_in_which_a_name_means_two_things_or_none_is_refused(
    catalog: tuple[ResourceSpec, ...], message: str
) -> None:
    """Or a type would be served with another's fields."""
    with pytest.raises(TypeError, match=f"^{message}$"):
        build_schema(catalog)
