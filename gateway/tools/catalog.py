"""The catalogue as a page for people: `docs/catalog.md`. Fields come from the schema, all else from the specs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from graphql import GraphQLObjectType, GraphQLSchema

from gateway.resources.model import Model
from gateway.resources.spec import NAMESPACE, READS, WRITES, Operation, ResourceSpec
from gateway.schema.build import build_schema, to_graphql_core
from gateway.tools.permissions import BY_CONVENTION, Needs, needs_of_schema

ROOTS: Final = ("Query", "Mutation")

INTRODUCTION: Final = f"""\
# Catalogue

What the gateway offers of Microsoft Graph's namespace `{NAMESPACE}`.
`gateway catalog` prints this page from the declarations in `gateway/resources/`; `make catalog` writes it.

A **documented** operation has a page in the Graph reference. One **{BY_CONVENTION}** has none: it rests on OData's
uniform conventions, and Graph may refuse it. Writes {BY_CONVENTION} are in the schema only for the entity sets that
`GATEWAY_CONVENTION_WRITES` names.

Permissions are the least privileged delegated ones. Where Microsoft names none, the page says so. `gateway permissions`
prints those that your own documents need.
"""


def to_markdown(catalog: tuple[ResourceSpec, ...]) -> str:
    """The introduction, one table of all entity sets, and a section for each."""
    model, schema = Model(catalog), to_graphql_core(build_schema(catalog))
    needs = needs_of_schema(schema)
    sections = [_section(spec, schema, needs) for spec in catalog]
    inner = sum(spec.within is not None for spec in catalog)
    count = f"Entity sets of the namespace: {len(catalog) - inner}. Sets that entities have of their own: {inner}.\n"
    return "\n".join([INTRODUCTION, count, _overview(model), *sections])


def _overview(model: Model) -> str:
    head = ("entity set", "type", "documented", BY_CONVENTION, "actions", "to read", "to write")
    return _table(head, (_overview_row(spec, model.parent_of(spec)) for spec in model.catalog))


def _overview_row(spec: ResourceSpec, parent: ResourceSpec | None) -> Sequence[str]:
    of_parent = f" of each {parent.name}" if parent else ""
    return (
        f"[{spec.entity_set}](#{spec.entity_set.lower()}){of_parent}",
        f"`{spec.name}`",
        _names(spec.documented),
        _names(spec.by_convention),
        ", ".join(f"`{each.name}`" for each in spec.actions),
        _permissions(spec, READS),
        _permissions(spec, WRITES),
    )


def _section(spec: ResourceSpec, schema: GraphQLSchema, needs: Needs) -> str:
    """What can be asked about the set, and where its objects lead to."""
    rows = [
        (
            f"`{coordinate}`",
            _what(schema, coordinate),
            _code(access.permission),
            f"[page]({access.page})" if access.page else BY_CONVENTION,
        )
        for coordinate, access in needs.items()
        if spec.name == (access.resource if _owner(coordinate) in ROOTS else _owner(coordinate))
    ]
    head = ("field", "what", "permission", "Graph reference")
    return f"## {spec.entity_set}\n\n{spec.description}\n\n{_table(head, rows)}"


def _what(schema: GraphQLSchema, coordinate: str) -> str:
    """The first paragraph of the field's description; the rest of it stands in the columns beside."""
    owner, _, name = coordinate.partition(".")
    of = schema.type_map[owner]
    assert isinstance(of, GraphQLObjectType)
    return (of.fields[name].description or "").partition("\n\n")[0]


def _owner(coordinate: str) -> str:
    return coordinate.partition(".")[0]


def _names(operations: Operation) -> str:
    return ", ".join((each.name or "").lower() for each in operations)


def _permissions(spec: ResourceSpec, operations: Operation) -> str:
    """Each once: usually one serves them all."""
    return ", ".join(dict.fromkeys(_code(spec.permissions[each]) for each in operations & spec.operations))


def _code(permission: str | None) -> str:
    return f"`{permission}`" if permission else "none named"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"{line}\n" for line in _lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield from (_line(head), _line(["---"] * len(head)))
    yield from (_line(row) for row in rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
