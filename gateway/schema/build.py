"""The catalogue → the schema. The one place where graphql-core's schema is taken from Strawberry's.

Strawberry builds the schema and prints it; graphql-core runs it, because a parsed and validated document is executed
many times and Strawberry's own `execute` takes text only.
"""

from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type

from gateway.errors import UpstreamUnsupportedError
from gateway.resources.spec import READS, WRITES, ComplexSpec, ResourceSpec
from gateway.schema.operations import build_root_fields
from gateway.schema.scalars import SCALARS
from gateway.schema.types import ComplexTypes, ResourceTypes


@cache
def build_schema(catalog: tuple[ResourceSpec, ...]) -> strawberry.Schema:
    """The same for the same catalogue: it takes tens of milliseconds and holds no state."""
    _check_names(catalog)
    complex_types = ComplexTypes()
    resources = [ResourceTypes(spec, complex_types) for spec in catalog]
    queries = [field for each in resources for field in build_root_fields(each, READS)]
    mutations = [field for each in resources for field in build_root_fields(each, WRITES)]
    return strawberry.Schema(
        query=create_type("Query", queries, description="Reads from Microsoft Graph. Root fields run side by side."),
        mutation=create_type(
            "Mutation", mutations, description="Writes to Microsoft Graph, strictly one after another."
        )
        if mutations
        else None,
        config=StrawberryConfig(auto_camel_case=False, default_resolver=_member, scalar_map=SCALARS),
    )


def _check_names(catalog: tuple[ResourceSpec, ...]) -> None:
    """Refuses two types of one name: Strawberry would take them for the same."""
    named: dict[str, ResourceSpec | ComplexSpec] = {}
    pending: list[ResourceSpec | ComplexSpec] = [*catalog]
    while pending:
        spec = pending.pop()
        if named.setdefault(spec.name, spec) != spec:
            raise TypeError(f"{spec.name}: two types have this name")
        pending += [each.type for each in spec.properties if isinstance(each.type, ComplexSpec)]


def to_graphql_core(schema: strawberry.Schema) -> GraphQLSchema:
    core: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
    return core


def print_sdl(schema: strawberry.Schema) -> str:
    """The schema in GraphQL's own language, as `schema.graphql` has it."""
    return schema.as_str() + "\n"


def _member(source: Any, name: str) -> Any:
    """Reads Graph's JSON by field name; a member that is not there is null."""
    if not isinstance(source, dict):
        raise UpstreamUnsupportedError("Microsoft Graph answered a value where an object is declared.")
    return source.get(name)
