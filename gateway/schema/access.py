"""Fields that ask Microsoft Graph: each says in its description what that takes, and knows it as a value too."""

from types import MappingProxyType
from typing import Final

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from gateway.resources.reference import Access
from gateway.schema.fields import GraphQLType, build_resolved
from gateway.schema.resolvers import Resolver

BY_CONVENTION: Final = (
    "Microsoft Graph has no page about this: it rests on OData's conventions, and Graph may refuse it."
)
NO_PERMISSION: Final = "Microsoft names no permission for it."

ACCESS: Final = "access"
"""The member of a field's metadata that has its `Access`."""


def build_asking(
    name: str, of: GraphQLType, description: str, access: Access, resolver: Resolver, *arguments: StrawberryArgument
) -> StrawberryField:
    field = build_resolved(name, of, f"{description}\n\n{_told(access)}", resolver, *arguments)
    field.metadata = MappingProxyType({ACCESS: access})
    return field


def access_of(field: GraphQLField) -> Access | None:
    """What was given to `build_asking`; None for a field that is read from an answer."""
    made: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    access: Access | None = made.metadata.get(ACCESS) if made else None
    return access


def _told(access: Access) -> str:
    permission = access.permission
    needs = f"Least privileged delegated permission: `{permission}`." if permission else NO_PERMISSION
    return f"{needs} {access.page or BY_CONVENTION}"
