"""The catalogue → the schema. The one place where graphql-core's schema is taken from Strawberry's.

Strawberry builds the schema; graphql-core runs it, because a parsed and validated document is executed many times and
Strawberry's own `execute` takes text only.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLObjectType, GraphQLSchema, is_introspection_type
from strawberry.schema.config import StrawberryConfig

from gateway.resources.model import Model
from gateway.resources.spec import ResourceSpec
from gateway.schema.access import asking_of
from gateway.schema.fields import build_object, reader_of
from gateway.schema.filters import FilterTypes
from gateway.schema.joins import add_fields
from gateway.schema.operations import RootFields
from gateway.schema.scalars import SCALARS
from gateway.schema.source import read_member
from gateway.schema.types import ResourceTypes
from gateway.schema.values import ValueTypes

QUERY = "Reads from Microsoft Graph. Root fields run side by side."
MUTATION = "Writes to Microsoft Graph, strictly one after another."


@cache
def build_schema(catalog: tuple[ResourceSpec, ...]) -> strawberry.Schema:
    """The same for the same catalogue: it takes hundreds of milliseconds and holds no state."""
    model, values = Model(catalog), ValueTypes()
    filters = FilterTypes(values)
    types = {spec.name: ResourceTypes(spec, values, filters) for spec in catalog}
    add_fields(types, model)
    roots = RootFields(model, types, values)
    queries = [field for spec in catalog for field in roots.reads(spec)]
    mutations = [field for spec in catalog for field in roots.writes(spec)]
    schema = strawberry.Schema(
        query=build_object("Query", QUERY, queries),
        mutation=build_object("Mutation", MUTATION, mutations) if mutations else None,
        config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS),
    )
    for each in to_graphql_core(schema).type_map.values():
        if isinstance(each, GraphQLObjectType) and not is_introspection_type(each):
            _set_resolvers(each)
    return schema


def to_graphql_core(schema: strawberry.Schema) -> GraphQLSchema:
    core: GraphQLSchema = schema._schema  # noqa: SLF001 - Strawberry has no public name for it
    return core


def _set_resolvers(of: GraphQLObjectType) -> None:
    """Fields that only read their source do so without Strawberry, which has nothing to convert there."""
    for name, field in of.fields.items():
        if asking_of(field) is None:
            field.resolve = _resolver(name, reader_of(field))


def _resolver(name: str, reader: Callable[[Any], Any] | None) -> Callable[..., Any]:
    if reader is None:
        return lambda source, _: read_member(source, name)
    return lambda source, _: reader(source)
